"""SQL of the registry: models, their versions and aliases, and uploaded files that are still looked at."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import ColumnElement, delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.contracts.base import now
from libs.common.contracts.models import ListModels
from libs.common.db.within import first_rows
from libs.common.owners import Owner, owners_by_key
from services.exporter.models import AliasRow, ExportRow, ImportRow, Model, ModelRow, VersionRow

STORED = VersionRow.file["key"].as_string()
EXPORTED = ExportRow.file["key"].as_string()


class ModelRepository:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def add(self, row: Model) -> None:
        self._session.add(row)
        await self._session.flush()

    async def remove(self, row: Model) -> None:
        await self._session.delete(row)
        await self._session.flush()

    async def ensure(self, name: str, project_id: UUID, task: str) -> ModelRow:
        """The model, locked; made for this project unless it exists, perhaps as another project's."""
        statement = insert(ModelRow).values(
            name=name,
            project_id=project_id,
            task=task,
            latest_version=0,
            last_number=0,
            note="",
            created_at=now(),
        )
        await self._session.execute(statement.on_conflict_do_nothing())
        row = await self.lock(name)
        assert row is not None
        return row

    async def get(self, name: str) -> ModelRow | None:
        return await self._session.get(ModelRow, name)

    async def lock(self, name: str) -> ModelRow | None:
        return await self._session.get(ModelRow, name, with_for_update=True, populate_existing=True)

    async def owners(self, names: Sequence[str]) -> dict[str, Owner]:
        statement = select(ModelRow.name, ModelRow.project_id).where(ModelRow.name.in_(names))
        return await owners_by_key(self._session, statement)

    async def page(self, wanted: ListModels, after: str | None, limit: int) -> Sequence[ModelRow]:
        statement = select(ModelRow)
        if wanted.project_id is not None:
            statement = statement.where(ModelRow.project_id == wanted.project_id)
        if after is not None:
            statement = statement.where(ModelRow.name > after)
        page = first_rows(statement, [ModelRow.name], limit, wanted.within, ModelRow.project_id)
        return (await self._session.scalars(page)).all()

    async def version(self, name: str, version: int) -> VersionRow | None:
        return await self._session.get(VersionRow, (name, version))

    async def version_of_export(self, name: str, export_id: UUID) -> VersionRow | None:
        statement = select(VersionRow).where(VersionRow.model == name, VersionRow.export_id == export_id)
        return await self._session.scalar(statement)

    async def versions_of_export(self, export_id: UUID) -> Sequence[VersionRow]:
        statement = select(VersionRow).where(VersionRow.export_id == export_id)
        return (await self._session.scalars(statement.order_by(VersionRow.model))).all()

    async def page_versions(self, name: str, before: int | None, limit: int) -> Sequence[VersionRow]:
        """Newest first."""
        statement = select(VersionRow).where(VersionRow.model == name)
        if before is not None:
            statement = statement.where(VersionRow.version < before)
        return (await self._session.scalars(statement.order_by(VersionRow.version.desc()).limit(limit))).all()

    async def latest(self, name: str) -> int:
        """0 where no version is left."""
        statement = select(func.max(VersionRow.version)).where(VersionRow.model == name)
        return await self._session.scalar(statement) or 0

    async def forget_version(self, row: VersionRow) -> None:
        """The export that it was goes on without it."""
        was_made = (ExportRow.model == row.model, ExportRow.model_version == row.version)
        statement = update(ExportRow).where(*was_made).values(model=None, model_version=None)
        await self._session.execute(statement)
        await self.remove(row)

    async def forget_model(self, row: ModelRow) -> None:
        statement = update(ExportRow).where(ExportRow.model == row.name)
        await self._session.execute(statement.values(model=None, model_version=None))
        await self.remove(row)

    async def uploaded_of_model(self, name: str) -> Sequence[str]:
        return await self._uploaded(VersionRow.model == name)

    async def uploaded_of_project(self, project_id: UUID) -> Sequence[str]:
        return await self._uploaded(VersionRow.project_id == project_id)

    async def aliases(self, names: Sequence[str]) -> Sequence[AliasRow]:
        statement = select(AliasRow).where(AliasRow.model.in_(names)).order_by(AliasRow.alias)
        return (await self._session.scalars(statement)).all()

    async def alias(self, name: str, alias: str) -> AliasRow | None:
        return await self._session.get(AliasRow, (name, alias))

    async def delete_project(self, project_id: UUID) -> None:
        for kind in (ModelRow, ImportRow):
            await self._session.execute(delete(kind).where(kind.project_id == project_id))

    async def lock_import(self, version_id: UUID) -> ImportRow | None:
        return await self._session.get(ImportRow, version_id, with_for_update=True)

    async def imports_of_project(self, project_id: UUID) -> Sequence[ImportRow]:
        statement = select(ImportRow).where(ImportRow.project_id == project_id)
        return (await self._session.scalars(statement)).all()

    async def spoken_of(self, keys: Sequence[str]) -> set[str]:
        """Those of the keys that a version, an export or an import under way needs."""
        columns = (STORED, EXPORTED, ImportRow.key)
        return {
            key
            for column in columns
            for key in await self._session.scalars(select(column).where(column.in_(keys)))
        }

    async def _uploaded(self, condition: ColumnElement[bool]) -> Sequence[str]:
        """Keys of files that are nobody else's."""
        statement = select(STORED).where(condition, VersionRow.origin == "upload")
        return (await self._session.scalars(statement)).all()
