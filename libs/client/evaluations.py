"""Evaluations of the SDK."""

from collections.abc import Iterator, Sequence
from uuid import UUID

from libs.client.transport import Transport
from libs.client.waiting import ENDED, until, watched
from libs.common.contracts.base import Page
from libs.common.contracts.evaluations import Evaluation, EvaluationSummary
from libs.common.contracts.jobs import Job
from libs.common.contracts.results import Agreement, EvaluationComparison, ResultSort, SampleResult


class Evaluations:
    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def create(
        self,
        run_id: UUID,
        *,
        checkpoint: str = "best",
        subsets: Sequence[str] = ("test",),
        batch_size: int | None = None,
        device: str | None = None,
    ) -> Evaluation:
        """Without a device any that is free is taken."""
        body = {"checkpoint": checkpoint, "subsets": list(subsets)}
        chosen = {"batch_size": batch_size, "device": device}
        body |= {name: value for name, value in chosen.items() if value is not None}
        return self._transport.post(Evaluation, f"/v1/runs/{run_id}/evaluations", body)

    def list(
        self, run_id: UUID | None = None, *, project: UUID | None = None, state: str | None = None
    ) -> Iterator[EvaluationSummary]:
        """The newest first."""
        query = {"run": run_id, "project": project, "state": state}
        return self._transport.pages(EvaluationSummary, "/v1/evaluations", query)

    def page(
        self,
        run_id: UUID | None = None,
        *,
        project: UUID | None = None,
        state: str | None = None,
        limit: int = 50,
        cursor: str | None = None,
    ) -> Page[EvaluationSummary]:
        query = {"run": run_id, "project": project, "state": state, "limit": limit, "cursor": cursor}
        return self._transport.get(Page[EvaluationSummary], "/v1/evaluations", query)

    def get(self, evaluation_id: UUID) -> Evaluation:
        return self._transport.get(Evaluation, f"/v1/evaluations/{evaluation_id}")

    def job(self, evaluation: EvaluationSummary) -> Job:
        """How far it is, and on which device."""
        return self._transport.get(Job, f"/v1/jobs/{evaluation.job_id}")

    def cancel(self, evaluation_id: UUID) -> Job:
        """Ends its job; the evaluation stays, as cancelled."""
        return self._transport.post(Job, f"/v1/jobs/{self.get(evaluation_id).job_id}/cancel")

    def wait(self, evaluation_id: UUID, *, timeout_seconds: float = 3600) -> Evaluation:
        return until(
            lambda: self.get(evaluation_id), lambda it: it.state in ENDED, timeout_seconds, "the evaluation"
        )

    def watch(
        self, evaluation_id: UUID, *, timeout_seconds: float = 86400, every_seconds: float = 0.5
    ) -> Iterator[tuple[Evaluation, Job]]:
        """Again and again with how far its job is, until it has ended."""
        again = watched(lambda: self.get(evaluation_id), timeout_seconds, every_seconds, "the evaluation")
        for found in again:
            yield found, self.job(found)

    def wait_for_run(self, run_id: UUID, *, timeout_seconds: float = 3600) -> Evaluation:
        """The run's newest evaluation, which may be still to come."""
        ended = until(
            lambda: next(self.list(run_id), None),
            lambda it: it.state in ENDED,
            timeout_seconds,
            "the evaluation",
        )
        return self.get(ended.id)

    def samples(
        self,
        evaluation_id: UUID,
        *,
        correct: bool | None = None,
        subset: str | None = None,
        label: str | None = None,
        predicted: str | None = None,
        q: str | None = None,
        sort: ResultSort = "score",
        limit: int = 50,
        cursor: str | None = None,
    ) -> Page[SampleResult]:
        """`label` is in the truth, `predicted` in the answer, `q` a part of the name."""
        query = {
            "correct": correct,
            "subset": subset,
            "class": label,
            "predicted": predicted,
            "q": q,
            "sort": sort,
            "limit": limit,
            "cursor": cursor,
        }
        return self._transport.get(Page[SampleResult], f"/v1/evaluations/{evaluation_id}/samples", query)

    def compare(
        self,
        left: UUID,
        right: UUID,
        *,
        agreement: Agreement | str | None = None,
        subset: str | None = None,
        label: str | None = None,
        sort: ResultSort = "score",
        limit: int = 50,
        cursor: str | None = None,
    ) -> EvaluationComparison:
        """How often which of the two was right, and a page of samples with both answers."""
        filters = {"agreement": agreement, "subset": subset, "label": label, "cursor": cursor}
        body = {"left": str(left), "right": str(right), "sort": sort, "limit": limit}
        body |= {name: value for name, value in filters.items() if value is not None}
        return self._transport.post(EvaluationComparison, "/v1/evaluations/compare", body)

    def delete(self, evaluation_id: UUID) -> None:
        """With all its results, at once, even while it runs."""
        self._transport.call(None, "DELETE", f"/v1/evaluations/{evaluation_id}")
