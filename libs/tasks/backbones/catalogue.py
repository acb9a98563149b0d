"""The backbones of this installation: entry points `modelyard.backbones`, ours and those of any package.

Light: what a backbone's network is, its builder knows, which is loaded by who trains.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING

from libs.common.errors import BadInput, Problem
from libs.tasks.plug_ins import plug_ins

if TYPE_CHECKING:
    from libs.tasks.backbones.builder import Builder

GROUP = "modelyard.backbones"
Colour = tuple[float, float, float]
IMAGENET_MEAN, IMAGENET_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
NUM_NEAR = 3


class BackboneIsUnknown(BadInput):
    code, title = "backbone_unknown", "There is no such network"


@dataclass(frozen=True)
class Backbone:
    """`name` as its source calls it; parameters are counted without the last layer, which depends on the
    task. None is not known before the network is built.

    A side of an image is a multiple of `size_step` from `min_image_size` on.
    """

    key: str
    source: str
    name: str
    title: str
    licence: str
    num_parameters: int | None = None
    channels: int | None = None
    min_image_size: int = 32
    size_step: int = 1
    mean: Colour = IMAGENET_MEAN
    std: Colour = IMAGENET_STD
    has_weights: bool = True
    is_gated: bool = False

    def misfits(self, image_size: int) -> str | None:
        """What is wrong with a side of so many pixels, in words."""
        if image_size < self.min_image_size:
            return f"{self.key} needs at least {self.min_image_size} pixels"
        if image_size % self.size_step:
            return f"{self.key} takes multiples of {self.size_step} pixels only"
        return None


@dataclass(frozen=True)
class Source:
    """`featured` have short keys; all others are `<id>/<name>` and found by `find`.

    `builder` is `module:name`; `package` must be installed for it, by the extra `extra`.
    """

    id: str
    featured: tuple[Backbone, ...]
    find: Callable[[str], Backbone | None]
    names: Callable[[], tuple[str, ...]]
    builder: str
    package: str = ""
    extra: str = ""

    @property
    def is_installed(self) -> bool:
        return not self.package or find_spec(self.package) is not None


@cache
def sources() -> Mapping[str, Source]:
    """By id; a plug-in that cannot be loaded is reported and does not stop the others."""
    return plug_ins(GROUP, Source)


def find(key: str) -> Backbone:
    """Raises BackboneIsUnknown with near names, and where its package is not installed."""
    backbone = _featured().get(key) or _other(key)
    if backbone is None:
        message = f"there is no network {key!r}{_near(key)}"
        raise BackboneIsUnknown(message, errors=[Problem(field="config.architecture", message=message)])
    source = sources()[backbone.source]
    if not source.is_installed:
        message = f"{key} needs the package {source.package}: install modelyard[{source.extra}]"
        raise BackboneIsUnknown(message, errors=[Problem(field="config.architecture", message=message)])
    return backbone


def builder_of(backbone: Backbone) -> "Builder":
    """Loads torch."""
    module, _, name = sources()[backbone.source].builder.partition(":")
    return getattr(import_module(module), name)


@cache
def _featured() -> Mapping[str, Backbone]:
    return {backbone.key: backbone for source in sources().values() for backbone in source.featured}


def _other(key: str) -> Backbone | None:
    source, slash, name = key.partition("/")
    return sources()[source].find(name) if slash and source in sources() else None


def _near(key: str) -> str:
    """Of the source that was named; else of those we recommend, and then of all."""
    source, slash, _ = key.partition("/")
    if slash and source in sources():
        pools = [_names(sources()[source])]
    else:
        pools = [tuple(_featured()), *map(_names, sources().values())]
    near = list(dict.fromkeys(name for pool in pools for name in _alike(key, pool)))[:NUM_NEAR]
    return f"; near it are {', '.join(near)}" if near else ""


def _names(source: Source) -> tuple[str, ...]:
    return tuple(f"{source.id}/{name}" for name in source.names())


def _alike(key: str, names: Iterable[str]) -> list[str]:
    """By what stands behind the source, which every name of it shares."""
    short = {name.rpartition("/")[2]: name for name in names}
    return [short[found] for found in get_close_matches(key.rpartition("/")[2], short, NUM_NEAR)]
