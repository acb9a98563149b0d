"""The registry: which name a model gets, its versions and aliases."""

import re
from collections.abc import Sequence
from uuid import UUID

from libs.common.contracts.base import Page, PageQuery
from libs.common.contracts.evaluations import Evaluable
from libs.common.contracts.models import Model, ModelRegistered, ModelVersion
from libs.common.db.outbox import Outbox
from libs.common.errors import BadInput
from libs.common.paging import after, page_of, whole_number
from services.exporter.errors import AliasIsReserved, ModelNameIsTaken, ModelNotFound, VersionNotFound
from services.exporter.models import AliasRow, ExportRow, ModelRow, VersionRow
from services.exporter.repository import Repository

LATEST = "latest"
LONGEST_NAME = 63


class Registry:
    def __init__(self, repository: Repository, outbox: Outbox) -> None:
        self._repository = repository
        self._outbox = outbox

    async def register(self, name: str, export: ExportRow) -> VersionRow:
        """The export as the next version of `name`; the version it already is when asked again."""
        task = Evaluable.model_validate(export.source).task
        model = await self._repository.ensure_model(name, export.project_id, task)
        if model.project_id != export.project_id:
            raise ModelNameIsTaken(f"another project has a model named {name}; choose another name")
        known = await self._repository.version_of_export(name, export.id)
        return known or await self._add_version(model, export)

    async def free_name(self, source: Evaluable) -> str:
        """What an export is registered as by itself; stays clear of the models of other projects."""
        name = slug(source.deployment or source.run_name)
        model = await self._repository.model(name)
        if model is None or model.project_id == source.project_id:
            return name
        tail = source.project_id.hex[-8:]
        return f"{name[: LONGEST_NAME - len(tail) - 1].rstrip('-')}-{tail}"

    async def list_models(self, project_id: UUID | None, query: PageQuery) -> Page[Model]:
        rows = await self._repository.page_models(project_id, after(query, _name), query.limit + 1)
        aliases = await self._repository.aliases([row.name for row in rows])
        return page_of(rows, query, lambda row: _view(row, aliases), lambda row: row.name)

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

    async def set_alias(self, name: str, alias: str, version: int) -> Model:
        if alias == LATEST:
            raise AliasIsReserved(f"{LATEST} always means the newest version")
        await self._existing_version(name, version)
        await self._repository.set_alias(name, alias, version)
        return await self.get(name)

    async def view(self, row: VersionRow) -> ModelVersion:
        return row.view(_pointing_at(row, await self._repository.aliases([row.model])))

    async def _add_version(self, model: ModelRow, export: ExportRow) -> VersionRow:
        model.latest_version += 1
        row = VersionRow(
            model=model.name,
            version=model.latest_version,
            run_id=export.run_id,
            export_id=export.id,
            project_id=export.project_id,
            task=model.task,
            file=export.file,
            card=export.card,
            parity=export.parity,
        )
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
        if alias == LATEST:
            return model.latest_version
        row = await self._repository.alias(name, alias)
        if row is None:
            raise VersionNotFound(f"no version of {name} is called {alias}")
        return row.version

    async def _existing(self, name: str) -> ModelRow:
        row = await self._repository.model(name)
        if row is None:
            raise ModelNotFound(f"there is no model named {name}")
        return row

    async def _existing_version(self, name: str, version: int) -> VersionRow:
        row = await self._repository.version(name, version)
        if row is None:
            await self._existing(name)
            raise VersionNotFound(f"{name} has no version {version}")
        return row


def slug(text: str) -> str:
    """A name of [a-z0-9-] that begins with a letter or digit; `model` where nothing is left of it."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:LONGEST_NAME].rstrip("-") or "model"


def _name(text: str) -> str:
    if slug(text) != text:
        raise ValueError("not a name of ours")
    return text


def _view(row: ModelRow, aliases: Sequence[AliasRow]) -> Model:
    return Model(
        name=row.name,
        project_id=row.project_id,
        task=row.task,
        latest_version=row.latest_version,
        aliases={each.alias: each.version for each in aliases if each.model == row.name},
        created_at=row.created_at,
    )


def _pointing_at(row: VersionRow, aliases: Sequence[AliasRow]) -> tuple[str, ...]:
    return tuple(each.alias for each in aliases if (each.model, each.version) == (row.model, row.version))
