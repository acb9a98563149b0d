"""A small network of our own, for small images."""

from pathlib import Path

from torch import Tensor, nn

from libs.tasks.backbones.builder import Builder


class SimpleCNN(nn.Module):
    """Three double convolutions and a pooled linear layer; for digits and other small images."""

    def __init__(self, num_outputs: int, width: int = 32) -> None:
        super().__init__()
        self.features = nn.Sequential(
            *_block(3, width), *_block(width, 2 * width), *_block(2 * width, 4 * width)
        )
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.classifier = nn.Linear(4 * width, num_outputs)

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


class OwnBuilder(Builder):
    def build(self, name: str, num_outputs: int, image_size: int) -> nn.Module:
        return SimpleCNN(num_outputs)

    def load_weights(self, network: nn.Module, name: str, image_size: int, cache: Path | None) -> None:
        raise ValueError(f"the config should have refused pretrained weights of {name}: there are none")


BUILDER = OwnBuilder()
