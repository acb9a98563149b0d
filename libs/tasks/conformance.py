"""The contract of a task as a check: whatever passes it can be trained, evaluated, exported and served here.

`check_task(manifest, folder)` raises AssertionError naming what is broken; our own tasks run through it.
"""

import json
import tarfile
from collections.abc import Mapping, Sequence
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import Any
from uuid import UUID

import jsonschema
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from libs.common.contracts.annotations import Annotation
from libs.common.contracts.exports import Precision
from libs.common.contracts.results import SampleResult
from libs.common.contracts.telemetry import Progress
from libs.common.staging import LocalData
from libs.tasks.exporters import catalogue
from libs.tasks.exporting import Workshop
from libs.tasks.manifest import DataFacts, TaskManifest
from libs.tasks.package_files import read_card
from libs.tasks.parity import Wanted, check_parity
from libs.tasks.predicting import evaluate, load_model, run_chunk
from libs.tasks.reading import ShardReader, read_manifest
from libs.tasks.request import TrainRequest, TrainResult
from libs.tasks.runtime import CheckpointFiles, ToyData
from libs.tasks.training import train

SUBSETS = ("train", "val", "test")
# Half train, the rest val and test; in pairs, so that two alternating classes are in each.
TOY_SUBSETS = ("train", "train", "val", "val", "train", "train", "test", "test")
NUM_SAMPLES = 48
# A training resizes bytes, an evaluation floats: a score at a threshold may fall on its other side.
AGREEMENT = 0.05


def check_task(manifest: TaskManifest, folder: Path, toy: ToyData | None = None) -> None:
    """With other toy data than the task's own, what it does with those."""
    check_schema(manifest)
    toy = toy or manifest.load_runtime().toy_data(seed=1, count=NUM_SAMPLES)
    data = write_toy_data(toy, folder / "data")
    request, heard = _request(manifest, toy, data, folder / "run"), Heard()
    result = train(request, heard)
    primary = manifest.primary_of(request.config).key
    check_training(primary, result, heard)
    check_resume(request, result, heard)
    package = heard.checkpoints[-1].package
    check_evaluation(manifest, package, data)
    check_validation_agrees(heard.checkpoints[-1], data)
    check_exports(primary, package, data, folder)
    check_decode_agrees(package, data)


def check_schema(manifest: TaskManifest) -> None:
    """The form's schema describes the config's own defaults and every preset."""
    description = manifest.describe()
    schema = description.config_schema
    jsonschema.Draft202012Validator.check_schema(schema)
    for preset in ({}, *(preset.config for preset in manifest.presets)):
        config = manifest.config_model.model_validate(preset)
        jsonschema.validate(json.loads(config.model_dump_json()), schema)
        assert manifest.config_model.model_validate_json(config.model_dump_json()) == config
    undescribed = [name for name, knob in schema["properties"].items() if not knob.get("description")]
    assert not undescribed, f"knobs without a description: {undescribed}"
    assert any(metric.is_primary for metric in manifest.metrics)


def check_training(primary: str, result: TrainResult, heard: "Heard") -> None:
    assert result.num_epochs == len(heard.checkpoints), "every epoch leaves a checkpoint"
    assert [each.step for each in heard.checkpoints] == sorted({each.step for each in heard.checkpoints})
    assert f"val/{primary}" in heard.keys
    assert "train/loss" in heard.keys
    losses = [value for _, key, value in heard.points if key == "train/loss"]
    assert len(losses) == result.num_steps, "every step tells its loss, once"
    quarter = max(1, len(losses) // 4)
    assert np.mean(losses[-quarter:]) < np.mean(losses[:quarter]), "the loss does not fall on the toy data"


def check_resume(request: TrainRequest, uninterrupted: TrainResult, whole: "Heard") -> None:
    """Stopped after one epoch and resumed, a training says and reaches the same as without the stop."""
    before, after = Heard(stop_after=1), Heard()
    train(request.model_copy(update={"directory": request.directory / "before"}), before)
    resume = {"directory": request.directory / "after", "resume": before.checkpoints[-1].resume}
    resumed = train(request.model_copy(update=resume), after)
    assert [each.epoch for each in before.checkpoints + after.checkpoints] == [
        each.epoch for each in whole.checkpoints
    ], "a resume does the epochs that are left, no more and no less"
    assert before.points + after.points == whole.points, "a resumed training took another course"
    assert resumed == uninterrupted


def check_evaluation(manifest: TaskManifest, package: Path, data: LocalData) -> None:
    results: list[SampleResult] = []
    report = evaluate(package, data, ("val", "test"), 7, "cpu", lambda *_: None, results.append)
    records = read_manifest(data.manifest, ("val", "test"))
    assert [str(result.sample_id) for result in results] == [record.id for record in records]
    sure = [each.confidence for each in results if each.confidence is not None]
    assert all(0 <= each <= 1 for each in sure), "a confidence is between 0 and 1"
    wanted = {
        metric.key
        for metric in manifest.metrics_of(read_card(package).config)
        if not metric.is_evaluation_only
    }
    assert wanted <= set(report.metrics)
    assert set(report.subset_metrics) == {"val", "test"}
    assert {view.type for view in report.views} <= set(manifest.views)
    if search := report.threshold:
        assert list(search.thresholds) == sorted(search.thresholds)
        assert {len(values) for values in search.values.values()} == {len(search.thresholds)}
        best = search.values[search.metric][search.thresholds.index(search.best)]
        assert best == max(search.values[search.metric]), "another threshold is better than the best"


def check_validation_agrees(last: CheckpointFiles, data: LocalData) -> None:
    """What training said of an epoch, the evaluation of its package says, too; losses may be others."""
    report = evaluate(last.package, data, ("val",), None, "cpu", lambda *_: None, lambda _: None)
    said = {key: value for key, value in last.metrics.items() if key != "loss"}
    found = {key: report.metrics[key] for key in said}
    apart = {key: (said[key], found[key]) for key in said if abs(said[key] - found[key]) > AGREEMENT}
    assert not apart, f"training and evaluation disagree: {apart}"


def check_exports(primary: str, package: Path, data: LocalData, folder: Path) -> None:
    """In every format and precision that can be made here, the file answers like the package."""
    loaded = load_model(package)
    workshop = Workshop(loaded, folder, {"checked_by": "conformance"}, data)
    for exporter in catalogue.exporters().values():
        for precision in () if exporter.missing() else exporter.precisions:
            # Eight bits of a network that has seen 24 images may turn some of its 12 answers.
            may_lose = 0.2 if precision is Precision.INT8 else None
            wanted = Wanted(data, "test", precision, metric_tolerance=may_lose)
            path = workshop.make(exporter, precision)
            parity = check_parity(loaded, exporter, path, wanted, lambda *_: None)
            assert parity.passed, (exporter.title, precision, parity)
            assert parity.metric == primary


def check_decode_agrees(package: Path, data: LocalData) -> None:
    """One image alone and among others gets the same answer."""
    loaded = load_model(package)
    records = read_manifest(data.manifest, ("test",))
    with ShardReader(data.shards) as reader:
        images = [loaded.codec.encode(reader.read(record)) for record in records]
    together = loaded.codec.decode(run_chunk(loaded, images), loaded.card)
    alone = [loaded.codec.decode(run_chunk(loaded, [image]), loaded.card)[0] for image in images]
    assert [each.type for each in together] == [each.type for each in alone]
    warm = {name: value[0] for name, value in loaded.codec.warm_up(loaded.card).items()}
    assert len(run_chunk(loaded, list(warm.values()))) == len(loaded.codec.signature(loaded.card).outputs)


class Heard:
    """`TrainEvents` that remember."""

    def __init__(self, stop_after: int | None = None) -> None:
        self.points: list[tuple[int, str, float]] = []
        self.checkpoints: list[CheckpointFiles] = []
        self.lines: list[str] = []
        self.last_progress: Progress | None = None
        self._stop_after = stop_after

    @property
    def keys(self) -> set[str]:
        return {key for _, key, _ in self.points}

    def metrics(self, step: int, values: dict[str, float], epoch: int | None = None) -> None:
        self.points += [(step, key, value) for key, value in values.items()]

    def steps(self, first_step: int, values: Mapping[str, Sequence[float]], epoch: int) -> None:
        for step, row in enumerate(zip(*values.values(), strict=True), first_step):
            self.points += [(step, key, value) for key, value in zip(values, row, strict=True)]

    def progress(self, progress: Progress) -> None:
        self.last_progress = progress

    def log(self, text: str) -> None:
        self.lines.append(text)

    def checkpoint(self, files: CheckpointFiles) -> None:
        self.checkpoints.append(files)

    def should_stop(self) -> bool:
        return self._stop_after is not None and len(self.checkpoints) >= self._stop_after


def toy_request(manifest: TaskManifest, folder: Path, **config: Any) -> TrainRequest:
    """A training of the task's toy data, ready to start."""
    toy = manifest.load_runtime().toy_data(seed=1, count=NUM_SAMPLES)
    return _request(manifest, toy, write_toy_data(toy, folder / "data"), folder / "run", **config)


def _request(
    manifest: TaskManifest, toy: ToyData, data: LocalData, folder: Path, **config: Any
) -> TrainRequest:
    facts = DataFacts(toy.classes, dict.fromkeys(SUBSETS, NUM_SAMPLES // 3))
    whole = manifest.validate_config(None, {**toy.config, **config}, facts)
    return TrainRequest(
        task=manifest.id,
        config=whole.model_dump(mode="json"),
        classes=toy.classes,
        data=data,
        directory=folder,
    )


def write_toy_data(toy: ToyData, folder: Path, subsets: Sequence[str] = TOY_SUBSETS) -> LocalData:
    """One shard and a manifest, as the datasets room writes them; samples take the subsets in turn."""
    folder.mkdir(parents=True, exist_ok=True)
    shard, rows = folder / "shard.tar", []
    with tarfile.open(shard, "w") as tar:
        for number, (image, annotations) in enumerate(zip(toy.images, toy.annotations, strict=True)):
            member = tarfile.TarInfo(f"{number}.png")
            member.size = len(image)
            offset = tar.offset + tarfile.BLOCKSIZE
            tar.addfile(member, BytesIO(image))
            rows.append(_row(number, subsets[number % len(subsets)], offset, image, annotations))
    pq.write_table(pa.Table.from_pylist(rows), folder / "manifest.parquet")
    return LocalData(manifest=folder / "manifest.parquet", shards={"toy": shard})


def _row(
    number: int, subset: str, offset: int, image: bytes, annotations: Sequence[Annotation]
) -> dict[str, Any]:
    return {
        "sample_id": str(UUID(int=number)),
        "name": f"{number}.png",
        "subset": subset,
        "shard": "toy",
        "offset": offset,
        "size_bytes": len(image),
        "width": 0,
        "height": 0,
        "sha256": sha256(image).hexdigest(),
        "annotations": json.dumps([each.model_dump(mode="json") for each in annotations]),
    }
