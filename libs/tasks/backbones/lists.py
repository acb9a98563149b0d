"""The names that torchvision and timm know, for processes that cannot load either."""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path

TORCHVISION_LIST = Path(__file__).with_name("torchvision.json")
TIMM_LIST = Path(__file__).with_name("timm.txt")


@cache
def torchvision_list() -> Mapping[str, Mapping[str, int]]:
    """By name: `num_parameters`, `channels`, `min_image_size`, `size_step`."""
    return json.loads(TORCHVISION_LIST.read_text())


@cache
def timm_list() -> Mapping[str, tuple[str, ...]]:
    """The tags of the weights of each architecture, the default ones first; none where it has no weights."""
    words = (line.split() for line in TIMM_LIST.read_text().splitlines())
    return {name: tuple(tags) for name, *tags in words}
