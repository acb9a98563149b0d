"""The registry: which name a model gets, its versions, what is noted of them, and how they go."""

from collections.abc import Sequence
from uuid import UUID

from libs.common.contracts.base import Page, PageQuery
from libs.common.contracts.evaluations import Evaluable
from libs.common.contracts.exports import Download
from libs.common.contracts.models import ListModels, Model, ModelRegistered, ModelVersion
from libs.common.contracts.owners import OwnersInExporter, Projects
from libs.common.db.outbox import Outbox
from libs.common.errors import BadInput
from libs.common.owners import projects_of
from libs.common.paging import after, page_of, whole_number
from libs.common.storage import Storage
from libs.common.trash import Trash
from services.exporter.aliases import LATEST, Aliases
from services.exporter.errors import (
    ModelIsOfAnotherTask,
    ModelNameIsTaken,
    ModelNotFound,
    VersionHasAlias,
    VersionNotFound,
)
from services.exporter.models import AliasRow, ExportRow, ModelRow, VersionRow
from services.exporter.naming import LONGEST_NAME, slug
from services.exporter.new_version import NewVersion
from services.exporter.repository.models import ModelRepository


class Registry:
    def __init__(self, repository: ModelRepository, trash: Trash, outbox: Outbox, storage: Storage) -> None:
        self.aliases = Aliases(repository, outbox)
        self._repository = repository
        self._trash = trash
        self._outbox = outbox
        self._storage = storage

    async def register(self, name: str, export: ExportRow, note: str = "") -> VersionRow:
        """The export as the next version of `name`; the version it already is when asked again."""
        new = NewVersion.of(export, note)
        model = await self._ensured(name, new)
        known = await self._repository.version_of_export(name, export.id)
        return known or await self._add_version(model, new)

    async def add(self, name: str, new: NewVersion) -> VersionRow:
        return await self._add_version(await self._ensured(name, new), new)

    async def require_free(self, name: str, project_id: UUID, task: str) -> None:
        """Before the work begins: whether such a version could be added to `name`."""
        model = await self._repository.get(name)
        if model is not None:
            _require_fitting(model, project_id, task)

    async def names_of(self, export_id: UUID) -> tuple[str, ...]:
        """The versions that this export is, as people call them."""
        rows = await self._repository.versions_of_export(export_id)
        return tuple(f"{row.model} v{row.version}" for row in rows)

    async def free_name(self, source: Evaluable) -> str:
        """What an export is registered as by itself; stays clear of what it cannot be a version of."""
        name = slug(source.deployment or source.run_name)
        model = await self._repository.get(name)
        if model is None or (model.project_id, model.task) == (source.project_id, source.task):
            return name
        tail = source.project_id.hex[-8:]
        return f"{name[: LONGEST_NAME - len(tail) - 1].rstrip('-')}-{tail}"

    async def list_models(self, wanted: ListModels) -> Page[Model]:
        query = wanted.query
        rows = await self._repository.page(wanted, after(query, _name), query.limit + 1)
        aliases = await self._repository.aliases([row.name for row in rows])
        return page_of(rows, query, lambda row: _view(row, aliases), lambda row: row.name)

    async def owners(self, asked: OwnersInExporter) -> Projects:
        return projects_of(asked, await self._repository.owners(asked.keys), ModelNotFound, _unknown)

    async def get(self, name: str) -> Model:
        row = await self._existing(name)
        return _view(row, await self._repository.aliases([name]))

    async def list_versions(self, name: str, query: PageQuery) -> Page[ModelVersion]:
        await self._existing(name)
        rows = await self._repository.page_versions(name, after(query, whole_number), query.limit + 1)
        aliases = await self._repository.aliases([name])
        return page_of(rows, query, lambda row: row.view(_pointing_at(row, aliases)), lambda row: row.version)

    async def version(self, name: str, version: int | None, alias: str | None) -> ModelVersion:
        """By number or by alias; the latest when neither is given."""
        if version is not None and alias is not None:
            raise BadInput("give a version or an alias, not both")
        number = version if version is not None else await self._resolve(name, alias or LATEST)
        return await self.view(await self._existing_version(name, number))

    async def download(self, name: str, version: int) -> Download:
        """A link that ends by itself; the bytes come from the object store, which answers ranges."""
        file = (await self.view(await self._existing_version(name, version))).file
        filename = f"{name}-v{version}.onnx"
        return Download(
            url=self._storage.presign_get(file.key, filename=filename),
            filename=filename,
            size_bytes=file.size_bytes,
            sha256=file.sha256,
        )

    async def set_alias(self, name: str, alias: str, version: int) -> Model:
        model = await self._locked(name)
        await self._existing_version(name, version)
        await self.aliases.set(model, alias, version)
        return await self.get(name)

    async def remove_alias(self, name: str, alias: str) -> Model:
        await self.aliases.remove(await self._locked(name), alias)
        return await self.get(name)

    async def annotate(self, name: str, note: str) -> Model:
        (await self._existing(name)).note = note
        return await self.get(name)

    async def annotate_version(self, name: str, version: int, note: str) -> ModelVersion:
        row = await self._existing_version(name, version)
        row.note = note
        return await self.view(row)

    async def delete_version(self, name: str, version: int) -> None:
        """Its number is not given out again; the file of an export stays with the export."""
        model = await self._locked(name)
        row = await self._existing_version(name, version)
        pointing = _pointing_at(row, await self._repository.aliases([name]))
        if pointing:
            raise VersionHasAlias(f"{name} v{version} is {', '.join(pointing)}: move or remove that first")
        await self._repository.forget_version(row)
        model.latest_version = await self._repository.latest(name)
        if row.origin == "upload":
            await self._trash.add(row.file["key"])

    async def delete(self, name: str) -> None:
        model = await self._locked(name)
        await self._discard(await self._repository.uploaded_of_model(name))
        await self._repository.forget_model(model)

    async def forget_project(self, project_id: UUID) -> None:
        await self._discard(await self._repository.uploaded_of_project(project_id))
        await self._repository.delete_project(project_id)

    async def view(self, row: VersionRow) -> ModelVersion:
        return row.view(_pointing_at(row, await self._repository.aliases([row.model])))

    async def _discard(self, keys: Sequence[str]) -> None:
        for key in keys:
            await self._trash.add(key)

    async def _ensured(self, name: str, new: NewVersion) -> ModelRow:
        model = await self._repository.ensure(name, new.project_id, new.task)
        _require_fitting(model, new.project_id, new.task)
        return model

    async def _add_version(self, model: ModelRow, new: NewVersion) -> VersionRow:
        model.last_number += 1
        model.latest_version = model.last_number
        row = new.row(model)
        await self._repository.add(row)
        registered = ModelRegistered(
            model=row.model,
            version=row.version,
            run_id=row.run_id,
            export_id=row.export_id,
            project_id=row.project_id,
        )
        await self._outbox.add(registered)
        return row

    async def _resolve(self, name: str, alias: str) -> int:
        model = await self._existing(name)
        if alias != LATEST:
            return await self.aliases.resolve(name, alias)
        if model.latest_version == 0:
            raise VersionNotFound(f"{name} has no version any more")
        return model.latest_version

    async def _existing(self, name: str) -> ModelRow:
        return _there(name, await self._repository.get(name))

    async def _locked(self, name: str) -> ModelRow:
        """So that no alias is set to a version that goes at the same moment."""
        return _there(name, await self._repository.lock(name))

    async def _existing_version(self, name: str, version: int) -> VersionRow:
        row = await self._repository.version(name, version)
        if row is None:
            await self._existing(name)
            raise VersionNotFound(f"{name} has no version {version}")
        return row


def _name(text: str) -> str:
    if slug(text) != text:
        raise ValueError("not a name of ours")
    return text


def _there(name: str, row: ModelRow | None) -> ModelRow:
    if row is None:
        raise ModelNotFound(_unknown(name))
    return row


def _unknown(name: str) -> str:
    return f"there is no model named {name}"


def _require_fitting(model: ModelRow, project_id: UUID, task: str) -> None:
    if model.project_id != project_id:
        raise ModelNameIsTaken(f"another project has a model named {model.name}; choose another name")
    if model.task != task:
        raise ModelIsOfAnotherTask(f"{model.name} is a model for {model.task}; choose another name")


def _view(row: ModelRow, aliases: Sequence[AliasRow]) -> Model:
    return Model(
        name=row.name,
        project_id=row.project_id,
        task=row.task,
        latest_version=row.latest_version,
        aliases={each.alias: each.version for each in aliases if each.model == row.name},
        note=row.note,
        created_at=row.created_at,
    )


def _pointing_at(row: VersionRow, aliases: Sequence[AliasRow]) -> tuple[str, ...]:
    return tuple(each.alias for each in aliases if (each.model, each.version) == (row.model, row.version))
