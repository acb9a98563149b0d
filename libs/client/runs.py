"""Runs of the SDK: start, follow, stop, and what they leave."""

import math
import time
from collections.abc import Generator, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, cast
from uuid import UUID

import httpx
from httpx_sse import ServerSentEvent, connect_sse

from libs.client.downloads import Progress, download
from libs.client.transport import Transport, error_of
from libs.client.waiting import patiently
from libs.common.contracts.base import Page, Step
from libs.common.contracts.checkpoints import Checkpoint, StartPoint
from libs.common.contracts.lineage import Lineage
from libs.common.contracts.measurements import LogPage, MetricSeries
from libs.common.contracts.runs import Run, RunSummary
from libs.common.contracts.telemetry import Level, LogLine
from libs.common.errors import TimedOut

# What was said last is stored a moment after the run has ended.
LAST_WORDS_SECONDS = 1.0


class Runs:
    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def start(
        self,
        experiment_id: UUID,
        *,
        then: tuple[Step | str, ...] = (),
        device: str | None = None,
        priority: int = 0,
        deployment: str | None = None,
        like: UUID | None = None,
        from_checkpoint: StartPoint | None = None,
    ) -> Run:
        """`like` repeats a run of this experiment, `from_checkpoint` begins with the weights of another;
        without a device any that is free is taken."""
        body: dict[str, Any] = {"then": list(then), "priority": priority}
        start = from_checkpoint and from_checkpoint.model_dump(mode="json")
        named = {
            "device": device,
            "deployment": deployment,
            "like": like and str(like),
            "from_checkpoint": start,
        }
        body |= {name: value for name, value in named.items() if value is not None}
        return self._transport.post(Run, f"/v1/experiments/{experiment_id}/runs", body)

    def list(
        self, *, project: UUID | None = None, experiment: UUID | None = None, state: str | None = None
    ) -> Iterator[Run]:
        query = {"project": project, "experiment": experiment, "state": state}
        return self._transport.pages(Run, "/v1/runs", query)

    def page(
        self,
        *,
        project: UUID | None = None,
        experiment: UUID | None = None,
        state: str | None = None,
        q: str | None = None,
        has_checkpoint: bool | None = None,
        limit: int = 50,
        cursor: str | None = None,
    ) -> Page[Run]:
        """Newest first; `q` is a part of the name."""
        query = {"project": project, "experiment": experiment, "state": state}
        query |= {"q": q, "has_checkpoint": has_checkpoint}
        return self._transport.get(Page[Run], "/v1/runs", query | {"limit": limit, "cursor": cursor})

    def get(self, run_id: UUID) -> Run:
        return self._transport.get(Run, f"/v1/runs/{run_id}")

    def stop(self, run_id: UUID) -> Run:
        return self._transport.post(Run, f"/v1/runs/{run_id}/stop")

    def cancel(self, run_id: UUID) -> Run:
        return self._transport.post(Run, f"/v1/runs/{run_id}/cancel")

    def resume(self, run_id: UUID) -> Run:
        return self._transport.post(Run, f"/v1/runs/{run_id}/resume")

    def delete(self, run_id: UUID) -> None:
        """With its curves, log and checkpoints; refused before it has ended."""
        self._transport.call(None, "DELETE", f"/v1/runs/{run_id}")

    def reproduce(self, run_id: UUID) -> Run:
        """Once more with the same config, data, seed and device; `warnings` say what cannot be the same."""
        run = self.get(run_id)
        return self.start(run.experiment_id, then=run.then, like=run.id)

    def wait(self, run_id: UUID, *, timeout_seconds: float = 86400) -> Run:
        """Until the run ended, whichever way."""
        for run in self.watch(run_id, timeout_seconds=timeout_seconds):
            if run.state.is_final:
                return run
        raise AssertionError("watch ends with a final state")

    def watch(
        self, run_id: UUID, *, timeout_seconds: float = 86400, every_seconds: float = 0.5
    ) -> Iterator[Run]:
        """The run as it changes, until it ended."""
        deadline = time.monotonic() + timeout_seconds
        last: Run | None = None
        while last is None or not last.state.is_final:
            run = patiently(lambda: self.get(run_id), deadline)
            if run != last:
                yield run
            last = run
            if time.monotonic() > deadline:
                raise TimedOut(f"run {run.name} is still {run.state}")
            if not run.state.is_final:
                time.sleep(every_seconds)

    def stream(self, run_id: UUID, *, after: str | None = None) -> Iterator[ServerSentEvent]:
        """Live telemetry as server-sent events; `after` is the id of the last event already seen."""
        headers = {"Last-Event-ID": after} if after else {}
        http: httpx.Client = self._transport.http
        with connect_sse(http, "GET", f"/v1/runs/{run_id}/stream", headers=headers, timeout=None) as source:
            if source.response.is_error:
                raise error_of(source.response)
            with closing(cast(Generator[ServerSentEvent], source.iter_sse())) as events:
                yield from events

    def metrics(
        self, run_id: UUID, *keys: str, since: int | None = None, max_points: int = 1000
    ) -> tuple[MetricSeries, ...]:
        query = {"key": list(keys) or None, "since": since, "max_points": max_points}
        return self._transport.get(tuple[MetricSeries, ...], f"/v1/runs/{run_id}/metrics", query)

    def logs(
        self,
        run_id: UUID,
        *,
        cursor: str | None = None,
        level: Level | None = None,
        tail: int | None = None,
    ) -> LogPage:
        """A page of lines, or the last ones; `seen` of the answer is the cursor for those to come."""
        query = {"cursor": cursor, "level": level, "tail": tail}
        return self._transport.get(LogPage, f"/v1/runs/{run_id}/logs", query)

    def follow(
        self,
        run_id: UUID,
        *,
        level: Level | None = None,
        tail: int | None = None,
        every_seconds: float = 0.5,
    ) -> Iterator[LogLine]:
        """Every line, or the last `tail`, and then each as it is said, until the run has ended."""
        page, last_words = self.logs(run_id, level=level, tail=tail), math.inf
        while True:
            yield from page.items
            if page.next_cursor is None:
                if not page.items and time.monotonic() > last_words:
                    return
                if last_words == math.inf and self.get(run_id).state.is_final:
                    last_words = time.monotonic() + LAST_WORDS_SECONDS
                time.sleep(every_seconds)
            page = self.logs(run_id, level=level, cursor=page.seen)

    def download_logs(self, run_id: UUID, path: Path, *, level: Level | None = None) -> Path:
        """All lines of all attempts, as text."""
        query = {"level": level} if level else {}
        with self._transport.http.stream("GET", f"/v1/runs/{run_id}/logs/text", params=query) as response:
            if response.is_error:
                response.read()
                raise error_of(response)
            with path.open("wb") as file:
                for chunk in response.iter_bytes():
                    file.write(chunk)
        return path

    def summary(self, run_id: UUID) -> RunSummary:
        return self._transport.get(RunSummary, f"/v1/runs/{run_id}/summary")

    def checkpoints(self, run_id: UUID) -> tuple[Checkpoint, ...]:
        return self._transport.get(tuple[Checkpoint, ...], f"/v1/runs/{run_id}/checkpoints")

    def delete_checkpoint(self, run_id: UUID, name: str) -> tuple[Checkpoint, ...]:
        """The others that are left."""
        path = f"/v1/runs/{run_id}/checkpoints/{name}"
        return self._transport.call(tuple[Checkpoint, ...], "DELETE", path)

    def download_checkpoint(
        self,
        run_id: UUID,
        name: str,
        folder: Path,
        *,
        with_state: bool = False,
        progress: Progress | None = None,
    ) -> Path:
        """`model.safetensors` and `model.json`; with the state that training goes on from, `resume.ckpt`."""
        folder.mkdir(parents=True, exist_ok=True)
        parts = {"card": "model.json", "weights": "model.safetensors"}
        parts |= {"state": "resume.ckpt"} if with_state else {}
        for part, filename in parts.items():
            path = f"/v1/runs/{run_id}/checkpoints/{name}?part={part}"
            download(self._transport, path, folder / filename, progress=progress)
        return folder

    def lineage(self, run_id: UUID) -> Lineage:
        """From its data to what answers with its model, as a graph."""
        return self._transport.get(Lineage, f"/v1/runs/{run_id}/lineage")
