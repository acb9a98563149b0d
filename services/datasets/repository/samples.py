"""SQL of samples: COPY in, keyset pages out."""

import json
import secrets
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.contracts.base import now
from libs.common.db.database import copy_records
from libs.common.ids import new_id
from services.datasets.handover import PackedSample
from services.datasets.labels import labels_of
from services.datasets.models import SampleRow, ShardRow

COLUMNS = (
    "id", "dataset_id", "since", "name", "sha256", "size_bytes", "width", "height", "media_type", "shard_id",
    "offset", "thumbnail_offset", "thumbnail_size_bytes", "hash", "language", "excerpt", "subset", "labels",
    "fields", "annotations", "created_at",
)  # fmt: skip


class SampleRepository:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def add_shard(self, row: ShardRow, version: int, samples: Iterable[PackedSample]) -> None:
        """A shard of the same bytes may be there already, from data that was removed again."""
        values = {"id": row.id, "dataset_id": row.dataset_id, "size_bytes": row.size_bytes}
        await self._session.execute(insert(ShardRow).values(values).on_conflict_do_nothing())
        created_at = now()
        records = (_record(sample, row, version, created_at) for sample in samples)
        await copy_records(self._session, SampleRow.metadata.tables["datasets.samples"], COLUMNS, records)

    async def get(self, sample_id: UUID, version: int | None = None) -> SampleRow | None:
        """As it is in the newest version that has it, or as it was in `version`."""
        statement = select(SampleRow).where(SampleRow.id == sample_id)
        if version is not None:
            statement = statement.where(in_version(version))
        return await self._session.scalar(statement.order_by(SampleRow.since.desc()).limit(1))

    async def digests(self, dataset_id: UUID) -> Sequence[str]:
        """SHA-256 of all that the newest version holds, sorted."""
        statement = select(SampleRow.sha256).where(
            SampleRow.dataset_id == dataset_id, SampleRow.until.is_(None)
        )
        # Byte by byte, whatever the collation of the database.
        return sorted((await self._session.scalars(statement)).all())

    async def taken(
        self, dataset_id: UUID, digests: Sequence[str], names: Sequence[str]
    ) -> tuple[set[str], set[str]]:
        """Those of the given contents and names that the newest version has."""
        newest = and_(SampleRow.dataset_id == dataset_id, SampleRow.until.is_(None))
        contents = select(SampleRow.sha256).where(newest, SampleRow.sha256.in_(digests))
        named = select(SampleRow.name).where(newest, SampleRow.name.in_(names))
        return set((await self._session.scalars(contents)).all()), set(
            (await self._session.scalars(named)).all()
        )

    async def some(self, dataset_id: UUID, version: int, count: int) -> Sequence[SampleRow]:
        """Others each time: digests lie in no order of meaning, so any stretch of them is a draw."""
        here = select(SampleRow).where(SampleRow.dataset_id == dataset_id, in_version(version))
        by_digest, start = here.order_by(SampleRow.sha256), secrets.token_hex(32)
        found = list(await self._session.scalars(by_digest.where(SampleRow.sha256 >= start).limit(count)))
        if len(found) < count:
            rest = by_digest.where(SampleRow.sha256 < start).limit(count - len(found))
            found += await self._session.scalars(rest)
        return found

    async def shards(self, dataset_id: UUID, version: int) -> Sequence[ShardRow]:
        """Those that hold a sample of the version."""
        used = select(SampleRow.shard_id).where(SampleRow.dataset_id == dataset_id, in_version(version))
        statement = select(ShardRow).where(ShardRow.dataset_id == dataset_id, ShardRow.id.in_(used))
        return (await self._session.scalars(statement.order_by(ShardRow.id))).all()


def in_version(version: int) -> ColumnElement[bool]:
    return and_(SampleRow.since <= version, or_(SampleRow.until.is_(None), SampleRow.until > version))


def _record(sample: PackedSample, shard: ShardRow, version: int, created_at: datetime) -> tuple[Any, ...]:
    annotations = f"[{','.join(each.model_dump_json() for each in sample.annotations)}]"
    return (
        new_id(), shard.dataset_id, version, sample.name, sample.sha256, sample.size_bytes, sample.width,
        sample.height, sample.media_type, shard.id, sample.offset, sample.thumbnail_offset,
        sample.thumbnail_size_bytes, sample.hash, sample.language, sample.excerpt, sample.subset,
        labels_of(sample.annotations), json.dumps(sample.fields), annotations, created_at,
    )  # fmt: skip
