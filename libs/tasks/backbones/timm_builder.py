"""Networks of timm, a package that may be installed or not."""

from pathlib import Path
from typing import Any

import timm
import torch
from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError, OfflineModeIsEnabled
from torch import nn

from libs.common.errors import Problem
from libs.tasks.backbones.builder import Builder, WeightsAreUnreachable
from libs.tasks.backbones.catalogue import Backbone, Colour
from libs.tasks.backbones.torchvision_builder import load_fitting
from libs.tasks.manifest import ConfigIsInvalid

AWAY = (HfHubHTTPError, LocalEntryNotFoundError, OfflineModeIsEnabled, OSError)


class TimmBuilder(Builder):
    def build(self, name: str, num_outputs: int, image_size: int) -> nn.Module:
        try:
            network = _made(name, num_outputs, image_size)
            _try_out(name, num_outputs, image_size)
        except (RuntimeError, ValueError, AssertionError) as error:
            problem = Problem(field="config.image_size", message=f"timm/{name} refuses it: {error}")
            raise ConfigIsInvalid(problem.message, errors=[problem]) from error
        return network

    def normalisation(self, backbone: Backbone) -> tuple[Colour, Colour]:
        known = timm.get_pretrained_cfg(backbone.name)
        return (backbone.mean, backbone.std) if known is None else (_colour(known.mean), _colour(known.std))

    def load_weights(self, network: nn.Module, name: str, image_size: int, cache: Path | None) -> None:
        folder = cache / "timm" if cache else None
        try:
            source = _made(name, 0, image_size, pretrained=True, cache_dir=folder)
        except AWAY as error:
            raise WeightsAreUnreachable.of(f"timm/{name}", "the Hugging Face hub") from error
        load_fitting(network, source.state_dict())


def _made(name: str, num_outputs: int, image_size: int, **options: Any) -> nn.Module:
    """Where a network is built for one size of images, for this one."""
    known = timm.get_pretrained_cfg(name, allow_unregistered=True)
    if known is not None and known.fixed_input_size:
        options["img_size"] = image_size
    return timm.create_model(name, num_classes=num_outputs, **options)


def _try_out(name: str, num_outputs: int, image_size: int) -> None:
    """Shapes only: what a size leaves too little of is refused before anything is read."""
    with torch.device("meta"):
        network = _made(name, num_outputs, image_size).eval()
        network(torch.empty(2, 3, image_size, image_size))


def _colour(values: tuple[float, ...]) -> Colour:
    red, green, blue = values
    return red, green, blue


BUILDER = TimmBuilder()
