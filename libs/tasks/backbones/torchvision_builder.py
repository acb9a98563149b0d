"""Networks of torchvision with a head of any size, and with as much resolution as small images need."""

from pathlib import Path
from pickle import UnpicklingError
from typing import Any, cast
from urllib.error import URLError

from torch import Tensor, nn
from torchvision import models
from torchvision.models.vision_transformer import interpolate_embeddings

from libs.tasks.backbones.builder import Builder, WeightsAreBroken, WeightsAreUnreachable

# torchvision's 0.01 is made for long runs: after a short one, running statistics are those of the start.
BATCH_NORM_MOMENTUM = 0.1
# Up to this side, halving the image five times would leave too little of it.
SMALL_IMAGE = 64


class TorchvisionBuilder(Builder):
    def build(self, name: str, num_outputs: int, image_size: int) -> nn.Module:
        network = bare_network(name, num_outputs, image_size)
        for module in network.modules():
            if isinstance(module, nn.BatchNorm2d) and module.momentum is not None:
                module.momentum = max(module.momentum, BATCH_NORM_MOMENTUM)
        if image_size <= SMALL_IMAGE:
            _keep_resolution(name, network)
        return network

    def load_weights(self, network: nn.Module, name: str, image_size: int, cache: Path | None) -> None:
        weights = cast(Any, models.get_model_weights(name)).DEFAULT
        folder = str(cache / "torchvision") if cache else None
        try:
            # Never a pickle, whoever wrote into the cache.
            state = weights.get_state_dict(
                model_dir=folder, progress=False, check_hash=True, weights_only=True
            )
        except (URLError, OSError) as error:
            raise WeightsAreUnreachable.of(name, weights.url) from error
        except (UnpicklingError, RuntimeError) as error:
            raise WeightsAreBroken(f"remove {Path(weights.url).name} from the cache of weights") from error
        load_fitting(network, _resized(name, network, dict(state), image_size))


def bare_network(name: str, num_outputs: int, image_size: int) -> nn.Module:
    return models.get_model(name, weights=None, num_classes=num_outputs, **_options(name, image_size))


def load_fitting(network: nn.Module, state: dict[str, Tensor]) -> None:
    """Everything but the layers whose shape depends on the classes or the size of the images."""
    own = network.state_dict()
    fitting = {key: value for key, value in state.items() if key in own and own[key].shape == value.shape}
    network.load_state_dict({**own, **fitting})


def _options(name: str, image_size: int) -> dict[str, Any]:
    match name.partition("_")[0]:
        case "googlenet" | "inception":
            # Their auxiliary heads answer in training only, which no other network does.
            return {"aux_logits": False, "init_weights": True}
        case "vit":
            return {"image_size": image_size}
        case "maxvit":
            return {"input_size": (image_size, image_size)}
        case _:
            return {}


def _resized(name: str, network: nn.Module, state: dict[str, Tensor], image_size: int) -> dict[str, Tensor]:
    """A ViT's places, which its weights know for one size of images only."""
    if not name.startswith("vit"):
        return state
    return interpolate_embeddings(image_size, cast(Any, network).patch_size, cast(Any, state))


def _keep_resolution(name: str, network: nn.Module) -> None:
    """An eighth of the side is left instead of a thirty-second."""
    if name in ("resnet18", "resnet34", "resnet50"):
        resnet = cast(models.ResNet, network)
        resnet.conv1 = nn.Conv2d(3, 64, 3, stride=1, padding=1, bias=False)
        resnet.maxpool = cast(nn.MaxPool2d, nn.Identity())
    elif name.startswith(("efficientnet_b", "mobilenet_v3")):
        halving = [each for each in network.modules() if isinstance(each, nn.Conv2d) and each.stride[0] == 2]
        for convolution in halving[:2]:
            convolution.stride = (1, 1)


BUILDER = TorchvisionBuilder()
