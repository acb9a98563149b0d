"""The networks: normalised float images [batch, 3, height, width] → logits [batch, classes]."""

from typing import cast

from torch import Tensor, nn
from torchvision import models

# torchvision's 0.01 is made for long runs: after a short one, running statistics are those of the start.
BATCH_NORM_MOMENTUM = 0.1
# Up to this side a first convolution with stride 2 and a pooling would leave too little of the image.
SMALL_IMAGE = 64


class SimpleCNN(nn.Module):
    """Three double convolutions and a pooled linear layer; for digits and other small images."""

    def __init__(self, num_classes: int, width: int = 32) -> None:
        super().__init__()
        self.features = nn.Sequential(
            *_block(3, width), *_block(width, 2 * width), *_block(2 * width, 4 * width)
        )
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.classifier = nn.Linear(4 * width, num_classes)

    def forward(self, images: Tensor) -> Tensor:
        return self.classifier(self.pool(self.features(images)).flatten(1))


def _block(in_channels: int, out_channels: int) -> list[nn.Module]:
    return [
        nn.Conv2d(in_channels, out_channels, 3, stride=2, padding=1, bias=False),
        nn.BatchNorm2d(out_channels),
        nn.ReLU(inplace=True),
        nn.Conv2d(out_channels, out_channels, 3, padding=1, bias=False),
        nn.BatchNorm2d(out_channels),
        nn.ReLU(inplace=True),
    ]


def build(architecture: str, num_classes: int, image_size: int) -> nn.Module:
    match architecture:
        case "simple_cnn":
            return SimpleCNN(num_classes)
        case "mobilenet_v3_small":
            network = models.mobilenet_v3_small(num_classes=num_classes)
            for module in network.modules():
                if isinstance(module, nn.BatchNorm2d):
                    module.momentum = BATCH_NORM_MOMENTUM
            return network
        case "resnet18":
            return _resnet18(num_classes, image_size)
        case _:
            raise ValueError(f"the config should have refused the architecture {architecture!r}")


def _resnet18(num_classes: int, image_size: int) -> nn.Module:
    network = models.resnet18(num_classes=num_classes)
    if image_size <= SMALL_IMAGE:
        network.conv1 = nn.Conv2d(3, 64, 3, stride=1, padding=1, bias=False)
        network.maxpool = cast(nn.MaxPool2d, nn.Identity())
    return network


def pretrained_weights(architecture: str) -> models.WeightsEnum | None:
    """ImageNet weights of torchvision; None where an architecture has none."""
    match architecture:
        case "mobilenet_v3_small":
            return models.MobileNet_V3_Small_Weights.IMAGENET1K_V1
        case "resnet18":
            return models.ResNet18_Weights.IMAGENET1K_V1
        case _:
            return None
