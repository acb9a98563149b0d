"""The queue of the SDK: order, limits, history."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from libs.client.settings import Settings
from libs.client.transport import Transport
from libs.common.contracts.base import Page, Step
from libs.common.contracts.jobs import Job
from libs.common.contracts.queue import QueueEntry, QueueSettings
from libs.common.contracts.runs import Run


class Queue:
    """Jobs are named by their own id or by that of the run they train."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self._settings = Settings(transport)

    def list(self, *, limit: int = 1000) -> tuple[QueueEntry, ...]:
        """What runs, then what waits, in the order in which it will start."""
        return self._transport.get(Page[QueueEntry], "/v1/queue", {"limit": limit}).items

    def add(
        self,
        experiment_id: UUID,
        *,
        then: tuple[Step | str, ...] = (),
        device: str = "auto",
        priority: int = 0,
    ) -> Run:
        body = {
            "experiment_id": str(experiment_id),
            "then": [str(step) for step in then],
            "device": device,
            "priority": priority,
        }
        return self._transport.post(Run, "/v1/queue", body)

    def move(self, job_id: UUID, *, before: UUID | None = None, after: UUID | None = None) -> Job:
        """Name one of the two."""
        place = {"before": before, "after": after}
        body = {side: str(neighbour) for side, neighbour in place.items() if neighbour}
        return self._transport.call(Job, "PATCH", f"/v1/queue/{job_id}", body=body)

    def remove(self, job_id: UUID) -> Job:
        """What waits is cancelled at once, what runs is asked to end."""
        return self._transport.call(Job, "DELETE", f"/v1/queue/{job_id}")

    def history_page(
        self,
        *,
        project: UUID | None = None,
        state: str | None = None,
        kind: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        limit: int = 50,
        cursor: str | None = None,
    ) -> Page[QueueEntry]:
        """What has ended, the last first."""
        query = {
            "project": project,
            "state": state,
            "kind": kind,
            "since": since and since.isoformat(),
            "until": until and until.isoformat(),
            "limit": limit,
            "cursor": cursor,
        }
        return self._transport.get(Page[QueueEntry], "/v1/queue/history", query)

    def history(self, **about: Any) -> Iterator[QueueEntry]:
        """The whole of it, page by page; takes what `history_page` takes."""
        cursor: str | None = None
        while True:
            page = self.history_page(**about, limit=200, cursor=cursor)
            yield from page.items
            if (cursor := page.next_cursor) is None:
                return

    def settings(self) -> QueueSettings:
        return self._settings.get().queue

    def limit(self, max_running: int | None) -> QueueSettings:
        """None: one run on each device."""
        return self._change({"max_running": max_running})

    def limit_pools(self, limits: Mapping[str, int]) -> QueueSettings:
        """A pool that is not named (`cpu`, `gpu`) has no limit then."""
        return self._change({"max_running_by_pool": dict(limits)})

    def pause(self) -> QueueSettings:
        """No run starts until `resume`; what runs goes on."""
        return self._change({"is_paused": True})

    def resume(self) -> QueueSettings:
        return self._change({"is_paused": False})

    def _change(self, changes: Mapping[str, Any]) -> QueueSettings:
        return self._settings.change(queue=changes).queue
