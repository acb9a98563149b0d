"""Splits of the SDK."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from libs.client.transport import Transport
from libs.common.contracts.splits import (
    Group,
    LeakReport,
    RatioSplit,
    Split,
    SplitMethod,
    SplitPreview,
)

# Of a million samples.
SPLITTING_SECONDS = 200


class Splits:
    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def preview(
        self, dataset_id: UUID, method: SplitMethod | None = None, *, version: int | None = None
    ) -> SplitPreview:
        """By ratio unless another method is given; nothing is saved."""
        path = f"/v1/datasets/{dataset_id}/splits/preview"
        return self._transport.post(SplitPreview, path, _split(method, version), timeout=SPLITTING_SECONDS)

    def create(
        self,
        dataset_id: UUID,
        name: str = "split",
        method: SplitMethod | None = None,
        *,
        version: int | None = None,
    ) -> Split:
        """Saved for good."""
        body = {"name": name, **_split(method, version)}
        path = f"/v1/datasets/{dataset_id}/splits"
        return self._transport.post(Split, path, body, timeout=SPLITTING_SECONDS)

    def list(self, dataset_id: UUID) -> Iterator[Split]:
        return self._transport.pages(Split, f"/v1/datasets/{dataset_id}/splits")

    def get(self, split_id: UUID) -> Split:
        return self._transport.get(Split, f"/v1/splits/{split_id}")

    def leaks(self, split_id: UUID, *, near_duplicates: int = 4, group: Group | None = None) -> LeakReport:
        """Samples of different subsets that show the same; `near_duplicates` of 64 bits may differ.

        Also parts of one `group`: that which the split was dealt by unless another is given.
        """
        query = {"near_duplicates": near_duplicates, **_group(group)}
        path = f"/v1/splits/{split_id}/leaks"
        return self._transport.get(LeakReport, path, query, timeout=SPLITTING_SECONDS)


def _split(method: SplitMethod | None, version: int | None) -> dict[str, Any]:
    return {"method": (method or RatioSplit()).model_dump(mode="json"), "version": version}


def _group(group: Group | None) -> dict[str, Any]:
    """As a query says it."""
    return {"group_by": group.by, **group.model_dump(exclude={"by"})} if group else {}
