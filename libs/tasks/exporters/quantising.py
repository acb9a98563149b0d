"""An ONNX file in eight bits: weights and activations between QDQ nodes, calibrated on training samples."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import onnx
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static
from onnxruntime.quantization.shape_inference import quant_pre_process

# What computes. With sums and products between them a MobileNetV3 lay twice as far from its model.
QUANTISED = ("Conv", "Gemm", "MatMul")


class _Samples(CalibrationDataReader):
    """One image after another, for they differ in size."""

    def __init__(self, name: str, samples: Iterator[np.ndarray]) -> None:
        self._name = name
        self._samples = samples

    def get_next(self) -> dict[str, np.ndarray] | None:  # type: ignore[override]
        sample = next(self._samples, None)
        return None if sample is None else {self._name: sample[None]}


def quantise(whole: Path, path: Path, samples: Iterator[np.ndarray]) -> None:
    """`whole` stays as it is."""
    name = onnx.load(whole).graph.input[0].name
    folded = path.with_suffix(".folded.onnx")
    # Biases and norms become part of the convolutions, which are then rounded once.
    quant_pre_process(whole, folded, skip_symbolic_shape=True)
    quantize_static(
        folded,
        path,
        _Samples(name, samples),
        quant_format=QuantFormat.QDQ,
        op_types_to_quantize=list(QUANTISED),
        per_channel=True,
        activation_type=QuantType.QUInt8,
        weight_type=QuantType.QInt8,
    )
