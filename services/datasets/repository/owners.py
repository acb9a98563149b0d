"""SQL of whose a thing is: its project, or who made it."""

from collections.abc import Sequence
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.owners import Owner, owners_by_key
from services.datasets.models import (
    DatasetExportRow,
    DatasetRow,
    DetectionRow,
    ProjectRow,
    SampleRow,
    SplitRow,
    UploadRow,
)

Owned = Literal["project", "dataset", "sample", "split", "dataset_export"]
Made = Literal["upload", "detection"]
PARTS: dict[str, Any] = {"sample": SampleRow, "split": SplitRow, "dataset_export": DatasetExportRow}
MADE: dict[Made, Any] = {"upload": UploadRow, "detection": DetectionRow}


class OwnerRepository:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def projects(self, kind: Owned, ids: Sequence[UUID]) -> dict[str, Owner]:
        return await owners_by_key(self._session, _project_of(kind, ids))

    async def makers(self, kind: Made, ids: Sequence[UUID]) -> dict[str, Owner]:
        row = MADE[kind]
        return await owners_by_key(self._session, select(row.id, row.made_by).where(row.id.in_(ids)))


def _project_of(kind: Owned, ids: Sequence[UUID]) -> Select[Any, Any]:
    """A sample has a row for each stretch of versions; all say the same."""
    if kind == "project":
        return select(ProjectRow.id, ProjectRow.id).where(ProjectRow.id.in_(ids))
    if kind == "dataset":
        return select(DatasetRow.id, DatasetRow.project_id).where(DatasetRow.id.in_(ids))
    part = PARTS[kind]
    of_dataset = select(part.id, DatasetRow.project_id).join(DatasetRow, DatasetRow.id == part.dataset_id)
    return of_dataset.where(part.id.in_(ids))
