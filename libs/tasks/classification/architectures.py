"""The networks that are recommended for classification; any other backbone can be named, too."""

from libs.common.contracts.catalogue import Architecture
from libs.tasks.backbones import catalogue

RECOMMENDED = (
    "simple_cnn",
    "mobilenet_v3_small",
    "mobilenet_v3_large",
    "efficientnet_b0",
    "efficientnet_b3",
    "resnet18",
    "resnet34",
    "resnet50",
)


def _architecture(key: str) -> Architecture:
    backbone = catalogue.find(key)
    assert backbone.num_parameters is not None
    return Architecture(
        id=backbone.key,
        title=backbone.title,
        num_parameters=backbone.num_parameters,
        min_image_size=backbone.min_image_size,
    )


ARCHITECTURES = tuple(map(_architecture, RECOMMENDED))
