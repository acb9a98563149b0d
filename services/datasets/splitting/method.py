"""What a way of splitting is: it says which columns it looks at, and deals samples out."""

from collections.abc import Mapping
from typing import Protocol, TypeVar

from libs.common.contracts.base import View
from services.datasets.splitting.columns import Dealt, Needs, Samples

Settings = TypeVar("Settings", bound=View, contravariant=True)


class Method(Protocol[Settings]):
    """One per file of this folder."""

    def needs(self, method: Settings) -> Needs: ...

    def deal(self, samples: Samples, method: Settings, earlier: Mapping[str, str]) -> Dealt:
        """`earlier` holds the subset of every content (SHA-256) that an earlier split of the method dealt."""
        ...
