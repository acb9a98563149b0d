"""TorchScript: traced, for C++ and for Python without this project."""

import json
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from libs.common.contracts.exports import Precision
from libs.tasks.exporters.exporter import Exporter, Making, Opened, missing_package, named

if TYPE_CHECKING:
    import numpy as np

    from libs.tasks.predicting import LoadedModel

ABOUT = "modelyard.json"


def write(making: Making) -> None:
    import torch

    from libs.tasks.exporters.graphs import example_of

    with warnings.catch_warnings(), torch.no_grad():
        # torch recommends `torch.export` instead, which is a format of its own here.
        warnings.simplefilter("ignore")
        traced = torch.jit.trace(making.loaded.model, example_of(making.loaded.card), check_trace=False)
        torch.jit.save(traced, making.path, _extra_files={ABOUT: json.dumps(dict(making.about))})


def open_file(path: Path, loaded: "LoadedModel", device: str) -> Opened:
    import torch

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = torch.jit.load(path, map_location="cpu")

    def run(pixels: "np.ndarray") -> "Sequence[np.ndarray]":
        with torch.inference_mode():
            return [output.numpy() for output in model(torch.from_numpy(pixels))]

    return Opened(named("TorchScript of torch", "torch"), run)


EXPORTER = Exporter(
    id="torchscript",
    title="TorchScript",
    suffix="pt",
    precisions=(Precision.FP32,),
    missing=lambda: missing_package("torch", "exporter"),
    write=write,
    open=open_file,
)
