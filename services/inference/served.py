"""What answers under a deployment's name: its main revision, and for a share of the requests one on trial."""

from collections.abc import Callable
from dataclasses import dataclass

from libs.common.contracts.deployments import ServingSettings
from libs.common.contracts.models import ModelVersion
from libs.common.contracts.packages import ModelCard
from libs.tasks import registry
from libs.tasks.codec import Codec
from services.inference.repository import Deployed, Slot


@dataclass(frozen=True)
class Served:
    """One revision as it is asked; `card` is the version's own with the deployment's threshold."""

    triton_model: str
    revision: int
    version: ModelVersion
    card: ModelCard
    codec: Codec
    max_batch_size: int


def adapted(card: ModelCard, settings: ServingSettings) -> ModelCard:
    """As answers are decoded: by the threshold that was set here, where one was."""
    if settings.threshold is None:
        return card
    return card.model_copy(update={"calibration": {**card.calibration, "threshold": settings.threshold}})


@dataclass
class Shares:
    """Who gets the next request."""

    main: Served
    canary: Served | None = None
    percent: int = 0
    _num_asked: int = 0

    def next(self) -> Served:
        """Of any hundred in a row exactly `percent` go to the canary, evenly spread."""
        before = self._num_asked * self.percent // 100
        self._num_asked += 1
        is_canary = self._num_asked * self.percent // 100 > before
        return self.canary if self.canary is not None and is_canary else self.main

    def is_same(self, other: "Shares") -> bool:
        return (_key(self.main), _key(self.canary), self.percent) == (
            _key(other.main),
            _key(other.canary),
            other.percent,
        )


def _key(one: Served | None) -> tuple[str, int] | None:
    return (one.triton_model, one.revision) if one else None


def shares_of(
    found: Deployed, max_batch_size: int, is_loaded: Callable[[Slot], bool] = lambda _: True
) -> Shares | None:
    """None where nothing serves; a canary that is not loaded has no share. `max_batch_size` is the
    installation's, where settings name none."""
    main = _served(found.main, max_batch_size)
    if main is None or not is_loaded(found.main):
        return None
    canary = found.canary
    if canary is None or not is_loaded(canary):
        return Shares(main)
    return Shares(main, _served(canary, max_batch_size), canary.row.percent or 0)


def _served(slot: Slot, max_batch_size: int) -> Served | None:
    wish = slot.serving
    if wish is None:
        return None
    return Served(
        slot.triton_model,
        wish.revision,
        wish.version,
        adapted(wish.version.card, wish.settings),
        registry.task(wish.version.task).load_codec(),
        wish.settings.max_batch_size or max_batch_size,
    )
