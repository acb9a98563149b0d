"""The `modelyard` command: the local stack, and the SDK from a shell."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn
from rich.table import Table

from libs.client.client import Modelyard
from libs.common.contracts.splits import RatioSplit
from libs.common.errors import ModelyardError

app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False, help=__doc__)
projects = typer.Typer(no_args_is_help=True, help="Create, list and delete projects.")
datasets = typer.Typer(no_args_is_help=True, help="Import and list datasets.")
splits = typer.Typer(no_args_is_help=True, help="Split datasets; a split is locked once it is saved.")
experiments = typer.Typer(no_args_is_help=True, help="Configurations to be run.")
runs = typer.Typer(no_args_is_help=True, help="Start, follow and stop runs.")
models = typer.Typer(no_args_is_help=True, help="The model registry.")
GROUPS = {
    "projects": projects,
    "datasets": datasets,
    "splits": splits,
    "experiments": experiments,
    "runs": runs,
    "models": models,
}
for name, group in GROUPS.items():
    app.add_typer(group, name=name)
console = Console()


def main() -> None:
    """Known errors are one line with their problems, not a traceback."""
    try:
        app()
    except ModelyardError as error:
        Console(stderr=True).print(f"[red]{error.title}[/]: {error.detail}", highlight=False)
        for problem in error.errors:
            place = problem.field or (f"row {problem.row}" if problem.row is not None else "")
            Console(stderr=True).print(f"  {place}: {problem.message}", highlight=False)
        raise SystemExit(1) from error


def local(verb: str, *arguments: str) -> None:
    """The stack is no part of the SDK: its own command runs beside us."""
    done = subprocess.run([sys.executable, "-m", "infra.local", verb, *arguments], check=False)
    if done.returncode:
        raise typer.Exit(done.returncode)


def _pairs(words: list[str]) -> dict[str, str]:
    for word in words:
        if "=" not in word:
            raise typer.BadParameter(f"{word!r} is not of the form name=value")
    return dict(word.split("=", 1) for word in words)


def _json_or_word(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


@app.command()
def up() -> None:
    """Start the local stack: servers, the seven rooms, a worker and the console."""
    local("up")


@app.command()
def down() -> None:
    """Stop the local stack; its data stays."""
    local("down")


@app.command()
def status() -> None:
    """What runs, where, and whether it is ready."""
    local("status")


@app.command()
def logs(name: str) -> None:
    """The last lines of one part of the local stack."""
    local("logs", name)


@app.command()
def demo() -> None:
    """From handwritten digits to a served, proven model, on this machine."""
    from libs.client.demo import run_demo  # scikit-learn is loaded only for the demo

    local("up")
    run_demo(console)


@app.command()
def predict(deployment: str, images: list[Path]) -> None:
    """Predict image files with a deployment."""
    with Modelyard() as yard:
        answer = yard.deployments.predict(deployment, *[path.read_bytes() for path in images])
    table = Table(
        "image", "prediction", title=f"{answer.model} v{answer.version}, {answer.latency_ms:.1f} ms"
    )
    for path, prediction in zip(images, answer.predictions, strict=True):
        table.add_row(path.name, prediction.model_dump_json(exclude={"type"}))
    console.print(table)


@projects.command("list")
def list_projects() -> None:
    table = Table("id", "name", "task", "datasets")
    with Modelyard() as yard:
        for project in yard.projects.list():
            table.add_row(str(project.id), project.name, project.task, str(project.num_datasets))
    console.print(table)


@projects.command("create")
def create_project(name: str, task: Annotated[str, typer.Option()] = "classification") -> None:
    with Modelyard() as yard:
        console.print(yard.projects.create(name, task).id)


@projects.command("delete")
def delete_project(project_id: UUID) -> None:
    """With everything in it."""
    typer.confirm("This deletes the project with its datasets, runs and models. Go on?", abort=True)
    with Modelyard() as yard:
        yard.projects.delete(project_id)


@datasets.command("list")
def list_datasets(project_id: UUID) -> None:
    table = Table("id", "name", "status", "version", "samples", "classes")
    with Modelyard() as yard:
        for found in yard.datasets.list(project_id):
            counts = (str(found.version), str(found.num_samples), str(len(found.classes)))
            table.add_row(str(found.id), found.name, found.status, *counts)
    console.print(table)


@datasets.command("import")
def import_dataset(
    project_id: UUID,
    archive: Path,
    name: Annotated[str | None, typer.Option()] = None,
    resume: Annotated[UUID | None, typer.Option(help="Id of an upload that was interrupted.")] = None,
) -> None:
    """Upload an archive and import it; says what it dropped."""
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Modelyard() as yard, Progress(*columns, console=console) as bar:
        task = bar.add_task(f"upload {archive.name}", total=archive.stat().st_size)
        upload = yard.uploads.send(
            archive, resume=resume, progress=lambda sent, _: bar.update(task, completed=sent)
        )
        dataset = yard.datasets.create(project_id, name or archive.stem, upload.id)
        dataset = yard.datasets.wait(dataset.id)
        report = yard.datasets.report(dataset.id)
    console.print(f"{dataset.id}: {report.num_imported} of {report.num_found} samples imported")
    for problem in report.problems.items:
        console.print(f"  {problem.outcome} {problem.path}: {problem.message}", highlight=False)


@splits.command("create")
def create_split(
    dataset_id: UUID,
    name: Annotated[str, typer.Option()] = "split",
    ratios: Annotated[str, typer.Option(help="Shares that add up to 1.")] = "train=0.8,val=0.1,test=0.1",
    seed: Annotated[int, typer.Option()] = 0,
) -> None:
    """Stratified by class."""
    shares = {subset: float(share) for subset, share in _pairs(ratios.split(",")).items()}
    with Modelyard() as yard:
        split = yard.splits.create(dataset_id, name, RatioSplit(ratios=shares, seed=seed))
    for subset in split.subsets:
        console.print(f"{subset.subset}: {subset.num_samples} samples")
    console.print(split.id)


@experiments.command("list")
def list_experiments(project_id: UUID) -> None:
    table = Table("id", "name", "task", "runs", "last run")
    with Modelyard() as yard:
        for found in yard.experiments.list(project_id):
            last = found.last_run_state or ""
            table.add_row(str(found.id), found.name, found.task, str(found.num_runs), last)
    console.print(table)


@experiments.command("create")
def create_experiment(
    project_id: UUID,
    name: str,
    split_id: UUID,
    preset: Annotated[str | None, typer.Option(help="A preset of the project's task.")] = None,
    knobs: Annotated[list[str] | None, typer.Option("--set", help="epochs=20; JSON or a word.")] = None,
) -> None:
    config = {key: _json_or_word(value) for key, value in _pairs(knobs or []).items()}
    with Modelyard() as yard:
        console.print(yard.experiments.create(project_id, name, split_id, preset=preset, config=config).id)


@runs.command("list")
def list_runs(project: Annotated[UUID | None, typer.Option()] = None) -> None:
    table = Table("id", "name", "state", "progress", "started")
    with Modelyard() as yard:
        for run in yard.runs.list(project=project):
            done = f"{run.progress.fraction:.0%}" if run.progress else ""
            table.add_row(str(run.id), run.name, run.state, done, str(run.started_at or ""))
    console.print(table)


@runs.command("start")
def start_run(
    experiment_id: UUID,
    then: Annotated[list[str] | None, typer.Option(help="evaluate, export, deploy")] = None,
) -> None:
    with Modelyard() as yard:
        console.print(yard.runs.start(experiment_id, then=tuple(then or ())).id)


@runs.command("watch")
def watch_run(run_id: UUID) -> None:
    """Follow a run until it ended."""
    with Modelyard() as yard:
        for run in yard.runs.watch(run_id):
            message = run.progress.message if run.progress else run.reason
            console.print(f"{run.state:<10} {message}", highlight=False)


@runs.command("stop")
def stop_run(run_id: UUID) -> None:
    """Gracefully; its last checkpoint stays."""
    with Modelyard() as yard:
        console.print(yard.runs.stop(run_id).state)


@models.command("list")
def list_models() -> None:
    table = Table("name", "task", "latest", "aliases")
    with Modelyard() as yard:
        for model in yard.models.list():
            aliases = ", ".join(f"{alias} → v{version}" for alias, version in model.aliases.items())
            table.add_row(model.name, model.task, f"v{model.latest_version}", aliases)
    console.print(table)


@models.command("versions")
def list_versions(name: str) -> None:
    table = Table("version", "run", "parity", "metric", "aliases")
    with Modelyard() as yard:
        for version in yard.models.versions(name):
            parity = version.parity
            table.add_row(
                str(version.version),
                str(version.run_id),
                f"{parity.max_abs_difference:.1e}",
                f"{parity.metric} {parity.metric_exported:.4f}",
                ", ".join(version.aliases),
            )
    console.print(table)


if __name__ == "__main__":
    main()
