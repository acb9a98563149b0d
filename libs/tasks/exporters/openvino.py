"""OpenVINO: the ONNX graph converted for Intel's processors, `model.xml` and `model.bin` in one archive."""

import sys
import zipfile
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from libs.common.contracts.exports import Precision
from libs.tasks.exporters.exporter import Exporter, Making, Opened, missing_package, named

if TYPE_CHECKING:
    import numpy as np

    from libs.tasks.predicting import LoadedModel

XML, BIN = "model.xml", "model.bin"
# A zip without a date would have today's.
EPOCH = (1980, 1, 1, 0, 0, 0)


def write(making: Making) -> None:
    folder = making.path.with_suffix("")
    folder.mkdir(exist_ok=True)
    runtime = _openvino()
    model = runtime.Core().read_model(making.graph())
    _resize_with_antialiasing(runtime, model)
    for key, value in making.about.items():
        model.set_rt_info(value, ["modelyard", key])
    runtime.save_model(model, folder / XML, compress_to_fp16=making.precision is Precision.FP16)
    with zipfile.ZipFile(making.path, "w", zipfile.ZIP_STORED) as archive:
        for name in (XML, BIN):
            archive.writestr(zipfile.ZipInfo(name, EPOCH), (folder / name).read_bytes())


def open_file(path: Path, loaded: "LoadedModel", device: str) -> Opened:
    """In whole floats, whatever the processor would like better: it is the file that is looked at."""
    folder = path.with_suffix(".read")
    with zipfile.ZipFile(path) as archive:
        archive.extractall(folder, (XML, BIN))
    model = _openvino().compile_model(folder / XML, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})

    def run(pixels: "np.ndarray") -> "Sequence[np.ndarray]":
        answers = model({0: pixels})
        return [answers[output] for output in model.outputs]

    return Opened(named("OpenVINO", "openvino"), run)


def _openvino() -> ModuleType:
    """Without its telemetry, which reports every import to its makers."""
    sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]  # None: not to be imported
    import openvino

    return openvino


def _resize_with_antialiasing(runtime: Any, model: Any) -> None:
    """Its reader of ONNX takes `antialias` and ignores it; this mode is the one that does it."""
    from openvino import opset13

    for node in model.get_ops():
        if node.get_type_name() == "Interpolate" and node.get_attributes()["antialias"]:
            pixels, sizes = node.input_value(0), list(node.output(0).partial_shape)[2:]
            resized = opset13.interpolate(
                pixels, [size.get_length() for size in sizes], "bilinear_pillow", "sizes", axes=[2, 3]
            )
            resized.set_friendly_name(node.get_friendly_name())
            runtime.utils.replace_node(node, resized)
    model.validate_nodes_and_infer_types()


EXPORTER = Exporter(
    id="openvino",
    title="OpenVINO",
    suffix="openvino.zip",
    precisions=(Precision.FP32, Precision.FP16),
    missing=lambda: missing_package("openvino", "exporter"),
    write=write,
    open=open_file,
)
