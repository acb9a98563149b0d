"""Images with several classes each go the whole way: nobody says so, the annotations do."""

import zipfile

import pytest

from libs.client import Modelyard
from libs.common.contracts.annotations import Annotation, LabelsAnnotation
from libs.common.contracts.base import Step
from libs.common.contracts.predictions import LabelsPrediction, Prediction
from libs.common.contracts.reports import ClassBars, Curve, Histogram
from libs.common.contracts.runs import RunState
from libs.common.contracts.splits import Split
from libs.common.errors import BadInput
from libs.tasks.classification.toys import several_shapes
from libs.tasks.runtime import ToyData

CONFIG = {
    "architecture": "simple_cnn",
    "image_size": 32,
    "epochs": 8,
    "batch_size": 16,
    "learning_rate": 3e-3,
}


@pytest.fixture(scope="module")
def shapes() -> ToyData:
    return several_shapes(seed=5, count=240)


@pytest.fixture(scope="module")
def split(yard: Modelyard, shapes: ToyData, tmp_path_factory: pytest.TempPathFactory) -> Split:
    archive = tmp_path_factory.mktemp("shapes") / "shapes.zip"
    rows = [",".join(("path", *shapes.classes))]
    with zipfile.ZipFile(archive, "w") as target:
        for number, (image, annotations) in enumerate(zip(shapes.images, shapes.annotations, strict=True)):
            (labels,) = annotations
            assert isinstance(labels, LabelsAnnotation)
            target.writestr(f"images/{number}.png", image)
            flags = (str(int(label in labels.labels)) for label in shapes.classes)
            rows.append(",".join((f"images/{number}.png", *flags)))
        target.writestr("labels.csv", "\n".join(rows))
    project = yard.projects.create("Several classes", "classification")
    upload = yard.uploads.send(archive)
    dataset = yard.datasets.wait(yard.datasets.create(project.id, "shapes", upload.id).id)
    return yard.splits.create(dataset.id)


def is_right(answer: Prediction, truth: tuple[Annotation, ...]) -> bool:
    (labels,) = truth
    assert isinstance(answer, LabelsPrediction) and isinstance(labels, LabelsAnnotation)
    return set(answer.labels) == set(labels.labels)


def test_they_are_learned_judged_and_served(yard: Modelyard, split: Split, shapes: ToyData):
    project = next(each for each in yard.projects.list() if each.name == "Several classes")
    experiment = yard.experiments.create(project.id, "shapes", split.id, config=CONFIG)
    assert experiment.config["mode"] == "multi"
    run = yard.runs.start(experiment.id, then=tuple(Step), deployment="shapes")
    run = yard.runs.wait(run.id, timeout_seconds=300)
    assert run.state is RunState.COMPLETED, run.error_detail
    assert {"val/map", "val/f1_micro", "val/hamming_loss"} <= {each.key for each in run.summary}
    yard.deployments.wait("shapes", timeout_seconds=180)
    answers = yard.deployments.predict("shapes", *shapes.images[:8]).predictions
    assert sum(map(is_right, answers, shapes.annotations)) >= 6
    report = yard.evaluations.wait_for_run(run.id, timeout_seconds=120).report
    assert report is not None
    assert report.metrics["map"] > 0.9
    assert {ClassBars, Curve, Histogram} == {type(view) for view in report.views}


def test_one_class_per_image_is_refused_before_anything_is_queued(yard: Modelyard, split: Split):
    project = next(each for each in yard.projects.list() if each.name == "Several classes")
    with pytest.raises(BadInput) as caught:
        yard.experiments.create(project.id, "wrong", split.id, config={**CONFIG, "mode": "single"})
    assert caught.value.errors[0].field == "config.mode"
