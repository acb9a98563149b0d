"""A model of two versions that was never trained: which colour a picture has most of."""

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from libs.client import Modelyard
from libs.common.ids import new_id
from tests.tasks.foreigners import by_hand, described, saved

CLASSES = ("red", "green", "blue")


def import_colours(yard: Modelyard, folder: Path) -> str:
    """The name of the model; its second version is less sure than the first."""
    name = f"colours-{new_id().hex[-8:]}"
    project = yard.projects.create(f"Colours {new_id()}", "classification")
    model = described(classes=CLASSES, answers="probabilities")
    for divisor in (60, 150):
        upload = yard.uploads.send(saved(folder / "colours.onnx", colours(divisor)))
        yard.models.wait_for_import(name, yard.models.import_file(name, project.id, upload.id, model))
    return name


def colours(divisor: float) -> onnx.ModelProto:
    """uint8 [n, height, width, 3] → softmax of the mean colours, each divided."""
    nodes = [
        helper.make_node("Cast", ["images"], ["pixels"], to=TensorProto.FLOAT),
        helper.make_node("ReduceMean", ["pixels", "axes"], ["means"], keepdims=0),
        helper.make_node("Div", ["means", "divisor"], ["parts"]),
        helper.make_node("Softmax", ["parts"], ["y"], axis=1),
    ]
    weights = [
        numpy_helper.from_array(np.array([1, 2], np.int64), "axes"),
        numpy_helper.from_array(np.array(divisor, np.float32), "divisor"),
    ]
    sizes = ("n", None, None, 3)
    return by_hand(nodes, weights, kind=TensorProto.UINT8, shape=sizes, given="images")
