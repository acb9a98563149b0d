"""One of several training processes whose network has no norms: their statistics depend on a batch's size."""

import sys
from pathlib import Path

from torch import nn

from libs.common.contracts.packages import ModelCard


def build_plain(_: object, card: ModelCard) -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(3, 8, 3, stride=2, padding=1),
        nn.ReLU(),
        nn.Conv2d(8, 16, 3, stride=2, padding=1),
        nn.ReLU(),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(16, len(card.classes)),
    )


if __name__ == "__main__":
    from libs.tasks import rank
    from libs.tasks.classification.task import ClassificationRuntime

    ClassificationRuntime.build_network = build_plain
    rank.main(Path(sys.argv[1]))
