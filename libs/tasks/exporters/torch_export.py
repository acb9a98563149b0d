"""`torch.export`: the graph as PyTorch itself sees it, for its compilers and for ExecuTorch."""

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

    from libs.tasks.exporters.graphs import any_size, example_of

    example = example_of(making.loaded.card)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        program = torch.export.export(making.loaded.model, (example,), dynamic_shapes={"images": any_size()})
        torch.export.save(program, making.path, extra_files={ABOUT: json.dumps(dict(making.about))})


def open_file(path: Path, loaded: "LoadedModel", device: str) -> Opened:
    import torch

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = torch.export.load(path).module()

    def run(pixels: "np.ndarray") -> "Sequence[np.ndarray]":
        with torch.inference_mode():
            return [output.numpy() for output in model(torch.from_numpy(pixels))]

    return Opened(named("torch.export of torch", "torch"), run)


EXPORTER = Exporter(
    id="torch_export",
    title="torch.export",
    suffix="pt2",
    precisions=(Precision.FP32,),
    missing=lambda: missing_package("torch", "exporter"),
    write=write,
    open=open_file,
)
