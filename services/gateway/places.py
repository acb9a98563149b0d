"""Where samples looked at a moment ago lie: for the next range of one, or the next one to see it."""

import time
from dataclasses import dataclass, field
from typing import Literal
from uuid import UUID

from libs.common.contracts.samples import StoredBytes

# A sample of a dataset that was deleted is still found for so long.
SECONDS = 3.0
MOST = 10_000
Rendition = Literal["image", "thumbnail"]


@dataclass
class Places:
    """Only where they lie: whether the caller may see them is asked before."""

    _known: dict[tuple[UUID, Rendition], tuple[float, StoredBytes]] = field(default_factory=dict)

    def get(self, sample_id: UUID, rendition: Rendition) -> StoredBytes | None:
        until, stored = self._known.get((sample_id, rendition), (0.0, None))
        return stored if until > time.monotonic() else None

    def remember(self, sample_id: UUID, rendition: Rendition, stored: StoredBytes) -> None:
        if len(self._known) >= MOST:
            self._known.clear()
        self._known[sample_id, rendition] = (time.monotonic() + SECONDS, stored)
