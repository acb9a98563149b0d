"""Model packages on disk: weights as safetensors, the card as JSON, both whole or not there."""

from pathlib import Path

from pydantic import ValidationError
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from libs.common.contracts.packages import ModelCard
from libs.common.errors import BadInput

WEIGHTS = "model.safetensors"
CARD = "model.json"


class PackageIsBroken(BadInput):
    code, title = "package_broken", "The model package cannot be read"


def write_package(folder: Path, network: nn.Module, card: ModelCard) -> None:
    """The card comes last: a folder with a card is whole."""
    folder.mkdir(parents=True, exist_ok=True)
    weights: dict[str, Tensor] = {
        name: value.detach().cpu().contiguous() for name, value in network.state_dict().items()
    }
    save_file(weights, folder / WEIGHTS)
    (folder / CARD).write_text(card.model_dump_json(indent=1))


def read_card(folder: Path) -> ModelCard:
    try:
        return ModelCard.model_validate_json((folder / CARD).read_bytes())
    except (OSError, ValidationError) as error:
        raise PackageIsBroken("model.json is missing or not a model card") from error


def load_weights(network: nn.Module, folder: Path) -> None:
    try:
        network.load_state_dict(load_file(folder / WEIGHTS))
    except (OSError, SafetensorError, RuntimeError) as error:
        raise PackageIsBroken("the weights do not fit the card's architecture") from error
