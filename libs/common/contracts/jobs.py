"""Jobs: any long work; its place in the queue, its lease, its progress, its end."""

from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

from pydantic import AwareDatetime, Field, StringConstraints

from libs.common.contracts.base import Fact, JobSpec, Page, PageQuery, Request, View, Within

Kind = Annotated[str, StringConstraints(pattern=r"^[a-z0-9_-]+(\.[a-z0-9_-]+)*$", max_length=100)]
Label = Annotated[str, StringConstraints(pattern=r"^[a-z0-9_.-]{1,100}$")]
Fraction = Annotated[float, Field(ge=0, le=1)]
Message = Annotated[str, StringConstraints(max_length=2000)]


class JobState(StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def is_final(self) -> bool:
        return self in (JobState.COMPLETED, JobState.FAILED, JobState.CANCELLED)


class Desired(StrEnum):
    """What the worker is asked to do: go on, end early and keep the result, or throw it away."""

    RUN = "run"
    STOP = "stop"
    CANCEL = "cancel"


class Pool(StrEnum):
    """What devices are counted by."""

    CPU = "cpu"
    GPU = "gpu"


class Job(View):
    """`device` is `<node>/gpu0`, `<node>/cpu` or None for work that needs no device."""

    id: UUID
    kind: str
    title: str
    project_id: UUID | None
    created_by: str | None
    state: JobState
    desired: Desired
    priority: int
    attempt: int
    max_attempts: int
    progress: float
    message: str
    error_code: str | None = None
    error_detail: str | None = None
    device: str | None = None
    node: str | None = None
    not_before: AwareDatetime | None = None
    created_at: AwareDatetime
    started_at: AwareDatetime | None = None
    finished_at: AwareDatetime | None = None


class WorkerIdentity(View):
    """Who asks for work: one slot of one process, with at most one device of its node."""

    id: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.:-]{1,200}$")]
    node: Label
    kinds: Annotated[tuple[Kind, ...], Field(min_length=1, max_length=50)]
    capabilities: Annotated[tuple[Label, ...], Field(max_length=50)] = ()
    device: Label | None = None

    @property
    def device_key(self) -> str | None:
        return f"{self.node}/{self.device}" if self.device else None

    @property
    def pool(self) -> Pool:
        return Pool.GPU if (self.device or "").startswith("gpu") else Pool.CPU


class Lease(View):
    """The right to do a job until `lease_seconds` after the last beat; all it writes carries the token."""

    job_id: UUID
    token: UUID
    attempt: int
    lease_seconds: float
    kind: str
    data: dict[str, Any]
    project_id: UUID | None
    device: str | None
    checkpoint: dict[str, Any] | None

    def spec(self) -> JobSpec:
        """The typed specification; raises KeyError for a kind this process does not know."""
        return JobSpec.registry[self.kind].model_validate(self.data)


class Beat(View):
    desired: Desired


class ClaimJob(Request[Lease | None], subject="svc.trainer.job.claim"):
    """The worker picks the token: asking again after a lost answer gives the same lease, not a second one."""

    worker: WorkerIdentity
    token: UUID


class BeatJob(Request[Beat], subject="svc.trainer.job.beat"):
    """`checkpoint` is handed to the next attempt; None leaves the one before."""

    job_id: UUID
    token: UUID
    progress: Fraction
    message: Message
    checkpoint: dict[str, Any] | None = None


class FinishJob(Request[Job], subject="svc.trainer.job.finish"):
    """Safe to repeat with the same token; StaleLease when the job was given to another worker."""

    job_id: UUID
    token: UUID
    result: dict[str, Any] | None = None


class FailJob(Request[Job], subject="svc.trainer.job.fail"):
    """Waits and tries again if `retryable` and attempts are left; a job asked to cancel ends cancelled."""

    job_id: UUID
    token: UUID
    code: Annotated[str, StringConstraints(min_length=1, max_length=100)]
    detail: Annotated[str, StringConstraints(max_length=8000)]
    retryable: bool = False


class ReleaseJob(Request[Job], subject="svc.trainer.job.release"):
    """A worker that shuts down gives its job back; the attempt does not count."""

    job_id: UUID
    token: UUID


class GetJob(Request[Job], subject="svc.trainer.job.get"):
    job_id: UUID


class ListJobs(Request[Page[Job]], subject="svc.trainer.job.list"):
    """Newest first."""

    project_id: UUID | None = None
    kind: Kind | None = None
    state: JobState | None = None
    within: Within = None
    query: PageQuery = PageQuery()


class CancelJob(Request[Job], subject="svc.trainer.job.cancel"):
    """A waiting job ends at once, a running one as soon as its worker hears of it."""

    job_id: UUID


class JobFailed(Fact, noun="job", past="failed"):
    """A job has ended for good without its result; the room whose kind it is tidies its own rows."""

    job_id: UUID
    kind: str
    spec: dict[str, Any]
    attempt: int
    code: str
    detail: str


class JobCancelled(Fact, noun="job", past="cancelled"):
    """It ended on request."""

    job_id: UUID
    kind: str
    spec: dict[str, Any]
    attempt: int
