"""Writes the lists of names for processes without torch: `python -m libs.tasks.backbones.listing`.

To be run after torchvision or timm were updated; a test compares the lists with what is installed.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

import timm
import torch
from torch import nn
from torchvision import models

from libs.tasks.backbones.lists import TIMM_LIST, TORCHVISION_LIST
from libs.tasks.backbones.torchvision_builder import bare_network
from libs.tasks.backbones.transferring import last_layer

NUM_CLASSES = 10
# Below it nothing is left of the image after five halvings, even where no layer complains.
SMALLEST, STEPS = 32, (1, 14, 16, 32, 224)
INITIALISERS = [name for name in dir(nn.init) if name.endswith("_")]


def torchvision_names() -> list[str]:
    return models.list_models(module=models)


def torchvision_facts(name: str) -> dict[str, Any]:
    """Without the last layer, whose size depends on the classes."""
    with _uninitialised():
        network = bare_network(name, NUM_CLASSES, 224).to("meta").eval()
        head = last_layer(network)
        step = next(step for step in STEPS if _takes(name, 224 + step) or step == STEPS[-1])
        sides = (max(step, SMALLEST), 48, 56, 64, 75, 224)
        smallest = next(side for side in sides if side % step == 0 and _takes(name, side))
    return {
        "num_parameters": sum(each.numel() for each in network.parameters())
        - sum(each.numel() for each in head.parameters()),
        "channels": head.weight.shape[1],
        "min_image_size": smallest,
        "size_step": step,
    }


def timm_tags() -> dict[str, list[str]]:
    """The weights of each architecture, the default ones first."""
    tags: dict[str, list[str]] = {name: [] for name in timm.list_models()}
    for name in timm.list_pretrained():
        architecture, _, tag = name.partition(".")
        tags[architecture].append(tag)
    for architecture, found in tags.items():
        default = getattr(timm.get_pretrained_cfg(architecture), "tag", None) if found else None
        found.sort(key=lambda tag: (tag != default, tag))
    return tags


def _takes(name: str, side: int) -> bool:
    try:
        network = bare_network(name, NUM_CLASSES, side).to("meta").eval()
        network(torch.empty(2, 3, side, side, device="meta"))
    except (RuntimeError, ValueError, AssertionError):
        return False
    return True


@contextmanager
def _uninitialised() -> Iterator[None]:
    """Only shapes are asked for: memory that is never written to is never taken."""
    patches = [patch.object(nn.init, name, lambda tensor, *_, **__: tensor) for name in INITIALISERS]
    for each in patches:
        each.start()
    try:
        yield
    finally:
        for each in patches:
            each.stop()


def main() -> None:
    facts = {name: torchvision_facts(name) for name in torchvision_names()}
    lines = (f" {json.dumps(name)}: {json.dumps(found)}" for name, found in facts.items())
    TORCHVISION_LIST.write_text("{\n" + ",\n".join(lines) + "\n}\n")
    TIMM_LIST.write_text("".join(" ".join((name, *tags)) + "\n" for name, tags in timm_tags().items()))


if __name__ == "__main__":
    main()
