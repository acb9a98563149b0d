"""The certificate of an export: the same samples through PyTorch and through the file."""

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch

from libs.common.contracts.exports import Precision
from libs.common.contracts.reports import ParityReport
from libs.common.errors import BadInput
from libs.common.staging import LocalData
from libs.tasks import registry
from libs.tasks.codec import Judged
from libs.tasks.exporters.exporter import EXACTNESS, Exporter
from libs.tasks.front import resize
from libs.tasks.predicting import LoadedModel, run_by_size, run_chunk
from libs.tasks.reading import SampleRecord, ShardReader, batches, read_manifest

BATCH = 64
# 0.9 - 0.8 is a little more than 0.1.
ROUNDING = 1e-9
Outputs = Mapping[str, np.ndarray]
Told = Callable[[float, str], None]


class NothingToCompare(BadInput):
    code, title = "subset_empty", "There are no samples to prove the export on"


@dataclass(frozen=True)
class Wanted:
    """Which samples are compared, and what may be lost; None is what the precision allows."""

    data: LocalData
    subset: str
    precision: Precision = Precision.FP32
    metric_tolerance: float | None = None
    device: str = "cpu"


def check_parity(
    loaded: LoadedModel, exporter: Exporter, path: Path, wanted: Wanted, tell: Told
) -> ParityReport:
    """Every sample of the subset: how far the outputs lie apart, and the task's own metric of both."""
    records = read_manifest(wanted.data.manifest, (wanted.subset,))
    if not records:
        raise NothingToCompare(f"the subset {wanted.subset!r} has no samples")
    opened = exporter.open(path, loaded, wanted.device)
    found = _Found(loaded)
    with ShardReader(wanted.data.shards) as reader:
        for chunk in batches(records, BATCH):
            images = [_image(loaded, exporter, reader.read(record)) for record in chunk]
            found.add(chunk, run_chunk(loaded, images), run_by_size(loaded, images, opened.run))
            done = len(found.pytorch)
            tell(done / len(records), f"{done} of {len(records)} samples compared")
    return found.certificate(wanted, opened.runtime)


def _image(loaded: LoadedModel, exporter: Exporter, data: bytes) -> np.ndarray:
    """As the file takes it; PyTorch gets the same."""
    image = loaded.codec.encode(data)
    if not exporter.has_own_size:
        return image
    pixels = torch.from_numpy(image).permute(2, 0, 1)[None].float()
    resized = resize(pixels, loaded.card.input.height, loaded.card.input.width)
    return resized[0].permute(1, 2, 0).round().clamp(0, 255).to(torch.uint8).numpy()


@dataclass
class _Found:
    """What the two say of the samples so far."""

    loaded: LoadedModel
    largest: float = 0.0
    pytorch: list[Judged] = field(default_factory=list)
    exported: list[Judged] = field(default_factory=list)

    def add(self, records: Sequence[SampleRecord], pytorch: Outputs, exported: Outputs) -> None:
        apart = (_difference(pytorch[name], exported[name]) for name in pytorch)
        self.largest = max(self.largest, *apart)
        self.pytorch += self._judged(records, pytorch)
        numbers = {name: np.nan_to_num(each, nan=0, posinf=0, neginf=0) for name, each in exported.items()}
        self.exported += self._judged(records, numbers)

    def certificate(self, wanted: Wanted, runtime: str) -> ParityReport:
        card, exactness = self.loaded.card, EXACTNESS[wanted.precision]
        metric = registry.task(card.task).primary_of(card.config)
        before = self.loaded.codec.report(self.pytorch, card).metrics[metric.key]
        after = self.loaded.codec.report(self.exported, card).metrics[metric.key]
        lost = before - after if metric.direction == "max" else after - before
        may_lose = exactness.metric_tolerance if wanted.metric_tolerance is None else wanted.metric_tolerance
        is_near = exactness.tolerance is None or self.largest <= exactness.tolerance
        return ParityReport(
            num_samples=len(self.pytorch),
            subset=wanted.subset,
            runtime=runtime,
            max_abs_difference=self.largest,
            tolerance=exactness.tolerance,
            metric=metric.key,
            metric_pytorch=before,
            metric_exported=after,
            metric_tolerance=may_lose,
            passed=is_near and lost <= may_lose + ROUNDING,
        )

    def _judged(self, records: Sequence[SampleRecord], outputs: Outputs) -> list[Judged]:
        codec, card = self.loaded.codec, self.loaded.card
        return [
            Judged(
                record.subset,
                record.annotations,
                prediction,
                codec.score(prediction, record.annotations, card),
            )
            for record, prediction in zip(records, codec.decode(outputs, card), strict=True)
        ]


def _difference(left: np.ndarray, right: np.ndarray) -> float:
    """What is no number is as far away as can be: it must never pass."""
    apart = np.abs(left.astype(np.float64) - right.astype(np.float64)).max(initial=0)
    return float(apart) if np.isfinite(apart) else sys.float_info.max
