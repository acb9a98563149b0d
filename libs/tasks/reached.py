"""What a training has reached: its best epoch, and how long it has been waiting for a better one."""

import math
from dataclasses import dataclass, field
from typing import Any, Literal


@dataclass
class Reached:
    """Plain numbers only: it must survive a resume, even one with nothing left to do.

    `best_epoch` is that of the best checkpoint; `improved_epoch` is the last one that patience takes for an
    improvement. Both count from 0.
    """

    direction: Literal["min", "max"]
    min_delta: float
    num_epochs: int = 0
    best: float | None = None
    best_loss: float = math.inf
    best_epoch: int = 0
    best_metrics: dict[str, float] = field(default_factory=dict)
    improved: float | None = None
    improved_epoch: int = 0

    @property
    def num_waited(self) -> int:
        """Epochs since the last improvement."""
        return max(0, self.num_epochs - 1 - self.improved_epoch)

    def judge(self, epoch: int, primary: float, metrics: dict[str, float]) -> bool:
        """Whether this epoch is the best so far.

        Among equals the smaller validation loss decides, since metrics of small sets are coarse; where that
        is equal too the earlier stays, as the later would cost an upload and gain nothing.
        """
        self.num_epochs = epoch + 1
        if self._gain(primary, self.improved) > self.min_delta:
            self.improved, self.improved_epoch = primary, epoch
        gain, loss = self._gain(primary, self.best), metrics["loss"]
        is_best = gain > 0 or (gain == 0 and loss < self.best_loss)
        if is_best:
            self.best, self.best_loss, self.best_epoch = primary, loss, epoch
            self.best_metrics = dict(metrics)
        return is_best

    def state(self) -> dict[str, Any]:
        kept = ("num_epochs", "best", "best_loss", "best_epoch", "best_metrics", "improved", "improved_epoch")
        return {name: getattr(self, name) for name in kept}

    def restore(self, state: dict[str, Any]) -> None:
        for name, value in state.items():
            setattr(self, name, value)

    def _gain(self, value: float, before: float | None) -> float:
        """NaN is never a gain; the first number always is."""
        if before is None:
            return math.nan if math.isnan(value) else math.inf
        return value - before if self.direction == "max" else before - value
