"""The main path, told while it happens: digits → dataset → split → run → proof → Triton → a served answer."""

import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from uuid import UUID

import numpy as np
import tritonclient.http as triton
from PIL import Image
from rich.console import Console
from rich.table import Table

from libs.client.client import Modelyard
from libs.client.commands.showing import work_bar
from libs.client.digits import HeldOut, write_digits
from libs.common.contracts.base import Step
from libs.common.contracts.datasets import Dataset
from libs.common.contracts.deployments import Deployment, DeploymentState
from libs.common.contracts.evaluations import Evaluation
from libs.common.contracts.exports import Export
from libs.common.contracts.predictions import ClassPrediction
from libs.common.contracts.projects import Project
from libs.common.contracts.runs import Run, RunState
from libs.common.contracts.splits import Split
from libs.common.errors import Conflict

TASK = "classification"
NUM_TIMED_REQUESTS = 100


class DemoFailed(Conflict):
    code, title = "demo_failed", "The demo did not reach its end"


@dataclass(frozen=True)
class Latency:
    """Milliseconds per request, one image each."""

    through_gateway: float
    direct: float


def run_demo(console: Console) -> None:
    """Raises when any step fails; prints the table of what was reached."""
    started = time.monotonic()
    with Modelyard() as yard, tempfile.TemporaryDirectory() as folder:
        archive = Path(folder) / "digits.zip"
        held_out = write_digits(archive)
        project = _project(yard)
        console.print(f"project   [bold]{project.name}[/]", highlight=False)
        dataset = _import(yard, console, project, archive)
        split = yard.splits.create(dataset.id, "80/10/10")
        sizes = ", ".join(f"{subset.subset} {subset.num_samples}" for subset in split.subsets)
        console.print(f"split     {sizes}; stratified and locked", highlight=False)
        run = _train(yard, console, project, split)
        evaluation, export, deployment = _prove(yard, run.id, _deployment(project))
        accuracy, latency = _predict(yard, deployment, held_out)
        _show(console, yard, run, evaluation, export, accuracy, latency)
    console.print(f"done in {time.monotonic() - started:.0f} s", highlight=False)


def _project(yard: Modelyard) -> Project:
    """A new project each time: what earlier demos made stays."""
    taken = {project.name for project in yard.projects.list()}
    names = (f"Handwritten digits{f' {count}' if count > 1 else ''}" for count in range(1, 1000))
    return yard.projects.create(next(name for name in names if name not in taken), TASK)


def _deployment(project: Project) -> str:
    """One of each project's own: what earlier demos serve goes on being served."""
    return project.name.lower().replace(" ", "-")


def _import(yard: Modelyard, console: Console, project: Project, archive: Path) -> Dataset:
    with work_bar("import") as show:
        upload = yard.uploads.send(archive, progress=lambda sent, size: show(sent / size / 2, "upload"))
        dataset = yard.datasets.create(project.id, "digits", upload.id)
        dataset = yard.datasets.wait(dataset.id, on_progress=show)
    report = yard.datasets.report(dataset.id)
    line = f"dataset   {report.num_imported} of {report.num_found} samples, {len(dataset.classes)} classes"
    console.print(f"{line}, {report.num_rejected} rejected", highlight=False)
    return dataset


def _train(yard: Modelyard, console: Console, project: Project, split: Split) -> Run:
    experiment = yard.experiments.create(project.id, "digits", split.id, preset="fast")
    run = yard.runs.start(experiment.id, then=tuple(Step), deployment=_deployment(project))
    last_epoch = -1
    with work_bar("train") as show:
        for seen in yard.runs.watch(run.id, timeout_seconds=600):
            run = seen
            show(run.progress.fraction if run.progress else 0, f"{run.state}")
            for epoch, line in _epochs(yard, run.id, last_epoch):
                console.print(line, highlight=False)
                last_epoch = epoch
    if run.state is not RunState.COMPLETED:
        raise DemoFailed(f"the run ended as {run.state}: {run.error_detail or run.reason}")
    return run


def _epochs(yard: Modelyard, run_id: UUID, after: int) -> list[tuple[int, str]]:
    """One line per epoch that ended since."""
    series = yard.runs.metrics(run_id, "val/accuracy", "val/loss")
    values: dict[int, dict[str, float]] = {}
    for each in series:
        for point in each.points:
            if point.epoch is not None and point.epoch > after:
                values.setdefault(point.epoch, {})[each.key] = point.value
    whole = {epoch: found for epoch, found in sorted(values.items()) if len(found) == len(series) == 2}
    return [
        (epoch, f"  epoch {epoch + 1:>3}  loss {found['val/loss']:.4f}  accuracy {found['val/accuracy']:.4f}")
        for epoch, found in whole.items()
    ]


def _prove(yard: Modelyard, run_id: UUID, name: str) -> tuple[Evaluation, Export, Deployment]:
    """What follows a run by itself: each room reacts to the fact of the room before it."""
    with work_bar("prove") as show:
        show(0.1, "evaluate on the test subset")
        evaluation = yard.evaluations.wait_for_run(run_id)
        _require(evaluation.state, evaluation.error_detail, "evaluation")
        show(0.4, "export to ONNX and compare")
        export = yard.exports.wait_for_run(run_id)
        _require(export.state, export.error_detail, "export")
        show(0.8, "load into Triton")
        deployment = yard.deployments.wait(name, model=export.model, version=export.model_version)
    if deployment.state is not DeploymentState.READY:
        raise DemoFailed(f"Triton did not load the model: {deployment.reason}")
    return evaluation, export, deployment


def _require(state: str, detail: str | None, what: str) -> None:
    if state != "completed":
        raise DemoFailed(f"the {what} ended as {state}: {detail}")


def _predict(yard: Modelyard, deployment: Deployment, held_out: list[HeldOut]) -> tuple[float, Latency]:
    """The held-out digits through REST and through Triton itself; both must say the same."""
    metadata = yard.deployments.metadata(deployment.name)
    answer = yard.deployments.predict(deployment.name, *[digit.png for digit in held_out])
    through_rest = [each.label for each in answer.predictions if isinstance(each, ClassPrediction)]
    with triton.InferenceServerClient(metadata.triton_http) as client:
        direct = [_ask_triton(client, metadata.triton_model, digit.png) for digit in held_out]
        if (direct_labels := [deployment.classes[int(row.argmax())] for row in direct]) != through_rest:
            raise DemoFailed(f"REST says {through_rest}, Triton says {direct_labels}")
        latency = Latency(
            _median_ms(lambda: yard.deployments.predict(deployment.name, held_out[0].png)),
            _median_ms(lambda: _ask_triton(client, metadata.triton_model, held_out[0].png)),
        )
    right = sum(said == digit.label for said, digit in zip(through_rest, held_out, strict=True))
    return right / len(held_out), latency


def _ask_triton(client: triton.InferenceServerClient, model: str, png: bytes) -> np.ndarray:
    """Scores [num_classes]; pre-processing is in the graph, so any client sends plain pixels."""
    pixels = np.asarray(Image.open(BytesIO(png)).convert("RGB"))[None]
    image = triton.InferInput("images", list(pixels.shape), "UINT8")
    image.set_data_from_numpy(pixels)
    scores = client.infer(model, [image]).as_numpy("scores")
    assert scores is not None
    return scores[0]


def _median_ms(call: Callable[[], object]) -> float:
    def once() -> float:
        started = time.perf_counter()
        call()
        return (time.perf_counter() - started) * 1000

    return statistics.median(once() for _ in range(NUM_TIMED_REQUESTS))


def _show(
    console: Console,
    yard: Modelyard,
    run: Run,
    evaluation: Evaluation,
    export: Export,
    held_out_accuracy: float,
    latency: Latency,
) -> None:
    assert evaluation.report is not None and export.parity is not None
    parity = export.parity
    table = Table("what", "reached", title="Modelyard demo")
    table.add_row("test accuracy", f"{evaluation.report.metrics['accuracy']:.4f}")
    table.add_row("held-out digits through REST", f"{held_out_accuracy:.4f}")
    table.add_row("parity: largest difference", f"{parity.max_abs_difference:.1e}")
    table.add_row("parity: PyTorch → ONNX", f"{parity.metric_pytorch:.4f} → {parity.metric_exported:.4f}")
    table.add_row("predict through the gateway", f"{latency.through_gateway:.1f} ms (median)")
    table.add_row("predict with tritonclient", f"{latency.direct:.1f} ms (median)")
    table.add_row("model", f"{export.model} v{export.model_version}")
    table.add_row("run", str(run.id))
    table.add_row("console", yard.system().console_url)
    console.print(table)
