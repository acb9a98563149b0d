"""Experiments and jobs of the SDK."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from libs.client.transport import Transport
from libs.common.contracts.experiments import Experiment
from libs.common.contracts.jobs import Job


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


class Jobs:
    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def list(self, *, project: UUID | None = None, state: str | None = None) -> Iterator[Job]:
        return self._transport.pages(Job, "/v1/jobs", {"project": project, "state": state})

    def get(self, job_id: UUID) -> Job:
        return self._transport.get(Job, f"/v1/jobs/{job_id}")

    def cancel(self, job_id: UUID) -> Job:
        return self._transport.post(Job, f"/v1/jobs/{job_id}/cancel")
