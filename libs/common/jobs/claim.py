"""The one statement that decides who gets which job: the first in order that fits the worker."""

from uuid import UUID

from sqlalchemy import ColumnElement, Select, Update, case, exists, func, or_, select, update
from sqlalchemy.orm import InstrumentedAttribute, aliased

from libs.common.contracts.jobs import JobState, Pool, WorkerIdentity
from libs.common.jobs.model import JobLimitRow, JobRow

IN_ORDER = (JobRow.priority.desc(), JobRow.rank, JobRow.id)


def claim_next(worker: WorkerIdentity, token: UUID, lease_end: ColumnElement) -> Update:
    """Exact only under the claim lock, since it counts what runs."""
    first = (
        select(JobRow.id).where(*_fits(worker)).order_by(*IN_ORDER).limit(1).with_for_update(skip_locked=True)
    )
    return (
        update(JobRow)
        .where(JobRow.id == first.scalar_subquery())
        .values(
            state=JobState.RUNNING.value,
            token=token,
            attempt=JobRow.attempt + 1,
            lease_expires_at=lease_end,
            not_before=None,
            device=case((JobRow.needs_device, worker.device_key), else_=None),
            node=worker.node,
            worker=worker.id,
            progress=0,
            message="",
            error_code=None,
            error_detail=None,
            started_at=func.coalesce(JobRow.started_at, func.clock_timestamp()),
        )
        .returning(JobRow)
        .execution_options(synchronize_session=False, populate_existing=True)
    )


def is_free(device: str | None) -> ColumnElement[bool]:
    other = aliased(JobRow)
    return ~exists().where(other.state == JobState.RUNNING, other.needs_device, other.device == device)


def _fits(worker: WorkerIdentity) -> tuple[ColumnElement[bool], ...]:
    device = worker.device_key
    return (
        JobRow.state == JobState.QUEUED,
        JobRow.kind.in_(worker.kinds),
        JobRow.needs.contained_by(list(worker.capabilities)),
        or_(JobRow.not_before.is_(None), JobRow.not_before <= func.clock_timestamp()),
        or_(~JobRow.needs_device, is_free(device)) if device else ~JobRow.needs_device,
        JobRow.kind.not_in(_held_back(worker.pool)),
    )


def _held_back(pool: str) -> Select[str]:
    """The kinds of which none may start now in this pool: counted once, not for every job that waits."""
    running = aliased(JobRow)
    of_kind = select(func.count()).where(running.state == JobState.RUNNING, running.kind == JobLimitRow.kind)
    num_running = of_kind.correlate(JobLimitRow).scalar_subquery()
    in_pool = of_kind.where(pool_of(running.device) == pool).correlate(JobLimitRow).scalar_subquery()
    return select(JobLimitRow.kind).where(
        or_(
            JobLimitRow.is_paused,
            JobLimitRow.max_running <= num_running,
            JobLimitRow.max_running_by_pool[pool].as_integer() <= in_pool,
        )
    )


def pool_of(device: InstrumentedAttribute[str | None]) -> ColumnElement[str]:
    """Of `<node>/gpu0`: what `WorkerIdentity.pool` says of the worker that has it."""
    return case((device.like("%/gpu%"), Pool.GPU.value), else_=Pool.CPU.value)
