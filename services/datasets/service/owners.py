"""Whose a thing is: what is not there is missed in the words of its noun."""

from typing import Literal
from uuid import UUID

from libs.common.contracts.owners import MakersInDatasets, OwnersInDatasets, Projects
from libs.common.errors import NotFound
from libs.common.owners import ids_of, in_order, projects_of
from services.datasets.errors import (
    DatasetNotFound,
    DetectionNotFound,
    ExportNotFound,
    ProjectNotFound,
    SampleNotFound,
    SplitNotFound,
    UploadNotFound,
)
from services.datasets.repository.owners import OwnerRepository

MISSING: dict[str, type[NotFound]] = {
    "project": ProjectNotFound,
    "dataset": DatasetNotFound,
    "sample": SampleNotFound,
    "split": SplitNotFound,
    "dataset_export": ExportNotFound,
    "upload": UploadNotFound,
    "detection": DetectionNotFound,
}


class Owners:
    def __init__(self, repository: OwnerRepository) -> None:
        self._repository = repository

    async def projects(self, asked: OwnersInDatasets) -> Projects:
        found = await self._repository.projects(asked.kind, ids_of(asked.keys))
        noun = asked.kind.removeprefix("dataset_")
        return projects_of(asked, found, MISSING[asked.kind], lambda key: f"{noun} {key} does not exist")

    async def makers(self, asked: MakersInDatasets) -> tuple[UUID | None, ...]:
        found = await self._repository.makers(asked.kind, ids_of(asked.keys))
        if asked.made_by is not None:
            found = {key: maker for key, maker in found.items() if maker == asked.made_by}
        return in_order(asked.keys, found, MISSING[asked.kind], lambda key: _words(asked.kind, key))


def _words(kind: Literal["upload", "detection"], key: str) -> str:
    return f"{kind} {key} does not exist, or its time is over"
