"""Experiments, runs and jobs of the SDK."""

import time
from collections.abc import Generator, Iterator
from contextlib import closing
from typing import Any, cast
from uuid import UUID

import httpx
from httpx_sse import ServerSentEvent, connect_sse

from libs.client.transport import Transport, error_of
from libs.common.contracts.base import Page, Step
from libs.common.contracts.experiments import Experiment
from libs.common.contracts.jobs import Job
from libs.common.contracts.runs import Checkpoint, MetricSeries, Run, RunSummary
from libs.common.contracts.telemetry import LogLine
from libs.common.errors import TimedOut


class Experiments:
    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def create(
        self,
        project_id: UUID,
        name: str,
        split_id: UUID,
        *,
        preset: str | None = None,
        config: dict[str, Any] | None = None,
    ) -> Experiment:
        """`config` holds only the knobs that differ from the preset or the task's defaults."""
        body = {"name": name, "split_id": str(split_id), "preset": preset, "config": config or {}}
        return self._transport.post(Experiment, f"/v1/projects/{project_id}/experiments", body)

    def list(self, project_id: UUID) -> Iterator[Experiment]:
        return self._transport.pages(Experiment, f"/v1/projects/{project_id}/experiments")

    def get(self, experiment_id: UUID) -> Experiment:
        return self._transport.get(Experiment, f"/v1/experiments/{experiment_id}")

    def delete(self, experiment_id: UUID) -> None:
        self._transport.call(None, "DELETE", f"/v1/experiments/{experiment_id}")


class Runs:
    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def start(
        self,
        experiment_id: UUID,
        *,
        then: tuple[Step | str, ...] = (),
        device: str = "auto",
        priority: int = 0,
        deployment: str | None = None,
    ) -> Run:
        body = {"then": list(then), "device": device, "priority": priority, "deployment": deployment}
        return self._transport.post(Run, f"/v1/experiments/{experiment_id}/runs", body)

    def list(
        self, *, project: UUID | None = None, experiment: UUID | None = None, state: str | None = None
    ) -> Iterator[Run]:
        query = {"project": project, "experiment": experiment, "state": state}
        return self._transport.pages(Run, "/v1/runs", query)

    def get(self, run_id: UUID) -> Run:
        return self._transport.get(Run, f"/v1/runs/{run_id}")

    def stop(self, run_id: UUID) -> Run:
        return self._transport.post(Run, f"/v1/runs/{run_id}/stop")

    def cancel(self, run_id: UUID) -> Run:
        return self._transport.post(Run, f"/v1/runs/{run_id}/cancel")

    def resume(self, run_id: UUID) -> Run:
        return self._transport.post(Run, f"/v1/runs/{run_id}/resume")

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
            run = self.get(run_id)
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

    def logs(self, run_id: UUID, *, cursor: str | None = None) -> Page[LogLine]:
        return self._transport.get(Page[LogLine], f"/v1/runs/{run_id}/logs", {"cursor": cursor})

    def summary(self, run_id: UUID) -> RunSummary:
        return self._transport.get(RunSummary, f"/v1/runs/{run_id}/summary")

    def checkpoints(self, run_id: UUID) -> tuple[Checkpoint, ...]:
        return self._transport.get(tuple[Checkpoint, ...], f"/v1/runs/{run_id}/checkpoints")


class Jobs:
    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def list(self, *, project: UUID | None = None, state: str | None = None) -> Iterator[Job]:
        return self._transport.pages(Job, "/v1/jobs", {"project": project, "state": state})

    def get(self, job_id: UUID) -> Job:
        return self._transport.get(Job, f"/v1/jobs/{job_id}")

    def cancel(self, job_id: UUID) -> Job:
        return self._transport.post(Job, f"/v1/jobs/{job_id}/cancel")
