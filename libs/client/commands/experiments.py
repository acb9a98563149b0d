"""`modelyard experiments …`"""

import json
from typing import Annotated, Any
from uuid import UUID

import typer

from libs.client.client import Modelyard
from libs.client.commands.showing import AsJson, say, show
from libs.client.commands.sources import pairs

commands = typer.Typer(no_args_is_help=True, help="Configurations to be run.")


@commands.command("list")
def list_experiments(project_id: UUID, as_json: AsJson = False) -> None:
    with Modelyard() as yard:
        columns = {
            "id": lambda it: it.id,
            "name": lambda it: it.name,
            "task": lambda it: it.task,
            "runs": lambda it: it.num_runs,
            "last run": lambda it: it.last_run_state,
        }
        show(yard.experiments.list(project_id), columns, as_json)


@commands.command("create")
def create_experiment(
    project_id: UUID,
    name: str,
    split_id: UUID,
    preset: Annotated[str | None, typer.Option(help="A preset of the project's task.")] = None,
    knobs: Annotated[list[str] | None, typer.Option("--set", help="epochs=20; JSON or a word.")] = None,
) -> None:
    config = {key: _json_or_word(value) for key, value in pairs("set", knobs or [])}
    with Modelyard() as yard:
        say(yard.experiments.create(project_id, name, split_id, preset=preset, config=config).id)


def _json_or_word(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text
