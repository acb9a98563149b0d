"""Evaluations of the SDK."""

from collections.abc import Iterator, Sequence
from uuid import UUID

from libs.client.transport import Transport
from libs.client.waiting import ENDED, until
from libs.common.contracts.base import Page
from libs.common.contracts.evaluations import Evaluation, EvaluationSummary
from libs.common.contracts.results import SampleResult


class Evaluations:
    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def create(
        self, run_id: UUID, *, checkpoint: str = "best", subsets: Sequence[str] = ("test",)
    ) -> Evaluation:
        body = {"checkpoint": checkpoint, "subsets": list(subsets)}
        return self._transport.post(Evaluation, f"/v1/runs/{run_id}/evaluations", body)

    def list(self, run_id: UUID | None = None) -> Iterator[EvaluationSummary]:
        return self._transport.pages(EvaluationSummary, "/v1/evaluations", {"run": run_id})

    def get(self, evaluation_id: UUID) -> Evaluation:
        return self._transport.get(Evaluation, f"/v1/evaluations/{evaluation_id}")

    def wait(self, evaluation_id: UUID, *, timeout_seconds: float = 3600) -> Evaluation:
        return until(
            lambda: self.get(evaluation_id), lambda it: it.state in ENDED, timeout_seconds, "the evaluation"
        )

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
        sort: str = "score",
        limit: int = 50,
        cursor: str | None = None,
    ) -> Page[SampleResult]:
        query = {"correct": correct, "sort": sort, "limit": limit, "cursor": cursor}
        return self._transport.get(Page[SampleResult], f"/v1/evaluations/{evaluation_id}/samples", query)

    def delete(self, evaluation_id: UUID) -> None:
        self._transport.call(None, "DELETE", f"/v1/evaluations/{evaluation_id}")
