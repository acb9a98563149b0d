"""The main path as a user walks it: `modelyard demo`'s own steps through the REST API of a whole, real stack."""

from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
import tritonclient.http as triton
from PIL import Image

from libs.client import Modelyard
from libs.client.digits import HeldOut, write_digits
from libs.common.contracts.base import Step
from libs.common.contracts.deployments import DeploymentState
from libs.common.contracts.runs import Run, RunState
from libs.common.errors import BadInput, NotFound


@pytest.fixture(scope="module")
def trained(yard: Modelyard, tmp_path_factory: pytest.TempPathFactory) -> tuple[Run, list[HeldOut]]:
    archive = tmp_path_factory.mktemp("digits") / "digits.zip"
    held_out = write_digits(archive)
    project = yard.projects.create("Main path", "classification")
    upload = yard.uploads.send(archive)
    dataset = yard.datasets.wait(yard.datasets.create(project.id, "digits", upload.id).id)
    split = yard.splits.create(dataset.id)
    experiment = yard.experiments.create(project.id, "main-path", split.id, preset="fast")
    run = yard.runs.start(experiment.id, then=tuple(Step), deployment="main-path")
    return yard.runs.wait(run.id, timeout_seconds=300), held_out


def test_the_run_completes_and_its_model_knows_the_test_digits(yard: Modelyard, trained):
    run, _ = trained
    assert run.state is RunState.COMPLETED, run.error_detail
    evaluation = yard.evaluations.wait(next(yard.evaluations.list(run.id)).id, timeout_seconds=120)
    assert evaluation.report is not None
    assert evaluation.report.metrics["accuracy"] >= 0.95
    assert evaluation.report.num_samples == run.data.subset_counts["test"]


def test_the_subsets_do_not_overlap_and_hold_every_sample(yard: Modelyard, trained):
    run, _ = trained
    split = yard.splits.get(run.data.split_id)
    names = {
        subset.subset: {sample.name for sample in _all_samples(yard, run, subset.subset)}
        for subset in split.subsets
    }
    assert sum(map(len, names.values())) == yard.datasets.get(run.data.dataset_id).num_samples
    assert not names["train"] & names["test"]
    assert not names["train"] & names["val"]


def _all_samples(yard: Modelyard, run: Run, subset: str):
    cursor = None
    while True:
        page = yard.samples.page(
            run.data.dataset_id, split=run.data.split_id, subset=subset, limit=200, cursor=cursor
        )
        yield from page.items
        if (cursor := page.next_cursor) is None:
            return


def test_the_export_proves_that_nothing_changed(yard: Modelyard, trained, tmp_path: Path):
    run, _ = trained
    export = yard.exports.wait(_first_export(yard, run).id, timeout_seconds=180)
    assert export.parity is not None
    assert export.parity.passed
    assert export.parity.max_abs_difference <= export.parity.tolerance
    path = yard.exports.download(export.id, tmp_path / "model.onnx")
    assert export.file is not None
    assert path.stat().st_size == export.file.size_bytes


def _first_export(yard: Modelyard, run: Run):
    return _eventually(lambda: next(yard.exports.list(run.id), None))


def _eventually(read, seconds: float = 120):
    import time

    deadline = time.monotonic() + seconds
    while (found := read()) is None:
        assert time.monotonic() < deadline, "it did not come"
        time.sleep(0.2)
    return found


@pytest.fixture(scope="module")
def served(yard: Modelyard, trained):
    def ready():
        try:
            found = yard.deployments.get("main-path")
        except NotFound:
            return None
        return found if found.state is DeploymentState.READY else None

    return _eventually(ready)


def test_rest_and_triton_give_the_same_answers(yard: Modelyard, trained, served):
    _, held_out = trained
    answer = yard.deployments.predict("main-path", *[digit.png for digit in held_out[:20]])
    labels = [prediction.label for prediction in answer.predictions]
    metadata = yard.deployments.metadata("main-path")
    with triton.InferenceServerClient(metadata.triton_http) as client:
        direct = [served.classes[_best(client, metadata.triton_model, digit.png)] for digit in held_out[:20]]
    assert labels == direct
    assert sum(said == digit.label for said, digit in zip(labels, held_out, strict=False)) >= 17


def _best(client: triton.InferenceServerClient, model: str, png: bytes) -> int:
    pixels = np.asarray(Image.open(BytesIO(png)).convert("RGB"))[None]
    image = triton.InferInput("images", list(pixels.shape), "UINT8")
    image.set_data_from_numpy(pixels)
    scores = client.infer(model, [image]).as_numpy("scores")
    assert scores is not None
    return int(scores[0].argmax())


def test_the_certificate_and_provenance_are_served_with_the_model(yard: Modelyard, trained, served):
    run, _ = trained
    card = yard.deployments.metadata("main-path").card
    assert tuple(card.classes) == run.data.classes
    assert card.task == run.task


def test_a_prediction_of_what_is_no_image_is_refused_in_words(yard: Modelyard, served):
    with pytest.raises(BadInput):
        yard.deployments.predict("main-path", b"this is no image")


def test_people_are_told(yard: Modelyard, trained):
    run, _ = trained
    facts = {
        delivery.fact_type for delivery in yard.deliveries() if run.name in delivery.text + delivery.title
    }
    assert "run.completed" in facts
