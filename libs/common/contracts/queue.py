"""The queue as people see it: who runs, who waits for what, who has ended, and how many may run at once."""

from typing import Annotated
from uuid import UUID

from pydantic import AwareDatetime, Field, model_validator

from libs.common.contracts.base import Page, PageQuery, Request, View, Within
from libs.common.contracts.jobs import Job, JobState, Kind, Pool
from libs.common.contracts.runs import DeviceWish

AtOnce = Annotated[int, Field(ge=1, le=8)]


class QueueEntry(Job):
    """`needs` are capabilities of a worker. `position` counts what waits, from 1."""

    needs: tuple[str, ...] = ()
    run_id: UUID | None = None
    experiment_id: UUID | None = None
    position: int | None = None
    waits_for: str = ""
    starts_at: AwareDatetime | None = Field(
        default=None,
        description="Estimated; given only where all that runs and waits before it can be estimated.",
    )


class QueueSettings(View):
    """How many training runs go on at once, on all nodes together. Lower limits end nothing that runs."""

    max_running: AtOnce | None = Field(default=None, description="Null: one run on each device.")
    max_running_by_pool: dict[Pool, AtOnce] = Field(default={}, description="A pool left out has no limit.")
    is_paused: bool = Field(default=False, description="A paused queue starts no run.")


class DeviceNeeds(View):
    """What a worker must offer to take a job that is to run on a device."""

    needs: tuple[str, ...]


class RequireDevice(Request[DeviceNeeds], subject="svc.trainer.device.require"):
    """Refused where no worker that does such jobs ever had the device."""

    device: DeviceWish
    kind: Kind


class ListQueue(Request[tuple[QueueEntry, ...]], subject="svc.trainer.queue.list"):
    """What runs, then what waits, in the order in which it will be taken; places count everybody's."""

    limit: Annotated[int, Field(ge=1, le=1000)] = 200
    within: Within = None


class ListQueueHistory(Request[Page[QueueEntry]], subject="svc.trainer.queue.history"):
    """What has ended, the last first; `since` and `until` bound when it ended."""

    project_id: UUID | None = None
    kind: Kind | None = None
    state: JobState | None = None
    since: AwareDatetime | None = None
    until: AwareDatetime | None = None
    within: Within = None
    query: PageQuery = PageQuery()


class Place(View):
    """Exactly one of the two: the waiting job to stand right before, or right after."""

    before: UUID | None = None
    after: UUID | None = None

    @model_validator(mode="after")
    def _one_neighbour(self) -> "Place":
        if (self.before is None) == (self.after is None):
            raise ValueError("name one neighbour: before or after")
        return self


class MoveJob(Request[Job], subject="svc.trainer.queue.move"):
    """Jobs are named by their own id or by that of the run they train, neighbours too."""

    job_id: UUID
    place: Place


class RemoveFromQueue(Request[Job], subject="svc.trainer.queue.remove"):
    """A waiting job ends at once, a running one as soon as its worker hears of it."""

    job_id: UUID


class GetQueueSettings(Request[QueueSettings], subject="svc.trainer.queue.settings"):
    pass


class ChangeQueueSettings(Request[QueueSettings], subject="svc.trainer.queue.change"):
    """Only the fields that `changed` names; the others stay as they are."""

    settings: QueueSettings
    changed: tuple[str, ...]
