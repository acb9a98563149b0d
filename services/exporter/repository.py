"""Every SQL statement of the exporter."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import delete, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.contracts.base import now
from libs.common.contracts.exports import ExportState
from services.exporter.models import AliasRow, ExportRow, Model, ModelRow, VersionRow

OPEN = (ExportState.QUEUED, ExportState.RUNNING)


class Repository:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def add(self, row: Model) -> None:
        self._session.add(row)
        await self._session.flush()

    async def export(self, export_id: UUID) -> ExportRow | None:
        return await self._session.get(ExportRow, export_id)

    async def lock_export(self, export_id: UUID) -> ExportRow | None:
        return await self._session.get(ExportRow, export_id, with_for_update=True)

    async def page_exports(self, run_id: UUID | None, before: UUID | None, limit: int) -> Sequence[ExportRow]:
        """Newest first: ids grow with time."""
        statement = select(ExportRow).order_by(ExportRow.id.desc()).limit(limit)
        if run_id is not None:
            statement = statement.where(ExportRow.run_id == run_id)
        if before is not None:
            statement = statement.where(ExportRow.id < before)
        return (await self._session.scalars(statement)).all()

    async def set_running(self, export_id: UUID) -> bool:
        """False when it is gone or has ended."""
        statement = (
            update(ExportRow)
            .where(ExportRow.id == export_id, ExportRow.state.in_(OPEN))
            .values(state=ExportState.RUNNING)
            .returning(ExportRow.id)
        )
        return await self._session.scalar(statement) is not None

    async def exports_of_project(self, project_id: UUID) -> Sequence[ExportRow]:
        statement = select(ExportRow).where(ExportRow.project_id == project_id)
        return (await self._session.scalars(statement)).all()

    async def delete_project(self, project_id: UUID) -> None:
        await self._session.execute(delete(ModelRow).where(ModelRow.project_id == project_id))
        await self._session.execute(delete(ExportRow).where(ExportRow.project_id == project_id))

    async def ensure_model(self, name: str, project_id: UUID, task: str) -> ModelRow:
        """The model, locked; made for this project unless it exists, perhaps as another project's."""
        statement = insert(ModelRow).values(
            name=name, project_id=project_id, task=task, latest_version=0, created_at=now()
        )
        await self._session.execute(statement.on_conflict_do_nothing())
        locked = select(ModelRow).where(ModelRow.name == name).with_for_update()
        return (await self._session.scalars(locked)).one()

    async def model(self, name: str) -> ModelRow | None:
        return await self._session.get(ModelRow, name)

    async def page_models(self, project_id: UUID | None, after: str | None, limit: int) -> Sequence[ModelRow]:
        statement = select(ModelRow).order_by(ModelRow.name).limit(limit)
        if project_id is not None:
            statement = statement.where(ModelRow.project_id == project_id)
        if after is not None:
            statement = statement.where(ModelRow.name > after)
        return (await self._session.scalars(statement)).all()

    async def version(self, name: str, version: int) -> VersionRow | None:
        return await self._session.get(VersionRow, (name, version))

    async def version_of_export(self, name: str, export_id: UUID) -> VersionRow | None:
        statement = select(VersionRow).where(VersionRow.model == name, VersionRow.export_id == export_id)
        return await self._session.scalar(statement)

    async def page_versions(self, name: str, before: int | None, limit: int) -> Sequence[VersionRow]:
        """Newest first."""
        statement = select(VersionRow).where(VersionRow.model == name)
        if before is not None:
            statement = statement.where(VersionRow.version < before)
        return (await self._session.scalars(statement.order_by(VersionRow.version.desc()).limit(limit))).all()

    async def aliases(self, names: Sequence[str]) -> Sequence[AliasRow]:
        statement = select(AliasRow).where(AliasRow.model.in_(names)).order_by(AliasRow.alias)
        return (await self._session.scalars(statement)).all()

    async def alias(self, name: str, alias: str) -> AliasRow | None:
        return await self._session.get(AliasRow, (name, alias))

    async def set_alias(self, name: str, alias: str, version: int) -> None:
        statement = insert(AliasRow).values(model=name, alias=alias, version=version)
        await self._session.execute(
            statement.on_conflict_do_update(index_elements=["model", "alias"], set_={"version": version})
        )
