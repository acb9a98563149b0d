"""ONNX, whole, half or quantised: what deployments take."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from libs.common.contracts.exports import Precision
from libs.tasks.exporters.exporter import Exporter, Making, Opened, missing_package, named

if TYPE_CHECKING:
    import numpy as np

    from libs.tasks.predicting import LoadedModel


def write(making: Making) -> None:
    # Late, here and below: who asks for the list of formats loads neither torch nor a runtime.
    import onnx

    model = onnx.load(_graph(making))
    onnx.helper.set_model_props(model, dict(making.about))
    onnx.checker.check_model(model)
    onnx.save(model, making.path)


def _graph(making: Making) -> Path:
    from libs.tasks.exporters.graphs import write_onnx
    from libs.tasks.exporters.quantising import quantise

    graph = making.path.with_suffix(".graph.onnx")
    match making.precision:
        case Precision.FP32:
            return making.graph()
        case Precision.FP16:
            write_onnx(making.loaded, graph, Precision.FP16)
        case Precision.INT8:
            quantise(making.graph(), graph, making.samples())
    return graph


def open_file(path: Path, loaded: "LoadedModel", device: str) -> Opened:
    """On the CPU, whatever the device: the answers have to be the same there."""
    import onnxruntime

    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    signature = loaded.codec.signature(loaded.card)
    names = [output.name for output in signature.outputs]

    def run(pixels: "np.ndarray") -> "Sequence[np.ndarray]":
        return session.run(names, {signature.inputs[0].name: pixels})  # type: ignore[return-value]

    return Opened(named("ONNX Runtime", "onnxruntime"), run)


EXPORTER = Exporter(
    id="onnx",
    title="ONNX",
    suffix="onnx",
    precisions=(Precision.FP32, Precision.FP16, Precision.INT8),
    missing=lambda: missing_package("onnxruntime", "exporter"),
    write=write,
    open=open_file,
    is_served=True,
)
