"""Every SQL statement of the inference room."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, and_, delete, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from libs.common.contracts.base import now
from libs.common.contracts.deployments import DeploymentState
from libs.common.contracts.models import ModelVersion
from services.inference.models import DeploymentRow, RevisionRow

# The PostgreSQL channel on which changed wishes, and what came of them, are told.
CHANGES = "modelyard_deployments"


# The last is None where nothing is served; SQLAlchemy's types do not know of outer joins.
Found = tuple[DeploymentRow, dict[str, Any], dict[str, Any]]


@dataclass(frozen=True)
class Deployed:
    """A deployment with what it should serve and what it does serve."""

    row: DeploymentRow
    desired: ModelVersion
    serving: ModelVersion | None


class Repository:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def lock(self, name: str) -> None:
        """One change of a name at a time, its first included."""
        statement = text("SELECT pg_advisory_xact_lock(hashtextextended(:key, 0))")
        await self._session.execute(statement, {"key": f"inference.deployment/{name}"})

    async def find(self, name: str) -> Deployed | None:
        found = (await self._session.execute(_deployed().where(DeploymentRow.name == name))).one_or_none()
        return _read(found) if found else None

    async def row(self, name: str) -> DeploymentRow | None:
        """Also a deleted one, so that its revisions go on counting."""
        return await self._session.scalar(select(DeploymentRow).where(DeploymentRow.name == name))

    async def page(self, project_id: UUID | None, after: str | None, limit: int) -> list[Deployed]:
        statement = _deployed()
        if project_id is not None:
            statement = statement.where(DeploymentRow.project_id == project_id)
        if after is not None:
            statement = statement.where(DeploymentRow.name > after)
        found = await self._session.execute(statement.order_by(DeploymentRow.name).limit(limit))
        return [_read(each) for each in found]

    async def every(self) -> list[Deployed]:
        found = await self._session.execute(_deployed().order_by(DeploymentRow.name))
        return [_read(each) for each in found]

    async def names_of_project(self, project_id: UUID) -> Sequence[str]:
        statement = select(DeploymentRow.name).where(
            DeploymentRow.project_id == project_id, ~DeploymentRow.is_deleted
        )
        return (await self._session.scalars(statement)).all()

    def add(self, row: DeploymentRow | RevisionRow) -> None:
        self._session.add(row)

    async def flush(self) -> None:
        await self._session.flush()

    async def announce_change(self) -> None:
        """Wakes every instance that keeps Triton and the rows together, when the transaction commits."""
        await self._session.execute(text(f"NOTIFY {CHANGES}"))

    async def revisions(self, name: str) -> Sequence[RevisionRow]:
        """Newest first."""
        statement = select(RevisionRow).where(RevisionRow.deployment == name)
        return (await self._session.scalars(statement.order_by(RevisionRow.revision.desc()))).all()

    async def mark_loading(self, name: str, revision: int) -> None:
        await self._session.execute(
            _of(name, revision).values(state=DeploymentState.LOADING, updated_at=now())
        )

    async def mark_serving(self, name: str, revision: int) -> bool:
        """True for the one who sees it first: that one announces it."""
        at = now()
        changed = await self._session.scalar(
            _of(name, revision)
            .where(DeploymentRow.serving_revision.is_distinct_from(revision))
            .values(serving_revision=revision)
            .returning(DeploymentRow.name)
        )
        await self._session.execute(
            _of(name, revision)
            .where(DeploymentRow.state != DeploymentState.READY)
            .values(failed_revision=None, state=DeploymentState.READY, reason="", updated_at=at)
        )
        await self._session.execute(
            update(RevisionRow)
            .where(RevisionRow.deployment == name, RevisionRow.revision == revision)
            .where(RevisionRow.served_at.is_(None))
            .values(served_at=at)
        )
        return changed is not None

    async def mark_failed(self, name: str, revision: int, reason: str, at: datetime) -> bool:
        """True for the first failure of this revision."""
        changed = await self._session.scalar(
            _of(name, revision)
            .where(DeploymentRow.failed_revision.is_distinct_from(revision))
            .values(failed_revision=revision)
            .returning(DeploymentRow.name)
        )
        await self._session.execute(
            _of(name, revision).values(
                failed_at=at, state=DeploymentState.FAILED, reason=reason, updated_at=now()
            )
        )
        return changed is not None

    async def delete(self, name: str) -> None:
        """The row stays, without its history."""
        await self._session.execute(
            update(DeploymentRow)
            .where(DeploymentRow.name == name)
            .values(is_deleted=True, serving_revision=None, failed_revision=None, updated_at=now())
        )
        await self._session.execute(delete(RevisionRow).where(RevisionRow.deployment == name))


def _deployed() -> Select[*Found]:
    """One statement, so that no change falls between a row and its versions."""
    desired, serving = aliased(RevisionRow), aliased(RevisionRow)
    return (
        select(DeploymentRow, desired.version, serving.version)
        .join(desired, _is_revision(desired, DeploymentRow.desired_revision))
        .outerjoin(serving, _is_revision(serving, DeploymentRow.serving_revision))
        .where(~DeploymentRow.is_deleted)
    )


def _is_revision(table: Any, revision: Any) -> Any:
    return and_(table.deployment == DeploymentRow.name, table.revision == revision)


def _read(found: Row[*Found]) -> Deployed:
    row, desired, serving = found
    return Deployed(
        row, ModelVersion.model_validate(desired), ModelVersion.model_validate(serving) if serving else None
    )


def _of(name: str, revision: int):
    """Only while that revision is still the desired one: a newer wish is never overwritten."""
    return update(DeploymentRow).where(
        DeploymentRow.name == name, DeploymentRow.desired_revision == revision, ~DeploymentRow.is_deleted
    )
