"""`modelyard experiments …`"""

import json
from typing import Annotated, Any, get_args
from uuid import UUID

import typer

from libs.client.client import Modelyard
from libs.client.commands.comparing import show_comparison
from libs.client.commands.showing import AsJson, IsSure, confirm, document, say, show, table
from libs.client.commands.sources import pairs
from libs.common.contracts.experiments import Experiment, ExperimentSort, ExperimentSummary, LastState
from libs.common.errors import BadInput

commands = typer.Typer(no_args_is_help=True, help="Configurations to be run.")
Knobs = Annotated[list[str] | None, typer.Option("--set", help="epochs=20; JSON or a word.")]


@commands.command("list")
def list_experiments(
    project_id: Annotated[UUID | None, typer.Argument(help="Default: all projects.")] = None,
    q: Annotated[str | None, typer.Option(help="Part of a name, a note or a dataset's name.")] = None,
    state: Annotated[str | None, typer.Option(help="Of the last run; `not_run` for none.")] = None,
    sort: Annotated[str, typer.Option(help=", ".join(get_args(ExperimentSort)))] = "-created",
    as_json: AsJson = False,
) -> None:
    _require("state", state, get_args(LastState))
    _require("sort", sort, get_args(ExperimentSort))
    with Modelyard() as yard:
        columns = {
            "id": lambda it: it.id,
            "name": lambda it: it.name,
            "task": lambda it: it.task,
            "data": lambda it: ", ".join(it.dataset_names),
            "runs": lambda it: it.num_runs,
            "last run": lambda it: it.last_run_state,
            "best": best,
        }
        found = yard.experiments.list(project_id, q=q, state=state, sort=sort)  # type: ignore[arg-type]
        show(found, columns, as_json)


@commands.command("show")
def show_experiment(experiment_id: UUID, as_json: AsJson = False) -> None:
    """What it learns from and how, and what it has reached."""
    with Modelyard() as yard:
        found = yard.experiments.get(experiment_id)
    if as_json:
        document(found)
        return
    table(about(found), "experiment", str(found.id))
    table(((key, json.dumps(value)) for key, value in found.config.items()), "knob", "value")


@commands.command("create")
def create_experiment(
    project_id: UUID,
    name: str,
    split_ids: Annotated[list[UUID], typer.Argument(help="One of each dataset.")],
    preset: Annotated[str | None, typer.Option(help="A preset of the project's task.")] = None,
    knobs: Knobs = None,
    note: Annotated[str, typer.Option()] = "",
    leave_out_leaks: Annotated[
        bool, typer.Option(help="Do not train on what another of the datasets holds out.")
    ] = False,
) -> None:
    with Modelyard() as yard:
        made = yard.experiments.create(
            project_id,
            name,
            split_ids,
            preset=preset,
            config=config_of(knobs),
            note=note,
            leaks="leave_out" if leave_out_leaks else "refuse",
        )
        say(made.id)


@commands.command("duplicate")
def duplicate_experiment(
    experiment_id: UUID,
    name: Annotated[str | None, typer.Option(help="Default: that of the first, and `copy`.")] = None,
    knobs: Knobs = None,
) -> None:
    """Another one of the same data and config, with some knobs set otherwise."""
    with Modelyard() as yard:
        say(yard.experiments.duplicate(experiment_id, name=name, config=config_of(knobs)).id)


@commands.command("rename")
def rename_experiment(
    experiment_id: UUID, name: str, note: Annotated[str | None, typer.Option()] = None
) -> None:
    """Runs keep the name under which they were started."""
    with Modelyard() as yard:
        say(yard.experiments.update(experiment_id, name=name, note=note).name)


@commands.command("delete")
def delete_experiment(experiment_id: UUID, yes: IsSure = False) -> None:
    """With its runs and their checkpoints; refused while one of them goes on."""
    with Modelyard() as yard:
        confirm("experiment", yard.experiments.get(experiment_id).name, yes)
        yard.experiments.delete(experiment_id)


@commands.command("compare")
def compare(
    runs: Annotated[list[UUID] | None, typer.Option("--run", help="A run; several times.")] = None,
    experiments: Annotated[list[UUID] | None, typer.Argument(help="Of each its best run.")] = None,
    latest: Annotated[bool, typer.Option(help="Of each experiment its latest run instead.")] = False,
    as_json: AsJson = False,
) -> None:
    """What they differ in, and what each has reached; the best is marked with a star."""
    with Modelyard() as yard:
        found = yard.experiments.compare(
            runs=runs or (), experiments=experiments or (), chosen="latest" if latest else "best"
        )
    if as_json:
        document(found)
    else:
        show_comparison(found)


def about(found: Experiment) -> list[tuple[str, object]]:
    counts = ", ".join(f"{count} {subset}" for subset, count in found.data.subset_counts.items())
    data = [(f"{part.dataset_name} v{part.version}", part.split_id) for part in found.data.parts]
    return [
        ("name", found.name),
        ("note", found.note),
        ("task", found.task),
        *((f"data: {name}", f"split {split_id}") for name, split_id in data),
        ("samples", counts),
        ("runs", found.num_runs),
        ("last run", f"{found.last_run_id} {found.last_run_state}" if found.last_run_id else None),
        ("best", f"{best(found)} in run {found.best.run_id}" if found.best else None),
        ("made", f"{found.created_at:%Y-%m-%d %H:%M} by {found.created_by or 'nobody known'}"),
    ]


def best(found: ExperimentSummary) -> str:
    return f"{found.best.key} {found.best.value:.4g}" if found.best else ""


def config_of(knobs: list[str] | None) -> dict[str, Any]:
    return {key: _json_or_word(value) for key, value in pairs("set", knobs or [])}


def _require(option: str, value: str | None, known: tuple[str, ...]) -> None:
    if value is not None and value not in known:
        raise BadInput(f"--{option} is one of {', '.join(known)}")


def _json_or_word(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text
