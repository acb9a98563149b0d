"""Counts of answers on the device over an epoch; what they are worth, evaluation computes alike."""

import torch
from torch import Tensor

from libs.tasks.classification.single import metrics_of
from libs.tasks.classification.spreads import EDGES, NUM_BINS, Spread
from libs.tasks.classification.tallies import Tally
from libs.tasks.classification.truths import THRESHOLD
from libs.tasks.runtime import Metrics


class OneClass(Metrics):
    """Three counts per class."""

    def __init__(self, num_classes: int, device: torch.device) -> None:
        self._counts = torch.zeros(3, num_classes, dtype=torch.int64, device=device)

    def update(self, outputs: Tensor, targets: Tensor) -> None:
        num_classes = self._counts.shape[1]
        answers = outputs.argmax(dim=1)
        # Wrong ones are counted as of one class more: picking the right ones would stop a GPU.
        right = torch.where(answers == targets, targets, num_classes)
        for row, places in enumerate((right, targets, answers)):
            self._counts[row] += torch.bincount(places, minlength=num_classes + 1)[:num_classes]

    def merge(self, other: "OneClass") -> None:
        self._counts += other._counts.to(self._counts.device)

    def compute(self) -> dict[str, float]:
        return metrics_of(Tally(*self._counts.cpu().numpy()))


class SeveralClasses(Metrics):
    """Per class, samples by the bins of their scores; and by threshold, samples without a fault."""

    def __init__(self, num_classes: int, device: torch.device) -> None:
        self._counts = torch.zeros(2, num_classes, NUM_BINS, dtype=torch.int64, device=device)
        self._matches = torch.zeros(NUM_BINS, dtype=torch.int64, device=device)
        self._edges = torch.from_numpy(EDGES).to(device)
        self._num_samples = 0

    def update(self, outputs: Tensor, targets: Tensor) -> None:
        bins = torch.bucketize(outputs.float().sigmoid(), self._edges, right=True)
        of_class = targets > 0.5
        _, num_classes, _ = self._counts.shape
        classes = torch.arange(num_classes, device=bins.device)
        places = (of_class.long() * num_classes + classes) * NUM_BINS + bins
        self._counts += torch.bincount(places.flatten(), minlength=self._counts.numel()).view_as(self._counts)
        lowest = torch.where(of_class, bins, NUM_BINS - 1).amin(dim=1)
        highest = torch.where(of_class, 0, bins).amax(dim=1)
        lowest = torch.maximum(lowest, highest)  # no threshold is without a fault: begins and ends at once
        self._matches += torch.bincount(highest, minlength=NUM_BINS)
        self._matches -= torch.bincount(lowest, minlength=NUM_BINS)
        self._num_samples += len(targets)

    def merge(self, other: "SeveralClasses") -> None:
        self._counts += other._counts.to(self._counts.device)
        self._matches += other._matches.to(self._matches.device)
        self._num_samples += other._num_samples

    def compute(self) -> dict[str, float]:
        spread = self._spread()
        return spread.metrics(spread.best_edge())

    def calibration(self) -> dict[str, float]:
        """The threshold that `compute` assumes."""
        return {THRESHOLD: float(EDGES[self._spread().best_edge()])}

    def _spread(self) -> Spread:
        negatives, positives = self._counts.cpu().numpy()
        return Spread(negatives, positives, self._matches.cpu().numpy(), self._num_samples)
