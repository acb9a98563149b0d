"""`modelyard models …`"""

import typer

from libs.client.client import Modelyard
from libs.client.commands.showing import AsJson, show

commands = typer.Typer(no_args_is_help=True, help="The model registry.")


@commands.command("list")
def list_models(as_json: AsJson = False) -> None:
    with Modelyard() as yard:
        columns = {
            "name": lambda it: it.name,
            "task": lambda it: it.task,
            "latest": lambda it: f"v{it.latest_version}",
            "aliases": lambda it: ", ".join(f"{alias} → v{number}" for alias, number in it.aliases.items()),
        }
        show(yard.models.list(), columns, as_json)


@commands.command("versions")
def list_versions(name: str, as_json: AsJson = False) -> None:
    with Modelyard() as yard:
        columns = {
            "version": lambda it: it.version,
            "run": lambda it: it.run_id,
            "parity": lambda it: f"{it.parity.max_abs_difference:.1e}",
            "metric": lambda it: f"{it.parity.metric} {it.parity.metric_exported:.4f}",
            "aliases": lambda it: ", ".join(it.aliases),
        }
        show(yard.models.versions(name), columns, as_json)
