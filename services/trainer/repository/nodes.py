"""Machines: the last they told of themselves, and what their devices used for runs."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import any_, delete, func, literal, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.contracts.jobs import JobState
from libs.common.contracts.system import NodeReading
from libs.common.db.within import Within, is_within
from libs.common.jobs.model import JobRow
from services.trainer.models import NodeRow, RunEnergyRow, RunRow


class Nodes:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def get(self, name: str) -> NodeRow | None:
        return await self._session.get(NodeRow, name, populate_existing=True)

    async def lock(self, name: str) -> NodeRow | None:
        """Readings of one node are taken one after the other."""
        return await self._session.get(NodeRow, name, with_for_update=True, populate_existing=True)

    async def put(self, name: str, teller: str, at: datetime, reading: NodeReading) -> None:
        told = {"teller": teller, "told_at": at, "reading": reading.model_dump(mode="json")}
        statement = insert(NodeRow).values(name=name, **told)
        await self._session.execute(statement.on_conflict_do_update(index_elements=["name"], set_=told))

    async def all_nodes(self) -> Sequence[NodeRow]:
        statement = select(NodeRow).order_by(NodeRow.name)
        return (await self._session.scalars(statement, execution_options={"populate_existing": True})).all()

    async def silent_with_runs(self, before: datetime) -> Sequence[tuple[str, str]]:
        """Nodes that told nothing since then, each with the names of the runs that it is to work on."""
        statement = (
            select(NodeRow.name, RunRow.name)
            .join(JobRow, JobRow.node == NodeRow.name)
            .join(RunRow, RunRow.job_id == JobRow.id)
            .where(NodeRow.told_at < before, JobRow.state == JobState.RUNNING)
            .order_by(NodeRow.name, JobRow.started_at)
        )
        return [(node, run) for node, run in await self._session.execute(statement)]

    async def runs_at_work(self, within: Within) -> dict[str, UUID]:
        """By the key of the device that each has, `<node>/<device>`."""
        statement = (
            select(func.unnest(func.array_append(JobRow.also_devices, JobRow.device)), RunRow.id)
            .join(RunRow, RunRow.job_id == JobRow.id)
            .where(JobRow.state == JobState.RUNNING, *is_within(JobRow.project_id, within))
        )
        return {device: run_id for device, run_id in await self._session.execute(statement) if device}

    async def forget(self, before: datetime) -> Sequence[str]:
        """The names of those that told nothing since then."""
        statement = delete(NodeRow).where(NodeRow.told_at < before).returning(NodeRow.name)
        return (await self._session.scalars(statement)).all()

    async def add_energy(self, node: str, device: str, joules: float) -> None:
        """To the run that has the device; there may be none."""
        key = literal(f"{node}/{device}")
        at_work = (
            select(RunRow.id, literal(joules))
            .join(JobRow, RunRow.job_id == JobRow.id)
            .where(
                JobRow.state == JobState.RUNNING, or_(JobRow.device == key, key == any_(JobRow.also_devices))
            )
        )
        statement = insert(RunEnergyRow).from_select(["run_id", "joules"], at_work)
        await self._session.execute(
            statement.on_conflict_do_update(
                index_elements=["run_id"], set_={"joules": RunEnergyRow.joules + statement.excluded.joules}
            )
        )

    async def energy_joules(self, run_id: UUID) -> float | None:
        return await self._session.scalar(select(RunEnergyRow.joules).where(RunEnergyRow.run_id == run_id))
