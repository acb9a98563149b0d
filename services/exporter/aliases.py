"""Aliases: names that people move from version to version; `latest` moves by itself."""

from libs.common.contracts.models import ModelAliased
from libs.common.db.outbox import Outbox
from services.exporter.errors import AliasIsReserved, AliasNotFound, VersionNotFound
from services.exporter.models import AliasRow, ModelRow
from services.exporter.repository.models import ModelRepository

LATEST = "latest"


class Aliases:
    """Callers hold the model's lock where they change something."""

    def __init__(self, repository: ModelRepository, outbox: Outbox) -> None:
        self._repository = repository
        self._outbox = outbox

    async def set(self, model: ModelRow, alias: str, version: int) -> None:
        """Nothing is announced where it points there already."""
        if alias == LATEST:
            raise AliasIsReserved(f"{LATEST} always means the newest version")
        row = await self._repository.alias(model.name, alias)
        if row is not None and row.version == version:
            return
        row = row or AliasRow(model=model.name, alias=alias)
        row.version = version
        await self._repository.add(row)
        await self._announce(model, alias, version)

    async def remove(self, model: ModelRow, alias: str) -> None:
        if alias == LATEST:
            raise AliasIsReserved(f"{LATEST} always means the newest version")
        row = await self._repository.alias(model.name, alias)
        if row is None:
            raise AliasNotFound(f"no version of {model.name} is called {alias}")
        await self._repository.remove(row)
        await self._announce(model, alias, None)

    async def resolve(self, name: str, alias: str) -> int:
        row = await self._repository.alias(name, alias)
        if row is None:
            raise VersionNotFound(f"no version of {name} is called {alias}")
        return row.version

    async def _announce(self, model: ModelRow, alias: str, version: int | None) -> None:
        fact = ModelAliased(model=model.name, alias=alias, version=version, project_id=model.project_id)
        await self._outbox.add(fact)
