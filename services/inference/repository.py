"""Every SQL statement of the inference room."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Select, delete, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.contracts.base import now
from libs.common.contracts.deployments import DeploymentState
from libs.common.contracts.models import ModelVersion
from services.inference.models import DeploymentRow, RevisionRow

# The PostgreSQL channel on which changed wishes are told.
CHANGES = "modelyard_deployments"


@dataclass(frozen=True)
class Deployed:
    """A deployment with what it should serve and what it does serve."""

    row: DeploymentRow
    desired: ModelVersion
    serving: ModelVersion | None


class Repository:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def find(self, name: str, *, for_update: bool = False) -> Deployed | None:
        statement = select(DeploymentRow).where(DeploymentRow.name == name, ~DeploymentRow.is_deleted)
        row = await self._session.scalar(statement.with_for_update() if for_update else statement)
        return (await self._with_versions([row]))[0] if row else None

    async def row(self, name: str) -> DeploymentRow | None:
        """Also a deleted one, so that its name and revisions go on counting."""
        return await self._session.scalar(
            select(DeploymentRow).where(DeploymentRow.name == name).with_for_update()
        )

    async def page(self, project_id: UUID | None, after: str | None, limit: int) -> list[Deployed]:
        statement: Select[DeploymentRow] = select(DeploymentRow).where(~DeploymentRow.is_deleted)
        if project_id is not None:
            statement = statement.where(DeploymentRow.project_id == project_id)
        if after is not None:
            statement = statement.where(DeploymentRow.name > after)
        rows = await self._session.scalars(statement.order_by(DeploymentRow.name).limit(limit))
        return await self._with_versions(list(rows))

    async def every(self) -> list[Deployed]:
        rows = await self._session.scalars(select(DeploymentRow).where(~DeploymentRow.is_deleted))
        return await self._with_versions(list(rows))

    async def names_of_project(self, project_id: UUID) -> list[str]:
        statement = select(DeploymentRow.name).where(
            DeploymentRow.project_id == project_id, ~DeploymentRow.is_deleted
        )
        return list(await self._session.scalars(statement))

    def add(self, row: DeploymentRow | RevisionRow) -> None:
        self._session.add(row)

    async def flush(self) -> None:
        await self._session.flush()

    async def announce_change(self) -> None:
        """Wakes whoever makes Triton match the rows, when the transaction commits."""
        await self._session.execute(text(f"NOTIFY {CHANGES}"))

    async def revisions(self, name: str) -> list[RevisionRow]:
        """Newest first."""
        statement = select(RevisionRow).where(RevisionRow.deployment == name)
        return list(await self._session.scalars(statement.order_by(RevisionRow.revision.desc())))

    async def mark_loading(self, name: str, revision: int) -> None:
        await self._session.execute(
            _of(name, revision).values(state=DeploymentState.LOADING, updated_at=now())
        )

    async def mark_serving(self, name: str, revision: int) -> bool:
        """True for the one who sees it first: that one announces it."""
        changed = await self._session.execute(
            _of(name, revision)
            .where(DeploymentRow.serving_revision.is_distinct_from(revision))
            .values(
                serving_revision=revision,
                failed_revision=None,
                state=DeploymentState.READY,
                reason="",
                updated_at=now(),
            )
            .returning(DeploymentRow.name)
        )
        if changed.scalar_one_or_none() is not None:
            return True
        await self._session.execute(_of(name, revision).values(state=DeploymentState.READY, reason=""))
        return False

    async def mark_failed(self, name: str, revision: int, reason: str, at: datetime) -> bool:
        """True for the first failure of this revision."""
        before = await self._session.scalar(
            select(DeploymentRow.failed_revision).where(DeploymentRow.name == name).with_for_update()
        )
        await self._session.execute(
            _of(name, revision).values(
                failed_revision=revision,
                failed_at=at,
                state=DeploymentState.FAILED,
                reason=reason,
                updated_at=now(),
            )
        )
        return before != revision

    async def delete(self, name: str) -> None:
        await self._session.execute(
            update(DeploymentRow)
            .where(DeploymentRow.name == name)
            .values(is_deleted=True, serving_revision=None, updated_at=now())
        )

    async def forget_versions(self, name: str) -> None:
        await self._session.execute(delete(RevisionRow).where(RevisionRow.deployment == name))

    async def _with_versions(self, rows: Sequence[DeploymentRow]) -> list[Deployed]:
        """One statement for all rows."""
        statement = select(RevisionRow).where(RevisionRow.deployment.in_([row.name for row in rows]))
        found = {
            (each.deployment, each.revision): ModelVersion.model_validate(each.version)
            for each in await self._session.scalars(statement)
        }
        return [
            Deployed(
                row,
                found[row.name, row.desired_revision],
                found.get((row.name, row.serving_revision or 0)),
            )
            for row in rows
        ]


def _of(name: str, revision: int):
    """Only while that revision is still the desired one: a newer wish is never overwritten."""
    return update(DeploymentRow).where(
        DeploymentRow.name == name, DeploymentRow.desired_revision == revision, ~DeploymentRow.is_deleted
    )
