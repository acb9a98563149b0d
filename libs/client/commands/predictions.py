"""`modelyard predict` and `modelyard deployments evaluate`."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from libs.client.client import Modelyard
from libs.client.commands.answers import answer_in_words, truth_in_words
from libs.client.commands.showing import AsJson, document, say, table
from libs.common.contracts.batches import BatchItem
from libs.common.contracts.deployments import DeploymentEvaluation
from libs.common.errors import BadInput

NUM_SHOWN = 10
Sources = Annotated[list[Path], typer.Argument(exists=True, help="Images, folders of them, archives (.zip).")]
Samples = Annotated[
    Path, typer.Argument(exists=True, help="Class folders, or images and a CSV; a folder or an archive.")
]


def predict(deployment: str, sources: Sources, as_json: AsJson = False) -> None:
    """Predict images with a deployment; with --json an answer per line, as they come."""
    with Modelyard() as yard:
        items = _items(yard, deployment, sources)
        if as_json:
            for item in items:
                typer.echo(item.model_dump_json())
            return
        found = list(items)
    table(map(_row, found), "image", "prediction", "by")
    left_out = sum(item.prediction is None for item in found)
    if left_out == len(found):
        raise BadInput("no image could be used")
    if len(found) > 1:
        say(f"{len(found)} images, {left_out} left out, {sum(item.refused for item in found)} refused")


def _items(yard: Modelyard, deployment: str, sources: list[Path]) -> Iterator[BatchItem]:
    """Files together, folders and archives by themselves, in the order they were named."""
    files: list[Path] = []
    for source in sources:
        if source.is_file() and source.suffix.lower() != ".zip":
            files.append(source)
            continue
        yield from yard.deployments.predict_batch(deployment, files)
        files = []
        yield from yard.deployments.predict_batch(deployment, source)
    yield from yard.deployments.predict_batch(deployment, files)


def _row(item: BatchItem) -> tuple[str, str, str]:
    if item.prediction is None:
        return item.name, f"left out: {item.problem}", ""
    answer = answer_in_words(item.prediction)
    return item.name, f"refused: {answer}" if item.refused else answer, f"{item.model} v{item.version}"


def evaluate(deployment: str, samples: Samples, as_json: AsJson = False) -> None:
    """Score a deployment on samples whose labels are known; nothing of them is kept."""
    with Modelyard() as yard:
        found = yard.deployments.evaluate(deployment, samples)
    if as_json:
        document(found)
    else:
        _show(found)


def _show(found: DeploymentEvaluation) -> None:
    say(f"{found.model} v{found.version} on {found.report.num_samples} samples")
    table(((key, f"{value:.4f}") for key, value in found.report.metrics.items()), "metric", "value")
    wrong = [each for each in found.worst if each.correct is not True][:NUM_SHOWN]
    if wrong:
        rows = ((each.name, truth_in_words(each.truth), answer_in_words(each.prediction)) for each in wrong)
        table(rows, "worst", "truth", "answer")
    for problem in found.left_out[:NUM_SHOWN]:
        say(f"left out: {problem.field}: {problem.message}")
    if len(found.left_out) > NUM_SHOWN:
        say(f"and {len(found.left_out) - NUM_SHOWN} more")
