"""The outbox: a fact is a row in the same transaction as what it announces; the relay publishes it."""

from sqlalchemy import insert
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.contracts.base import Fact
from libs.common.db.platform import AggregateRow, OutboxRow
from libs.common.ids import new_id


class Outbox:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def add(self, fact: Fact, aggregate_id: object | None = None) -> None:
        """Announced when the transaction commits; facts about one thing arrive in the order of commits.

        The counter's row stays locked until then: whoever announces several things keeps one order.
        """
        aggregate = fact.aggregate_id if aggregate_id is None else str(aggregate_id)
        sequence = await self._next_version(f"{fact.noun}/{aggregate}")
        await self._session.execute(
            insert(OutboxRow).values(
                uuid=new_id(),
                type=fact.type_name(),
                schema_version=fact.version,
                aggregate_id=aggregate,
                sequence=sequence,
                project_id=fact.project_id,
                payload=fact.model_dump(mode="json"),
            )
        )

    async def _next_version(self, key: str) -> int:
        statement = (
            upsert(AggregateRow)
            .values(key=key, version=1)
            .on_conflict_do_update(index_elements=["key"], set_={"version": AggregateRow.version + 1})
            .returning(AggregateRow.version)
        )
        return (await self._session.execute(statement)).scalar_one()
