"""The main path as a user walks it: the steps of `modelyard demo` through the API of a whole, real stack."""

import time
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from typing import TypeVar

import numpy as np
import pytest
import tritonclient.http as triton
from PIL import Image

from libs.client import Modelyard
from libs.common.contracts.deployments import DeploymentState
from libs.common.contracts.runs import Run, RunState
from libs.common.contracts.samples import Sample
from libs.common.errors import BadInput

Found = TypeVar("Found")


def test_the_run_completes_and_its_model_knows_the_test_digits(yard: Modelyard, trained):
    run = trained.run
    assert run.state is RunState.COMPLETED, run.error_detail
    evaluation = yard.evaluations.wait_for_run(run.id, timeout_seconds=120)
    assert evaluation.report is not None
    assert evaluation.report.metrics["accuracy"] >= 0.95
    assert evaluation.report.num_samples == run.data.subset_counts["test"]


def test_the_subsets_do_not_overlap_and_hold_every_sample(yard: Modelyard, trained):
    run = trained.run
    split = yard.splits.get(run.data.split_id)
    names = {
        subset.subset: {sample.name for sample in _all_samples(yard, run, subset.subset)}
        for subset in split.subsets
    }
    assert sum(map(len, names.values())) == yard.datasets.get(run.data.dataset_id).num_samples
    assert not names["train"] & names["test"]
    assert not names["train"] & names["val"]


def _all_samples(yard: Modelyard, run: Run, subset: str) -> Iterator[Sample]:
    cursor = None
    while True:
        page = yard.samples.page(
            run.data.dataset_id, split=run.data.split_id, subset=subset, limit=200, cursor=cursor
        )
        yield from page.items
        if (cursor := page.next_cursor) is None:
            return


def test_the_export_proves_that_nothing_changed(yard: Modelyard, trained, tmp_path: Path):
    run = trained.run
    export = yard.exports.wait_for_run(run.id, timeout_seconds=180)
    assert export.parity is not None
    assert export.parity.passed
    assert export.parity.max_abs_difference <= export.parity.tolerance
    path = yard.exports.download(export.id, tmp_path / "model.onnx")
    assert export.file is not None
    assert path.stat().st_size == export.file.size_bytes


def _eventually(read: Callable[[], Found | None], seconds: float = 120) -> Found:
    deadline = time.monotonic() + seconds
    while (found := read()) is None:
        assert time.monotonic() < deadline, "it did not come"
        time.sleep(0.2)
    return found


@pytest.fixture(scope="module")
def served(yard: Modelyard, trained):
    deployment = yard.deployments.wait("main-path", timeout_seconds=180)
    assert deployment.state is DeploymentState.READY, deployment.reason
    return deployment


def test_rest_and_triton_give_the_same_answers(yard: Modelyard, trained, served):
    held_out = trained.held_out
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
    run = trained.run
    card = yard.deployments.metadata("main-path").card
    assert tuple(card.classes) == run.data.classes
    assert card.task == run.task


def test_a_prediction_of_what_is_no_image_is_refused_in_words(yard: Modelyard, served):
    with pytest.raises(BadInput):
        yard.deployments.predict("main-path", b"this is no image")


def test_people_are_told(yard: Modelyard, trained):
    def told() -> set[str]:
        said = {
            each.fact_type for each in yard.deliveries.list() if trained.run.name in each.title + each.text
        }
        return said & {"run.completed"}

    assert _eventually(told)
