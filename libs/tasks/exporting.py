"""Model packages as files of another format, with the proof that nothing changed on the way."""

from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from libs.common.contracts.exports import ExportFormat, Precision
from libs.common.contracts.packages import ModelCard
from libs.common.errors import BadInput
from libs.common.staging import LocalData
from libs.tasks.exporters import catalogue
from libs.tasks.exporters.exporter import Exporter, Making
from libs.tasks.exporters.graphs import write_onnx
from libs.tasks.images import ImageIsTooLarge, ImageIsUnreadable
from libs.tasks.predicting import LoadedModel, load_model
from libs.tasks.reading import ShardReader, read_manifest

TRAIN = "train"
# More say no more of the range of an activation, and each goes through the network once.
NUM_CALIBRATION = 256


class NothingToCalibrate(BadInput):
    code, title = "train_subset_empty", "There are no training samples to calibrate with"


class Workshop:
    """Makes files of one model in one folder; what several of them begin with is made once.

    `data` is what INT8 is calibrated on.
    """

    def __init__(
        self,
        loaded: LoadedModel,
        folder: Path,
        about: Mapping[str, str],
        data: LocalData | None = None,
        device: str = "cpu",
    ) -> None:
        self._loaded = loaded
        self._folder = folder
        self._about = {**about, "model_card": loaded.card.model_dump_json()}
        self._data = data
        self._device = device

    def make(self, exporter: Exporter, precision: Precision) -> Path:
        """uint8 [batch, height, width, 3] → the signature's outputs, with `about` and the card inside."""
        path = self._folder / f"{exporter.id}-{precision}.{exporter.suffix}"
        making = Making(
            loaded=self._loaded,
            path=path,
            precision=precision,
            about=self._about,
            graph=lambda: self._graph,
            samples=lambda: calibration_samples(self._loaded, self._data),
            device=self._device,
        )
        exporter.write(making)
        return path

    @cached_property
    def _graph(self) -> Path:
        path = self._folder / "graph.onnx"
        write_onnx(self._loaded, path, Precision.FP32)
        return path


def export_onnx(package: Path, path: Path, about: Mapping[str, str]) -> ModelCard:
    """What deployments take, of a package."""
    loaded = load_model(package)
    with TemporaryDirectory(dir=path.parent) as folder:
        onnx = catalogue.find(ExportFormat.ONNX, Precision.FP32)
        Workshop(loaded, Path(folder), about).make(onnx, Precision.FP32).replace(path)
    return loaded.card


def calibration_samples(loaded: LoadedModel, data: LocalData | None) -> Iterator[np.ndarray]:
    """Evenly over the train subset, the same ones each time; what cannot be read is left out."""
    records = read_manifest(data.manifest, (TRAIN,)) if data is not None else []
    if data is None or not records:
        raise NothingToCalibrate("INT8 is calibrated on samples of the train subset, which is empty")
    count = min(NUM_CALIBRATION, len(records))
    with ShardReader(data.shards) as reader:
        for number in range(count):
            try:
                yield loaded.codec.encode(reader.read(records[number * len(records) // count]))
            except (ImageIsUnreadable, ImageIsTooLarge):
                continue
