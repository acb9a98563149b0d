"""Served models as graphs, which every format begins with. Loads torch."""

import copy
import warnings
from pathlib import Path

import torch
from torch import Tensor, nn

from libs.common.contracts.exports import Precision
from libs.common.contracts.packages import ModelCard
from libs.tasks.front import Front
from libs.tasks.predicting import LoadedModel, ServingModel

# Between 18 and 22 every runtime we serve with reads it, and antialiased resizing exists.
OPSET = 20


def example_of(card: ModelCard) -> Tensor:
    """Two images of an odd size: the network's own size would let an exporter drop the resizing."""
    return torch.randint(0, 256, (2, card.input.height + 5, card.input.width + 9, 3), dtype=torch.uint8)


def any_size() -> dict[int, torch.export.Dim]:
    return {0: torch.export.Dim("batch"), 1: torch.export.Dim("height"), 2: torch.export.Dim("width")}


def write_onnx(loaded: LoadedModel, path: Path, precision: Precision, *, has_own_size: bool = False) -> None:
    """One self-contained file: uint8 [batch, height, width, 3] → the signature's outputs."""
    signature = loaded.codec.signature(loaded.card)
    example, dims = example_of(loaded.card), any_size()
    if has_own_size:
        example, dims = example[:, : loaded.card.input.height, : loaded.card.input.width], {0: dims[0]}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        program = torch.onnx.export(
            _model(loaded, precision, has_own_size),
            (example.contiguous(),),
            dynamo=True,
            input_names=[tensor.name for tensor in signature.inputs],
            output_names=[tensor.name for tensor in signature.outputs],
            dynamic_shapes={"images": dims},
            opset_version=OPSET,
            external_data=False,
            verbose=False,
        )
    assert program is not None
    program.save(str(path), external_data=False)


def _model(loaded: LoadedModel, precision: Precision, has_own_size: bool) -> ServingModel:
    network = loaded.model.network
    if precision is Precision.FP16:
        network = HalfNetwork(network)
    model = ServingModel(loaded.task, network, loaded.card).eval()
    if has_own_size:
        model.front = OwnSizeFront(loaded.card.input)
    return model


class HalfNetwork(nn.Module):
    """A network of half precision between a front and a tail that stay whole."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = copy.deepcopy(network).half()

    def forward(self, images: Tensor) -> Tensor:
        return self.network(images.half()).float()


class OwnSizeFront(Front):
    """For runtimes that cannot resize with antialiasing: the images already have the network's size."""

    def forward(self, images: Tensor) -> Tensor:
        return self.normalise(images.permute(0, 3, 1, 2).to(torch.float32))
