"""Tables of the evaluator: evaluations, what became of each sample, and what samples are picked by."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, BigInteger, Index, LargeBinary, Text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from libs.common.contracts.base import now
from libs.common.contracts.evaluations import Evaluable, Evaluation, EvaluationState, EvaluationSummary
from libs.common.contracts.packages import DataSource
from libs.common.contracts.reports import EvaluationReport
from libs.common.contracts.results import Answered, SampleResult
from libs.common.db import COLUMN_TYPES, room_metadata


class Model(DeclarativeBase):
    metadata = room_metadata("evaluator")
    type_annotation_map = COLUMN_TYPES


class EvaluationRow(Model):
    """`model` is the Evaluable it is about, kept whole: it says which data, package and run."""

    __tablename__ = "evaluations"
    __table_args__ = (Index(None, "run_id", "id"), Index(None, "project_id", "id"))

    id: Mapped[UUID] = mapped_column(primary_key=True)
    run_id: Mapped[UUID]
    project_id: Mapped[UUID]
    job_id: Mapped[UUID]
    model: Mapped[dict[str, Any]]
    subsets: Mapped[list[str]] = mapped_column(ARRAY(Text))
    batch_size: Mapped[int | None]
    device: Mapped[str | None]
    state: Mapped[str] = mapped_column(default=EvaluationState.QUEUED.value)
    # As it was written: metrics stay in the order in which the task tells them.
    report: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    error_code: Mapped[str | None]
    error_detail: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(default=now)
    finished_at: Mapped[datetime | None]

    @property
    def task(self) -> str:
        return self.model["task"]

    @property
    def run_name(self) -> str:
        return self.model["run_name"]

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
            batch_size=self.batch_size,
            device=self.device,
            state=EvaluationState(self.state),
            job_id=self.job_id,
            metrics=self.report["metrics"] if self.report else {},
            error_code=self.error_code,
            error_detail=self.error_detail,
            created_at=self.created_at,
            finished_at=self.finished_at,
        )


class ResultRow(Model):
    """One sample of one evaluation, found by its place in it alone: which are wanted, the columns say.

    Of no foreign key: a million rows go after their evaluation, not with it.
    """

    __tablename__ = "results"

    evaluation_id: Mapped[UUID] = mapped_column(primary_key=True)
    position: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    sample_id: Mapped[UUID]
    name: Mapped[str]
    subset: Mapped[str]
    correct: Mapped[bool | None]
    score: Mapped[float]
    loss: Mapped[float | None]
    confidence: Mapped[float | None]
    truth: Mapped[list[Any]] = mapped_column(JSONB)
    prediction: Mapped[dict[str, Any]]

    def view(self) -> SampleResult:
        return SampleResult.model_validate(self, from_attributes=True)

    def answer(self) -> Answered:
        return Answered.model_validate(self, from_attributes=True)


class ColumnRow(Model):
    """What is alike of all samples of an evaluation, packed, in parts that the database can hold."""

    __tablename__ = "columns"

    evaluation_id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(primary_key=True)
    part: Mapped[int] = mapped_column(primary_key=True)
    data: Mapped[bytes] = mapped_column(LargeBinary)


class LeftoverRow(Model):
    """An evaluation that was deleted, some of whose results may still be there."""

    __tablename__ = "leftovers"

    evaluation_id: Mapped[UUID] = mapped_column(primary_key=True)
