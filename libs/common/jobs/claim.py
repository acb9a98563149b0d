"""The one statement that decides who gets which job: the first in order that fits the worker."""

from typing import Any, cast
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Float,
    Interval,
    Select,
    Table,
    Text,
    any_,
    bindparam,
    case,
    exists,
    func,
    literal_column,
    or_,
    select,
    union_all,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.contracts.jobs import JobState, Pool, WorkerIdentity
from libs.common.jobs.model import JobLimitRow, JobRow
from libs.common.jobs.needs import MOST_TOGETHER, followers

IN_ORDER = (JobRow.priority.desc(), JobRow.rank, JobRow.id)
JOB, LIMIT = cast(Table, JobRow.__table__), cast(Table, JobLimitRow.__table__)
# Spelled out, so that PostgreSQL sees without looking at values that its partial indexes serve.
QUEUED, RUNNING = (literal_column(f"'{state.value}'") for state in (JobState.QUEUED, JobState.RUNNING))
DEVICE = bindparam("device_key", type_=Text)
# As many of the worker's followers as the job takes.
FOLLOWERS = bindparam("followers", type_=ARRAY(Text))
ALSO = func.trim_array(
    FOLLOWERS,
    func.greatest(func.cardinality(FOLLOWERS) - JOB.c.num_devices + 1, 0),
    type_=ARRAY(Text),
)
NONE = literal_column("'{}'::text[]", ARRAY(Text))
TOKEN = bindparam("token", type_=JOB.c.token.type)


async def claim_next(
    session: AsyncSession, worker: WorkerIdentity, token: UUID, lease_seconds: float
) -> JobRow | None:
    """Exact only in turn, since it counts what runs. A token that has a job already gets that one again."""
    values: dict[str, Any] = {
        "kinds": list(worker.kinds),
        "capabilities": list(worker.capabilities),
        "device_key": worker.device_key,
        "followers": list(followers(worker.device_key or "", MOST_TOGETHER)),
        "pool": worker.pool.value,
        "node": worker.node,
        "worker": worker.id,
        "token": token,
        "lease_seconds": lease_seconds,
    }
    found = (await session.execute(CLAIM, values)).mappings().one_or_none()
    return JobRow(**found) if found else None


def are_free(devices: ColumnElement[Any]) -> ColumnElement[bool]:
    other = JOB.alias()
    has_one = or_(other.c.device == any_(devices), other.c.also_devices.overlap(devices))
    return ~exists().where(other.c.state == RUNNING, other.c.needs_device, has_one)


def _claim() -> CompoundSelect[Any]:
    """Made once: to put it together takes longer than to carry it out."""
    first = select(JOB.c.id).where(*_fits()).order_by(*IN_ORDER).limit(1).with_for_update(skip_locked=True)
    mine = JOB.alias()
    is_mine = (mine.c.token == TOKEN, mine.c.state == RUNNING)
    lease = bindparam("lease_seconds", type_=Float) * literal_column("interval '1 second'", Interval)
    taken = (
        update(JOB)
        .where(JOB.c.id == first.scalar_subquery(), ~exists().where(*is_mine))
        .values(
            state=RUNNING,
            token=TOKEN,
            attempt=JOB.c.attempt + 1,
            lease_expires_at=func.clock_timestamp() + lease,
            not_before=None,
            device=case((JOB.c.needs_device, DEVICE), else_=None),
            also_devices=case((JOB.c.needs_device, ALSO), else_=NONE),
            node=bindparam("node", type_=Text),
            worker=bindparam("worker", type_=Text),
            progress=0,
            message="",
            error_code=None,
            error_detail=None,
            started_at=func.coalesce(JOB.c.started_at, func.clock_timestamp()),
        )
        .returning(JOB)
        .cte("taken")
    )
    return union_all(select(taken), select(mine).where(*is_mine))


def _fits() -> tuple[ColumnElement[bool], ...]:
    has_device = DEVICE.is_not(None)
    return (
        JOB.c.state == QUEUED,
        JOB.c.kind == any_(bindparam("kinds", type_=ARRAY(Text))),
        JOB.c.needs.contained_by(bindparam("capabilities", type_=ARRAY(Text))),
        or_(JOB.c.not_before.is_(None), JOB.c.not_before <= func.clock_timestamp()),
        or_(~JOB.c.needs_device, has_device & are_free(func.array_append(ALSO, DEVICE))),
        JOB.c.kind.not_in(_held_back()),
    )


def _held_back() -> Select[str]:
    """The kinds of which none may start now in this pool: counted once, not for every job that waits."""
    running, pool = JOB.alias(), bindparam("pool", type_=Text)
    of_kind = select(func.count()).where(running.c.state == RUNNING, running.c.kind == LIMIT.c.kind)
    num_running = of_kind.correlate(LIMIT).scalar_subquery()
    in_pool = of_kind.where(_pool_of(running.c.device) == pool).correlate(LIMIT).scalar_subquery()
    return select(LIMIT.c.kind).where(
        or_(
            LIMIT.c.is_paused,
            LIMIT.c.max_running <= num_running,
            LIMIT.c.max_running_by_pool[pool].as_integer() <= in_pool,
        )
    )


def _pool_of(device: ColumnElement[Any]) -> ColumnElement[str]:
    """Of `<node>/gpu0`: what `WorkerIdentity.pool` says of the worker that has it."""
    return case((device.like("%/gpu%"), Pool.GPU.value), else_=Pool.CPU.value)


CLAIM = _claim()
