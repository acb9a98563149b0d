"""The queue's tables: one row per job of any room, and limits per kind."""

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, Integer, Numeric, Sequence, Text, func, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from libs.common.contracts.jobs import Desired, Job, JobState, Lease
from libs.common.db.platform import PlatformTable
from libs.common.db.schema import PLATFORM

job_rank = Sequence("job_rank", metadata=PLATFORM.metadata)

QUEUED = text("state = 'queued'")
RUNNING = text("state = 'running'")
ENDED = text("finished_at IS NOT NULL")
ON_A_DEVICE = text("state = 'running' AND needs_device")


class JobRow(PlatformTable):
    """Order is (priority, rank); a running row holds a lease until `lease_expires_at`.

    `device` is the one it runs on, `also_devices` are those that follow it: `num_devices` in all.
    `token` outlives a requeue, so a worker that was only cut off for a while may still finish; only the next
    claim changes it.
    """

    __tablename__ = "job"
    __table_args__ = (
        CheckConstraint("state IN ('queued', 'running', 'completed', 'failed', 'cancelled')", name="state"),
        Index("ix_job_order", text("priority DESC"), "rank", "id", postgresql_where=QUEUED),
        Index("uq_job_device", "device", unique=True, postgresql_where=ON_A_DEVICE),
        Index("ix_job_lease", "lease_expires_at", postgresql_where=RUNNING),
        Index("ix_job_token", "token"),
        Index("ix_job_project", "project_id", "id"),
        Index("ix_job_ended", text("finished_at DESC"), text("id DESC"), postgresql_where=ENDED),
        Index("ix_job_project_ended", "project_id", "finished_at", "id", postgresql_where=ENDED),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[str]
    project_id: Mapped[UUID | None]
    title: Mapped[str]
    created_by: Mapped[str | None]
    spec: Mapped[dict[str, Any]]
    needs_device: Mapped[bool]
    needs: Mapped[list[str]] = mapped_column(ARRAY(Text))
    num_devices: Mapped[int] = mapped_column(Integer, server_default="1")
    priority: Mapped[int]
    rank: Mapped[Decimal] = mapped_column(Numeric, server_default=job_rank.next_value())
    state: Mapped[str] = mapped_column(server_default=JobState.QUEUED.value)
    desired: Mapped[str] = mapped_column(server_default=Desired.RUN.value)
    attempt: Mapped[int] = mapped_column(server_default="0")
    max_attempts: Mapped[int]
    not_before: Mapped[datetime | None]
    token: Mapped[UUID | None]
    lease_expires_at: Mapped[datetime | None]
    device: Mapped[str | None]
    also_devices: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=text("'{}'::text[]"))
    node: Mapped[str | None]
    worker: Mapped[str | None]
    progress: Mapped[float] = mapped_column(server_default="0")
    message: Mapped[str] = mapped_column(server_default="")
    checkpoint: Mapped[dict[str, Any] | None]
    result: Mapped[dict[str, Any] | None]
    error_code: Mapped[str | None]
    error_detail: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]

    def view(self) -> Job:
        return Job(
            **{name: getattr(self, name) for name in Job.model_fields if name not in ("state", "desired")},
            state=JobState(self.state),
            desired=Desired(self.desired),
        )

    def lease(self, lease_seconds: float) -> Lease:
        """What the worker that claimed this row is told."""
        assert self.token is not None
        return Lease(
            job_id=self.id,
            token=self.token,
            attempt=self.attempt,
            lease_seconds=lease_seconds,
            kind=self.kind,
            data=self.spec,
            project_id=self.project_id,
            device=self.device.rpartition("/")[2] if self.device else None,
            checkpoint=self.checkpoint,
        )


class JobLimitRow(PlatformTable):
    """What holds back jobs of a kind; None, a pool that is not named and a missing row mean: nothing."""

    __tablename__ = "job_limit"

    kind: Mapped[str] = mapped_column(primary_key=True)
    max_running: Mapped[int | None]
    max_running_by_pool: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'::jsonb"))
    is_paused: Mapped[bool] = mapped_column(server_default=text("false"))
