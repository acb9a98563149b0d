"""`modelyard runs …`"""

from typing import Annotated
from uuid import UUID

import typer

from libs.client.client import Modelyard
from libs.client.commands.showing import AsJson, say, show

commands = typer.Typer(no_args_is_help=True, help="Start, follow and stop runs.")


@commands.command("list")
def list_runs(project: Annotated[UUID | None, typer.Option()] = None, as_json: AsJson = False) -> None:
    with Modelyard() as yard:
        columns = {
            "id": lambda it: it.id,
            "name": lambda it: it.name,
            "state": lambda it: it.state,
            "progress": lambda it: f"{it.progress.fraction:.0%}" if it.progress else "",
            "started": lambda it: it.started_at,
        }
        show(yard.runs.list(project=project), columns, as_json)


@commands.command("start")
def start_run(
    experiment_id: UUID,
    then: Annotated[list[str] | None, typer.Option(help="evaluate, export, deploy")] = None,
) -> None:
    with Modelyard() as yard:
        say(yard.runs.start(experiment_id, then=tuple(then or ())).id)


@commands.command("watch")
def watch_run(run_id: UUID) -> None:
    """Follow a run until it ended."""
    with Modelyard() as yard:
        for run in yard.runs.watch(run_id):
            say(f"{run.state:<10} {run.progress.message if run.progress else run.reason}")


@commands.command("stop")
def stop_run(run_id: UUID) -> None:
    """Gracefully; its last checkpoint stays."""
    with Modelyard() as yard:
        say(yard.runs.stop(run_id).state)
