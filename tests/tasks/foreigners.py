"""ONNX files as strangers make them: with torch and nothing of ours, or by hand, good and bad."""

import warnings
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import nn

from libs.common.contracts.models import ForeignModel
from libs.common.contracts.packages import ImageInput

CLASSES = ("circle", "cross", "square")
INPUT = ImageInput(height=24, width=20, mean=(0.5, 0.4, 0.3), std=(0.2, 0.25, 0.3))


def described(**changes: object) -> ForeignModel:
    fields = {"task": "classification", "classes": CLASSES, "input": INPUT, "answers": "logits"}
    return ForeignModel.model_validate({**fields, **changes})


def network(num_classes: int = len(CLASSES)) -> nn.Module:
    """float [batch, 3, height, width] → logits."""
    torch.manual_seed(0)
    layers = nn.Conv2d(3, 4, 3, stride=2), nn.ReLU(), nn.AdaptiveAvgPool2d(2), nn.Flatten()
    return nn.Sequential(*layers, nn.Linear(16, num_classes)).eval()


def export(path: Path, module: nn.Module) -> Path:
    """As a user would write it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        program = torch.onnx.export(
            module,
            (torch.zeros(2, 3, INPUT.height, INPUT.width),),
            dynamo=True,
            dynamic_shapes=({0: torch.export.Dim("n")},),
            opset_version=18,
            external_data=False,
            verbose=False,
        )
    assert program is not None
    program.save(path)
    return path


def by_hand(
    nodes: list[onnx.NodeProto],
    weights: list[onnx.TensorProto] | None = None,
    *,
    kind: int = TensorProto.FLOAT,
    shape: tuple[object, ...] = ("n", 3, None, None),
    given: str = "x",
    answer: str = "y",
    width: int = len(CLASSES),
    domains: tuple[str, ...] = (),
    opset: int = 20,
) -> onnx.ModelProto:
    graph = helper.make_graph(
        nodes,
        "by hand",
        [helper.make_tensor_value_info(given, kind, shape)],
        [helper.make_tensor_value_info(answer, TensorProto.FLOAT, ["n", width])],
        weights or [],
    )
    imports = [helper.make_opsetid("", opset), *(helper.make_opsetid(each, 1) for each in domains)]
    return helper.make_model(graph, opset_imports=imports, ir_version=10)


def brightness(**options: object) -> onnx.ModelProto:
    """Probabilities straight from pixels: uint8 [n, height, width, 3] → softmax of the mean colours."""
    nodes = [
        helper.make_node("Cast", ["images"], ["scores"], to=TensorProto.FLOAT),
        helper.make_node("ReduceMean", ["scores", "axes"], ["means"], keepdims=0),
        helper.make_node("Softmax", ["means"], ["y"], axis=1),
    ]
    axes = numpy_helper.from_array(np.array([1, 2], np.int64), "axes")
    wanted = {"kind": TensorProto.UINT8, "shape": ("n", None, None, 3), "given": "images"}
    return by_hand(nodes, [axes], **{**wanted, **options})


def saved(path: Path, model: onnx.ModelProto) -> Path:
    path.write_bytes(model.SerializeToString())
    return path
