"""Experiments and jobs of the SDK."""

from collections.abc import Iterator, Sequence
from typing import Any
from uuid import UUID

from libs.client.transport import Transport
from libs.common.contracts.base import Page
from libs.common.contracts.comparisons import Chosen, Comparison
from libs.common.contracts.experiments import Experiment, ExperimentSort, ExperimentSummary
from libs.common.contracts.jobs import Job
from libs.common.contracts.splits import OnLeaks


class Experiments:
    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def create(
        self,
        project_id: UUID,
        name: str,
        splits: UUID | Sequence[UUID],
        *,
        preset: str | None = None,
        config: dict[str, Any] | None = None,
        note: str = "",
        leaks: OnLeaks = "refuse",
    ) -> Experiment:
        """`config` holds only the knobs that differ from the preset or the task's defaults.

        Of several datasets one split each; `leaks="leave_out"` keeps what one of them holds out from being
        trained on by another.
        """
        chosen = [splits] if isinstance(splits, UUID) else splits
        data = {"split_ids": [str(each) for each in chosen], "leaks": leaks}
        body = {"name": name, "note": note, **data, "preset": preset, "config": config or {}}
        return self._transport.post(Experiment, f"/v1/projects/{project_id}/experiments", body)

    def list(
        self,
        project_id: UUID | None = None,
        *,
        q: str | None = None,
        state: str | None = None,
        task: str | None = None,
        sort: ExperimentSort = "-created",
    ) -> Iterator[ExperimentSummary]:
        """Of one project, or of all; `state` is that of the last run."""
        query = {"project": project_id, "q": q, "state": state, "task": task, "sort": sort}
        return self._transport.pages(ExperimentSummary, "/v1/experiments", query)

    def page(
        self,
        project_id: UUID | None = None,
        *,
        q: str | None = None,
        state: str | None = None,
        task: str | None = None,
        sort: ExperimentSort = "-created",
        limit: int = 50,
        cursor: str | None = None,
    ) -> Page[ExperimentSummary]:
        query = {"project": project_id, "q": q, "state": state, "task": task, "sort": sort}
        page = {"limit": limit, "cursor": cursor}
        return self._transport.get(Page[ExperimentSummary], "/v1/experiments", query | page)

    def get(self, experiment_id: UUID) -> Experiment:
        return self._transport.get(Experiment, f"/v1/experiments/{experiment_id}")

    def update(self, experiment_id: UUID, *, name: str | None = None, note: str | None = None) -> Experiment:
        changes = {key: value for key, value in {"name": name, "note": note}.items() if value is not None}
        return self._transport.call(Experiment, "PATCH", f"/v1/experiments/{experiment_id}", body=changes)

    def duplicate(
        self, experiment_id: UUID, *, name: str | None = None, config: dict[str, Any] | None = None
    ) -> Experiment:
        """Of the same data and config, except for what `config` says otherwise."""
        body = {"name": name, "config": config or {}}
        return self._transport.post(Experiment, f"/v1/experiments/{experiment_id}/duplicate", body)

    def compare(
        self,
        *,
        runs: Sequence[UUID] = (),
        experiments: Sequence[UUID] = (),
        chosen: Chosen = "best",
        keys: Sequence[str] = (),
        max_points: int = 500,
    ) -> Comparison:
        """Side by side; `keys` are the metrics whose curves are wanted."""
        wanted = {
            "runs": list(map(str, runs)),
            "experiments": list(map(str, experiments)),
            "chosen": chosen,
            "keys": list(keys),
            "max_points": max_points,
        }
        return self._transport.call(Comparison, "POST", "/v1/experiments/compare", body=wanted)

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
