"""Samples of the SDK."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from libs.client.transport import Transport
from libs.common.contracts.annotations import Annotation
from libs.common.contracts.base import Page
from libs.common.contracts.samples import Sample


def spelled(annotations: Sequence[Annotation]) -> list[Any]:
    return [annotation.model_dump(mode="json") for annotation in annotations]


class Samples:
    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def page(
        self,
        dataset_id: UUID,
        *,
        version: int | None = None,
        label: str | None = None,
        split: UUID | None = None,
        subset: str | None = None,
        q: str | None = None,
        sort: str = "name",
        limit: int = 50,
        cursor: str | None = None,
    ) -> Page[Sample]:
        query = {"version": version, "label": label, "split": split, "subset": subset, "q": q, "sort": sort}
        return self._transport.get(
            Page[Sample], f"/v1/datasets/{dataset_id}/samples", {**query, "limit": limit, "cursor": cursor}
        )

    def get(self, sample_id: UUID, version: int | None = None) -> Sample:
        """As it is in the newest version that has it, or as it was in `version`."""
        return self._transport.get(Sample, f"/v1/samples/{sample_id}", {"version": version})

    def annotate(
        self, sample_id: UUID, annotations: Sequence[Annotation], *, version: int | None = None
    ) -> Sample:
        """In a new version; `version` is the one looked at: what changed since then is refused."""
        body = {"annotations": spelled(annotations), "version": version}
        return self._transport.call(Sample, "PUT", f"/v1/samples/{sample_id}/annotations", body=body)

    def delete(self, sample_id: UUID) -> None:
        """From a new version on; older ones keep it."""
        self._transport.call(None, "DELETE", f"/v1/samples/{sample_id}")

    def image(self, sample_id: UUID) -> bytes:
        return self._transport.send("GET", f"/v1/samples/{sample_id}/image").content

    def thumbnail(self, sample_id: UUID) -> bytes:
        return self._transport.send("GET", f"/v1/samples/{sample_id}/thumbnail").content
