"""`modelyard runs …`"""

from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer

from libs.client.client import Modelyard
from libs.client.commands.showing import AsJson, IsSure, bytes_bar, confirm, document, say, show, table
from libs.common.contracts.checkpoints import StartPoint
from libs.common.contracts.runs import Run, RunSummary
from libs.common.contracts.telemetry import Level, LogLine

commands = typer.Typer(no_args_is_help=True, help="Start, follow, stop, resume, repeat and delete runs.")
AtLeast = Annotated[Level | None, typer.Option("--level", help="Leave out what is less serious.")]


@commands.command("list")
def list_runs(
    project: Annotated[UUID | None, typer.Option()] = None,
    experiment: Annotated[UUID | None, typer.Option()] = None,
    state: Annotated[str | None, typer.Option(help="queued, running, completed, failed …")] = None,
    as_json: AsJson = False,
) -> None:
    with Modelyard() as yard:
        columns = {
            "id": lambda it: it.id,
            "name": lambda it: it.name,
            "state": lambda it: it.state,
            "progress": lambda it: f"{it.progress.fraction:.0%}" if it.progress else "",
            "started": lambda it: it.started_at,
        }
        show(yard.runs.list(project=project, experiment=experiment, state=state), columns, as_json)


@commands.command("start")
def start_run(
    experiment_id: UUID,
    then: Annotated[list[str] | None, typer.Option(help="evaluate, export, deploy")] = None,
    device: Annotated[str | None, typer.Option(help="cpu, gpu, cuda:1; default: any that is free")] = None,
    start: Annotated[
        UUID | None, typer.Option("--from", help="A run whose best checkpoint it begins with.")
    ] = None,
) -> None:
    point = StartPoint(run_id=start) if start else None
    with Modelyard() as yard:
        run = yard.runs.start(experiment_id, then=tuple(then or ()), device=device, from_checkpoint=point)
        say(run.id)


@commands.command("show")
def show_run(run_id: UUID, as_json: AsJson = False) -> None:
    """What it is, what it reached, and how its life went."""
    with Modelyard() as yard:
        run = yard.runs.get(run_id)
        if as_json:
            document(run)
        else:
            _tell(run, yard.runs.summary(run_id))


@commands.command("watch")
def watch_run(run_id: UUID) -> None:
    """Follow a run until it ended."""
    with Modelyard() as yard:
        for run in yard.runs.watch(run_id):
            say(f"{run.state:<10} {run.progress.message if run.progress else run.reason}")


@commands.command("logs")
def read_logs(
    run_id: UUID,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on until the run has ended.")] = False,
    tail: Annotated[int | None, typer.Option(min=1, max=200, help="Only so many of the last lines.")] = None,
    level: AtLeast = None,
) -> None:
    """What the run has said."""
    with Modelyard() as yard:
        if follow:
            for line in yard.runs.follow(run_id, level=level, tail=tail):
                _say_line(line)
            return
        page = yard.runs.logs(run_id, level=level, tail=tail)
        while True:
            for line in page.items:
                _say_line(line)
            if page.next_cursor is None:
                return
            page = yard.runs.logs(run_id, level=level, cursor=page.next_cursor)


@commands.command("stop")
def stop_run(run_id: UUID) -> None:
    """Gracefully; its last checkpoint stays."""
    with Modelyard() as yard:
        say(yard.runs.stop(run_id).state)


@commands.command("cancel")
def cancel_run(run_id: UUID) -> None:
    """At once; what the present epoch has learned is lost."""
    with Modelyard() as yard:
        say(yard.runs.cancel(run_id).state)


@commands.command("resume")
def resume_run(run_id: UUID) -> None:
    """Go on from the last checkpoint of a run that failed, was stopped or was cancelled."""
    with Modelyard() as yard:
        say(yard.runs.resume(run_id).state)


@commands.command("delete")
def delete_run(run_id: UUID, yes: IsSure = False) -> None:
    """With its curves, log and checkpoints; evaluations, exports and models made of it stay."""
    with Modelyard() as yard:
        confirm("run", yard.runs.get(run_id).name, yes)
        yard.runs.delete(run_id)


@commands.command("reproduce")
def reproduce_run(run_id: UUID) -> None:
    """Run it again with the same config, data, seed and device; tells what cannot be the same."""
    with Modelyard() as yard:
        run = yard.runs.reproduce(run_id)
        say(run.id)
        for warning in run.warnings:
            say(f"  {warning}")


@commands.command("checkpoints")
def list_checkpoints(run_id: UUID, as_json: AsJson = False) -> None:
    with Modelyard() as yard:
        columns = {
            "name": lambda it: it.name,
            "epoch": lambda it: it.epoch + 1,
            "step": lambda it: it.step,
            "size": lambda it: f"{it.size_bytes / 1e6:,.1f} MB",
            "metrics": lambda it: ", ".join(f"{key} {value:.4g}" for key, value in it.metrics.items()),
            "created": lambda it: it.created_at,
        }
        show(yard.runs.checkpoints(run_id), columns, as_json)


@commands.command("download")
def download_checkpoint(
    run_id: UUID,
    folder: Path,
    checkpoint: Annotated[str, typer.Option(help="best, last or epoch-N")] = "best",
    with_state: Annotated[bool, typer.Option("--state", help="And what training goes on from.")] = False,
) -> None:
    """Weights (safetensors) and the model's card, into a folder."""
    with Modelyard() as yard, bytes_bar(checkpoint) as progress:
        yard.runs.download_checkpoint(run_id, checkpoint, folder, with_state=with_state, progress=progress)
    say(folder)


def _tell(run: Run, summary: RunSummary) -> None:
    say(f"{run.name}: {run.state} ({run.reason})")
    about = {
        "task": run.task,
        "data": ", ".join(f"{part.dataset_name} version {part.version}" for part in run.data.parts),
        "device": run.environment.device_name if run.environment else run.device,
        "attempt": run.attempt,
        "epochs": summary.num_epochs,
        "repeats": run.reproduces,
        "failed with": run.error_code,
    }
    table(((name, value) for name, value in about.items() if value is not None), "", "")
    for warning in run.warnings:
        say(f"  {warning}")
    if summary.metrics:
        rows = [(each.key, f"{each.last:.4g}", f"{each.best:.4g}") for each in summary.metrics]
        table(rows, "metric", "last", "best")
    table(
        [(f"{each.at:%Y-%m-%d %H:%M:%S}", each.state, each.reason) for each in summary.transitions],
        "at",
        "state",
        "reason",
    )


def _say_line(line: LogLine) -> None:
    say(f"{line.at:%H:%M:%S} {line.level:<7} {line.text}")
