"""torchvision's classifiers: seven by short names, all others as `torchvision/<name>`."""

from libs.tasks.backbones.catalogue import Backbone, Source
from libs.tasks.backbones.lists import torchvision_list

ID = "torchvision"
# From here on something is left of an image: these keep more of a small one.
SMALLEST_SIDE = 16
# The best weights of these are those of SWAG.
WEIGHTS_OF_SWAG = ("regnet_y_128gf", "vit_h_14")
NOT_FOR_BUSINESS = "BSD-3-Clause, its weights CC-BY-NC-4.0"
TITLES = {
    "resnet18": "ResNet-18",
    "resnet34": "ResNet-34",
    "resnet50": "ResNet-50",
    "efficientnet_b0": "EfficientNet-B0",
    "efficientnet_b3": "EfficientNet-B3",
    "mobilenet_v3_small": "MobileNetV3-Small",
    "mobilenet_v3_large": "MobileNetV3-Large",
}


def find(name: str) -> Backbone | None:
    facts = torchvision_list().get(name)
    if facts is None:
        return None
    is_featured = name in TITLES
    return Backbone(
        key=name if is_featured else f"{ID}/{name}",
        source=ID,
        name=name,
        title=TITLES.get(name, name),
        licence=NOT_FOR_BUSINESS if name in WEIGHTS_OF_SWAG else "BSD-3-Clause",
        num_parameters=facts["num_parameters"],
        channels=facts["channels"],
        min_image_size=SMALLEST_SIDE if is_featured else facts["min_image_size"],
        size_step=facts["size_step"],
    )


def names() -> tuple[str, ...]:
    return tuple(torchvision_list())


SOURCE = Source(
    id=ID,
    featured=tuple(found for name in TITLES if (found := find(name)) is not None),
    find=find,
    names=names,
    builder="libs.tasks.backbones.torchvision_builder:BUILDER",
)
