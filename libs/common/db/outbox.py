"""The outbox: a fact is a row in the same transaction as what it announces; the relay publishes it."""

import json
from typing import Any

from sqlalchemy import insert, text
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.bus.context import current_context
from libs.common.bus.subjects import token
from libs.common.contracts.base import Fact
from libs.common.db.platform import AggregateRow, OutboxRow
from libs.common.ids import new_id

MAX_FACT_BYTES = 512 * 2**10
WAITING = text("""
    SELECT count(*), coalesce(extract(epoch FROM max(clock_timestamp() - occurred_at)), 0)
    FROM platform.outbox WHERE published_at IS NULL
""")


class Outbox:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def add(self, fact: Fact, aggregate_id: object | None = None) -> None:
        """Announced when the transaction commits; facts about one thing arrive in the order of commits.

        The counter's row stays locked until then: whoever announces several things keeps one order.
        """
        aggregate = fact.aggregate_id if aggregate_id is None else str(aggregate_id)
        payload = fact.model_dump(mode="json")
        _refuse_unpublishable(aggregate, payload)
        sequence = await self._next_version(f"{fact.noun}/{aggregate}")
        await self._session.execute(
            insert(OutboxRow).values(
                uuid=new_id(),
                type=fact.type_name(),
                schema_version=fact.schema_version,
                aggregate_id=aggregate,
                sequence=sequence,
                project_id=fact.project_id,
                payload=payload,
                headers=current_context().headers(),
            )
        )

    async def waiting(self) -> tuple[int, float]:
        """How many facts of all rooms are not published yet, and for how many seconds the first one."""
        number, seconds = (await self._session.execute(WAITING)).one()
        return number, float(seconds)

    async def _next_version(self, key: str) -> int:
        statement = (
            upsert(AggregateRow)
            .values(key=key, version=1)
            .on_conflict_do_update(index_elements=["key"], set_={"version": AggregateRow.version + 1})
            .returning(AggregateRow.version)
        )
        return (await self._session.execute(statement)).scalar_one()


def _refuse_unpublishable(aggregate_id: str, payload: dict[str, Any]) -> None:
    """Here and not in the relay, where one such fact would hold up all that follow."""
    token(aggregate_id)
    size_bytes = len(json.dumps(payload))
    if size_bytes > MAX_FACT_BYTES:
        raise ValueError(
            f"a fact of {size_bytes} bytes; {MAX_FACT_BYTES} are allowed, keep the rest in storage"
        )
