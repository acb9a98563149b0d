"""timm's networks as `timm/<architecture>` or `timm/<architecture>.<tag of its weights>`."""

from libs.tasks.backbones.catalogue import Backbone, Source
from libs.tasks.backbones.lists import timm_list

ID = "timm"


def find(name: str) -> Backbone | None:
    """What is not known here, such as the smallest image, is found out when the network is built."""
    architecture, dot, tag = name.partition(".")
    tags = timm_list().get(architecture)
    if tags is None or (dot and tag not in tags):
        return None
    return Backbone(
        key=f"{ID}/{name}",
        source=ID,
        name=name,
        title=name,
        licence="each its own; see its page on the Hugging Face hub",
        has_weights=bool(tags),
    )


def names() -> tuple[str, ...]:
    tagged = (f"{name}.{tag}" for name, tags in timm_list().items() for tag in tags)
    return (*timm_list(), *tagged)


SOURCE = Source(
    id=ID,
    featured=(),
    find=find,
    names=names,
    builder="libs.tasks.backbones.timm_builder:BUILDER",
    package="timm",
    extra="timm",
)
