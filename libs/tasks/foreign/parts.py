"""Front and tail as graphs: exported from the very modules that our own models have. Loads torch."""

import warnings
from collections.abc import Sequence

import torch
from onnx import ModelProto
from torch import Tensor, nn

from libs.common.contracts.packages import ModelCard
from libs.tasks import registry
from libs.tasks.exporters.graphs import any_size, example_of
from libs.tasks.front import Front

# Below it images cannot be resized with antialiasing; above it the exporter writes nothing.
LOWEST_OPSET, HIGHEST_OPSET = 18, 23


class Tail(nn.Module):
    """Raw outputs of a network → finished answers."""

    def __init__(self, card: ModelCard) -> None:
        super().__init__()
        self._card = card
        self._task = registry.task(card.task).load_runtime()

    def forward(self, outputs: Tensor) -> tuple[Tensor, ...]:
        return self._task.finish(outputs, self._card)


def front(card: ModelCard, opset: int) -> ModelProto:
    return _traced(Front(card.input), example_of(card), any_size(), opset)


def tail(card: ModelCard, dims: Sequence[int], opset: int) -> ModelProto:
    """`dims` are those of the raw output of one image."""
    return _traced(Tail(card), torch.zeros(2, *dims), {0: torch.export.Dim("batch")}, opset)


def _traced(module: nn.Module, example: Tensor, dims: dict[int, torch.export.Dim], opset: int) -> ModelProto:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        program = torch.onnx.export(
            module.eval(),
            (example,),
            dynamo=True,
            dynamic_shapes=(dims,),
            opset_version=min(opset, HIGHEST_OPSET),
            external_data=False,
            verbose=False,
        )
    assert program is not None
    return program.model_proto
