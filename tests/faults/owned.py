"""Whose the stored bytes are: every key that a row of any room speaks of, after each room has collected."""

from datetime import timedelta

from pydantic import SecretStr
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.room import Resources
from libs.common.settings import DatabaseSettings
from services.datasets.collecting import collect_once as collect_datasets
from services.datasets.repository.objects import ObjectRepository
from services.datasets.settings import Settings as DatasetsSettings
from services.exporter.collecting import collect_once as collect_exports
from services.exporter.settings import Settings as ExporterSettings
from services.inference.scoring import sweep_once as sweep_labelled
from tests.house import House

AT_ONCE = timedelta(0)
# Whole keys, and beginnings of keys, that rows name as they are stored.
NAMED = {
    "SELECT 'uploads/' || id FROM datasets.uploads",
    "SELECT resume FROM trainer.checkpoints WHERE resume IS NOT NULL",
    "SELECT key FROM trainer.log_files",
    "SELECT file ->> 'key' FROM exporter.exports WHERE file IS NOT NULL",
    "SELECT file ->> 'key' FROM exporter.versions",
    "SELECT key FROM exporter.imports",
}
NAMED_BELOW = {
    "SELECT package FROM trainer.checkpoints",
    "SELECT package FROM trainer.runs WHERE package IS NOT NULL",
    "SELECT prefix FROM datasets.trash",
    "SELECT prefix FROM exporter.trash",
}
SWEEPS_DUE = "SELECT count(*) FROM trainer.sweeps"


async def collect(house: House) -> None:
    """As the rooms do it from time to time, here at once: nothing is at work that would still need it."""
    settings = DatabaseSettings(url=SecretStr("not opened here"))
    eager = DatasetsSettings(database=settings, collect_grace_seconds=0)
    await collect_datasets(Resources("datasets", eager, house.bus, house.database, house.storage))
    exporter = Resources("exporter", ExporterSettings(), house.bus, house.database, house.storage)
    await collect_exports(exporter, AT_ONCE)
    await sweep_labelled(house.storage, AT_ONCE)


async def num_sweeps_due(house: House) -> int:
    """Of runs, which their room looks through by itself."""
    async with house.database.transaction() as session:
        return await session.scalar(text(SWEEPS_DUE)) or 0


async def unowned(house: House) -> list[str]:
    stored = {each.key for each in await house.storage.list_objects("")}
    async with house.database.transaction() as session:
        keys, prefixes = await _named(session)
    return sorted(key for key in stored - keys if not key.startswith(prefixes))


async def _named(session: AsyncSession) -> tuple[set[str], tuple[str, ...]]:
    keys = {key for query in NAMED for key in await session.scalars(text(query))}
    for dataset_id in await session.scalars(text("SELECT id FROM datasets.datasets")):
        keys |= await ObjectRepository(session).keys(dataset_id)
    prefixes = {prefix for query in NAMED_BELOW for prefix in await session.scalars(text(query))}
    return keys, tuple(prefixes)
