"""Tables of the evaluator: evaluations, and what became of each sample."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Index, Text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from libs.common.contracts.base import now
from libs.common.contracts.evaluations import Evaluable, Evaluation, EvaluationState, EvaluationSummary
from libs.common.contracts.packages import DataSource
from libs.common.contracts.reports import EvaluationReport
from libs.common.contracts.results import SampleResult
from libs.common.db import COLUMN_TYPES, room_metadata

NO_LOSS = float("-inf")


class Model(DeclarativeBase):
    metadata = room_metadata("evaluator")
    type_annotation_map = COLUMN_TYPES


class EvaluationRow(Model):
    """`model` is the Evaluable it is about, kept whole: it says which data, package and run."""

    __tablename__ = "evaluations"
    __table_args__ = (Index(None, "run_id", "id"), Index(None, "project_id"))

    id: Mapped[UUID] = mapped_column(primary_key=True)
    run_id: Mapped[UUID]
    project_id: Mapped[UUID]
    job_id: Mapped[UUID]
    model: Mapped[dict[str, Any]]
    subsets: Mapped[list[str]] = mapped_column(ARRAY(Text))
    state: Mapped[str] = mapped_column(default=EvaluationState.QUEUED.value)
    report: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    error_code: Mapped[str | None]
    error_detail: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(default=now)
    finished_at: Mapped[datetime | None]

    def view(self) -> Evaluation:
        report = EvaluationReport.model_validate(self.report) if self.report else None
        return Evaluation(**dict(self.summary()), report=report)

    def summary(self) -> EvaluationSummary:
        model = Evaluable.model_validate(self.model)
        return EvaluationSummary(
            id=self.id,
            run_id=self.run_id,
            run_name=model.run_name,
            experiment_id=model.experiment_id,
            project_id=self.project_id,
            task=model.task,
            checkpoint=model.checkpoint,
            package=model.package,
            data=DataSource.of(model.data),
            subsets=tuple(self.subsets),
            state=EvaluationState(self.state),
            job_id=self.job_id,
            metrics=self.report["metrics"] if self.report else {},
            error_code=self.error_code,
            error_detail=self.error_detail,
            created_at=self.created_at,
            finished_at=self.finished_at,
        )


class ResultRow(Model):
    """One sample of one evaluation; each sort has its index, so a page costs the same at any depth.

    `position` is the sample's place in the evaluation and the second key of every sort. A sample without a
    loss has -infinity there, so that keyset paging meets no NULL.
    """

    __tablename__ = "results"
    __table_args__ = (
        Index(None, "evaluation_id", "score", "position"),
        Index(None, "evaluation_id", "loss", "position"),
        Index(None, "evaluation_id", "name", "position"),
    )

    evaluation_id: Mapped[UUID] = mapped_column(
        ForeignKey(EvaluationRow.id, ondelete="CASCADE"), primary_key=True
    )
    position: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    sample_id: Mapped[UUID]
    name: Mapped[str]
    subset: Mapped[str]
    correct: Mapped[bool | None]
    score: Mapped[float]
    loss: Mapped[float]
    labels: Mapped[list[str]] = mapped_column(ARRAY(Text))
    truth: Mapped[list[Any]] = mapped_column(JSONB)
    prediction: Mapped[dict[str, Any]]

    def view(self) -> SampleResult:
        return SampleResult.model_validate(
            {
                "sample_id": self.sample_id,
                "name": self.name,
                "subset": self.subset,
                "correct": self.correct,
                "score": self.score,
                "loss": None if self.loss == NO_LOSS else self.loss,
                "truth": self.truth,
                "prediction": self.prediction,
            }
        )
