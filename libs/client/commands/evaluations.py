"""`modelyard evaluations …`"""

from typing import Annotated
from uuid import UUID

import typer

from libs.client.client import Modelyard
from libs.client.commands.answers import answer_in_words, truth_in_words
from libs.client.commands.showing import AsJson, document, say, show, table, work_bar
from libs.common.contracts.evaluations import Evaluation, EvaluationState
from libs.common.contracts.results import Agreement, ResultPair
from libs.common.errors import Conflict

commands = typer.Typer(
    no_args_is_help=True, help="How good a checkpoint is, as a whole and sample by sample."
)
Subsets = Annotated[list[str] | None, typer.Option("--subset", help="Once for each; default: test.")]
OneSubset = Annotated[str | None, typer.Option("--subset")]
OfTruth = Annotated[str | None, typer.Option("--class", help="In the truth.")]
Sorted = Annotated[str, typer.Option(help="score, confidence, loss or name; with a - before it falling.")]
Count = Annotated[int, typer.Option(min=1, max=200)]
Cursor = Annotated[str | None, typer.Option(help="As the page before said it.")]


@commands.command("create")
def create_evaluation(
    run_id: UUID,
    checkpoint: Annotated[str, typer.Option(help="best, last or epoch-N")] = "best",
    subset: Subsets = None,
    batch_size: Annotated[int | None, typer.Option(min=1, max=4096)] = None,
    device: Annotated[str, typer.Option(help="auto, cpu, gpu, cuda:0 …")] = "auto",
    wait: Annotated[bool, typer.Option(help="Until it has ended.")] = True,
) -> None:
    """Evaluates a checkpoint of a run."""
    with Modelyard() as yard:
        made = yard.evaluations.create(
            run_id,
            checkpoint=checkpoint,
            subsets=subset or ["test"],
            batch_size=batch_size,
            device=device,
        )
        say(made.id)
        if wait:
            _show(_followed(yard, made.id))


@commands.command("wait")
def wait_for_evaluation(evaluation_id: UUID) -> None:
    """Shows how far it is, then what it found."""
    with Modelyard() as yard:
        _show(_followed(yard, evaluation_id))


@commands.command("list")
def list_evaluations(
    run: Annotated[UUID | None, typer.Option()] = None,
    project: Annotated[UUID | None, typer.Option()] = None,
    state: Annotated[EvaluationState | None, typer.Option()] = None,
    most: Count = 50,
    as_json: AsJson = False,
) -> None:
    """The newest first."""
    with Modelyard() as yard:
        columns = {
            "id": lambda it: it.id,
            "run": lambda it: it.run_name,
            "checkpoint": lambda it: it.checkpoint,
            "subsets": lambda it: ", ".join(it.subsets),
            "state": lambda it: it.state,
            "metrics": lambda it: ", ".join(
                f"{key} {value:.4g}" for key, value in list(it.metrics.items())[:3]
            ),
        }
        found = yard.evaluations.page(run, project=project, state=state, limit=most)
        show(found.items, columns, as_json)


@commands.command("show")
def show_evaluation(evaluation_id: UUID, as_json: AsJson = False) -> None:
    with Modelyard() as yard:
        found = yard.evaluations.get(evaluation_id)
        if as_json:
            document(found)
        else:
            _show(found)


@commands.command("samples")
def list_samples(
    evaluation_id: UUID,
    correct: Annotated[bool | None, typer.Option("--right/--wrong", help="Only those.")] = None,
    subset: OneSubset = None,
    label: OfTruth = None,
    predicted: Annotated[str | None, typer.Option(help="In the answer.")] = None,
    q: Annotated[str | None, typer.Option("--name", help="A part of it.")] = None,
    sort: Sorted = "score",
    limit: Count = 50,
    cursor: Cursor = None,
    as_json: AsJson = False,
) -> None:
    """What became of each sample, the worst first."""
    with Modelyard() as yard:
        page = yard.evaluations.samples(
            evaluation_id,
            correct=correct,
            subset=subset,
            label=label,
            predicted=predicted,
            q=q,
            sort=sort,  # type: ignore[arg-type]  # the gateway says which there are
            limit=limit,
            cursor=cursor,
        )
        columns = {
            "name": lambda it: it.name,
            "subset": lambda it: it.subset,
            "truth": lambda it: truth_in_words(it.truth),
            "answer": lambda it: answer_in_words(it.prediction),
            "right": lambda it: _right(it.correct),
            "score": lambda it: f"{it.score:.4g}",
            "loss": lambda it: "" if it.loss is None else f"{it.loss:.4g}",
        }
        show(page.items, columns, as_json)
        if page.next_cursor and not as_json:
            say(f"the next page: --cursor {page.next_cursor}")


@commands.command("compare")
def compare_evaluations(
    left: UUID,
    right: UUID,
    agreement: Annotated[Agreement | None, typer.Option(help="Only samples of this kind.")] = None,
    subset: OneSubset = None,
    label: OfTruth = None,
    sort: Sorted = "score",
    limit: Count = 20,
    cursor: Cursor = None,
    as_json: AsJson = False,
) -> None:
    """Which samples one model got right and the other did not."""
    with Modelyard() as yard:
        found = yard.evaluations.compare(
            left,
            right,
            agreement=agreement,
            subset=subset,
            label=label,
            sort=sort,  # type: ignore[arg-type]  # the gateway says which there are
            limit=limit,
            cursor=cursor,
        )
        if as_json:
            document(found)
            return
        say(
            f"left {found.left.run_name} ({found.left.checkpoint}), right {found.right.run_name}"
            f" ({found.right.checkpoint}), {found.num_shared} samples in both"
        )
        table(((kind.replace("_", " "), count) for kind, count in found.counts.items()), "", "samples")
        table(map(_compared, found.pairs.items), "name", "truth", "left", "right")
        if found.pairs.next_cursor:
            say(f"the next page: --cursor {found.pairs.next_cursor}")


@commands.command("cancel")
def cancel_evaluation(evaluation_id: UUID) -> None:
    with Modelyard() as yard:
        yard.evaluations.cancel(evaluation_id)


@commands.command("delete")
def delete_evaluation(evaluation_id: UUID) -> None:
    """With all its results, even while it runs."""
    with Modelyard() as yard:
        yard.evaluations.delete(evaluation_id)


def _followed(yard: Modelyard, evaluation_id: UUID) -> Evaluation:
    with work_bar("evaluate") as told:
        for _, job in yard.evaluations.watch(evaluation_id):
            told(job.progress, job.message or job.state)
    return yard.evaluations.get(evaluation_id)


def _show(found: Evaluation) -> None:
    if found.state in (EvaluationState.FAILED, EvaluationState.CANCELLED):
        raise Conflict(f"the evaluation {found.state}: {found.error_detail}")
    say(f"{found.run_name} ({found.checkpoint}) on {', '.join(found.subsets)}: {found.state}")
    if report := found.report:
        subsets = report.subset_metrics if len(report.subset_metrics) > 1 else {}
        rows = (
            (
                key,
                *(f"{each[key]:.4f}" if key in each else "" for each in (report.metrics, *subsets.values())),
            )
            for key in report.metrics
        )
        table(rows, "metric", f"{report.num_samples} samples", *subsets)
        if report.threshold:
            say(f"best threshold by {report.threshold.metric}: {report.threshold.best:.3f}")


def _compared(pair: ResultPair) -> tuple[object, ...]:
    sides = (f"{answer_in_words(each.prediction)} {_right(each.correct)}" for each in (pair.left, pair.right))
    return pair.name, truth_in_words(pair.truth), *sides


def _right(is_correct: bool | None) -> str:
    return "" if is_correct is None else "yes" if is_correct else "no"
