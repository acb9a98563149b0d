"""Migrations of the notifier room: the channel and the deliveries of before there were rules."""

from alembic import command
from sqlalchemy import Connection, select, text
from sqlalchemy.schema import CreateSchema

from libs.common.contracts.channels import DeliveryState, Rule
from libs.common.db import Database
from libs.common.db.schema import alembic_config
from libs.common.ids import new_id
from services.notifier.app import SCHEMA
from services.notifier.models import ChannelRow, DeliveryRow

FIRST = """
    INSERT INTO notifier.deliveries (id, channel_id, fact_id, fact_type, occurred_at, severity, title, text, state,
        created_at)
    SELECT :delivery, id, :fact, 'run.failed', now(), 'error', 'Run “night” failed', 'full', 'sent', now()
    FROM notifier.channels
"""


async def test_the_log_goes_on_telling_what_it_told_and_keeps_what_it_has_told(database: Database) -> None:
    async with database.engine.begin() as connection:
        await connection.execute(CreateSchema("notifier"))
        await connection.run_sync(_to, "0001")
        await connection.execute(text("UPDATE notifier.channels SET facts = '[\"run.failed\"]'"))
        await connection.execute(text(FIRST), {"delivery": new_id(), "fact": new_id()})

    async with database.engine.begin() as connection:
        await connection.run_sync(_to, "head")

    async with database.transaction() as session:
        channel = await session.scalar(select(ChannelRow))
        delivery = await session.scalar(select(DeliveryRow))
    assert channel and delivery
    assert (channel.kind, channel.project_id, channel.is_active) == ("log", None, True)
    assert channel.ruled == (Rule(facts=("run.failed",)),)
    assert (delivery.state, delivery.attempts, delivery.sent_at) == (
        DeliveryState.SENT,
        1,
        delivery.created_at,
    )
    assert delivery.view().title == "Run “night” failed"

    async with database.engine.begin() as connection:
        await connection.run_sync(lambda sync: command.downgrade(alembic_config(sync, SCHEMA), "0001"))
        await connection.run_sync(_to, "head")


def _to(connection: Connection, revision: str) -> None:
    command.upgrade(alembic_config(connection, SCHEMA), revision)
