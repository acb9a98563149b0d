"""Statements about deployments."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import delete, or_, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.contracts.deployments import ListDeployments
from libs.common.db.within import first_rows
from libs.common.owners import Owner, owners_by_key
from services.inference.models import DeploymentRow, RevisionRow, SlotRow, TrafficRow
from services.inference.repository.reading import Deployed, deployed, read


class Deployments:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def lock(self, name: str) -> None:
        """One change of a name at a time, its first included."""
        statement = text("SELECT pg_advisory_xact_lock(hashtextextended(:key, 0))")
        await self._session.execute(statement, {"key": f"inference.deployment/{name}"})

    async def find(self, name: str) -> Deployed | None:
        found = read(await self._session.execute(deployed().where(DeploymentRow.name == name)))
        return found[0] if found else None

    async def row(self, name: str) -> DeploymentRow | None:
        """Also a deleted one, so that its revisions go on counting."""
        return await self._session.scalar(select(DeploymentRow).where(DeploymentRow.name == name))

    async def owners(self, names: Sequence[str]) -> dict[str, Owner]:
        row = DeploymentRow
        statement = select(row.name, row.project_id).where(row.name.in_(names), ~row.is_deleted)
        return await owners_by_key(self._session, statement)

    async def page(self, wanted: ListDeployments, after: str | None, limit: int) -> list[Deployed]:
        names = select(DeploymentRow.name).where(~DeploymentRow.is_deleted)
        if wanted.project_id is not None:
            names = names.where(DeploymentRow.project_id == wanted.project_id)
        if wanted.model is not None:
            names = names.where(DeploymentRow.name.in_(_serving(wanted.model)))
        if after is not None:
            names = names.where(DeploymentRow.name > after)
        names = first_rows(names, [DeploymentRow.name], limit, wanted.within, DeploymentRow.project_id)
        return read(await self._session.execute(deployed().where(DeploymentRow.name.in_(names))))

    async def every(self) -> list[Deployed]:
        return read(await self._session.execute(deployed()))

    async def names_of_project(self, project_id: UUID) -> Sequence[str]:
        statement = select(DeploymentRow.name).where(
            DeploymentRow.project_id == project_id, ~DeploymentRow.is_deleted
        )
        return (await self._session.scalars(statement)).all()

    async def add(self, row: DeploymentRow) -> None:
        self._session.add(row)
        await self._session.flush()

    async def delete(self, name: str) -> None:
        """The row stays, without its history."""
        await self._session.execute(
            update(DeploymentRow).where(DeploymentRow.name == name).values(is_deleted=True)
        )
        for table in (SlotRow, RevisionRow, TrafficRow):
            await self._session.execute(delete(table).where(table.deployment == name))


def _serving(model: str):
    """Names of what serves, tries out or is to serve a version of this model."""
    return (
        select(SlotRow.deployment)
        .join(RevisionRow, RevisionRow.deployment == SlotRow.deployment)
        .where(
            or_(
                RevisionRow.revision == SlotRow.desired_revision,
                RevisionRow.revision == SlotRow.serving_revision,
            ),
            RevisionRow.version["model"].astext == model,
        )
    )
