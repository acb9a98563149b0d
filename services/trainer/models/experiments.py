"""Tables of experiments and of the best that their runs have reached."""

import math
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, Text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from libs.common.contracts.base import now
from services.trainer.models.model import Model


class ExperimentRow(Model):
    """`config` is whole and resolved; `num_runs` also numbers the runs, and each counts as a change."""

    __tablename__ = "experiments"
    __table_args__ = (
        Index(None, "project_id", "id"),
        Index(None, "project_id", "name", "id"),
        Index(None, "project_id", "updated_at", "id"),
        Index(None, "name", "id"),
        Index(None, "updated_at", "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    project_id: Mapped[UUID]
    name: Mapped[str]
    note: Mapped[str] = mapped_column(default="")
    task: Mapped[str]
    config: Mapped[dict[str, Any]]
    data: Mapped[dict[str, Any]]
    dataset_names: Mapped[list[str]] = mapped_column(ARRAY(Text), default=list)
    num_runs: Mapped[int] = mapped_column(default=0)
    last_run_id: Mapped[UUID | None]
    created_by: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(default=now)
    updated_at: Mapped[datetime] = mapped_column(default=now)


class StandingRow(Model):
    """The best that the runs of an experiment have reached, so that a list sorts by it and reads no series.

    A row of its own, and the last one to be locked: who stores what runs measure holds their rows already.
    `best_rank` is the value, turned so that more is better; what has measured nothing comes last.
    """

    __tablename__ = "standings"
    __table_args__ = (
        Index(None, "project_id", "best_rank", "experiment_id"),
        Index(None, "best_rank", "experiment_id"),
    )

    experiment_id: Mapped[UUID] = mapped_column(
        ForeignKey(ExperimentRow.id, ondelete="CASCADE"), primary_key=True
    )
    project_id: Mapped[UUID]
    best_rank: Mapped[float] = mapped_column(default=-math.inf)
    best_key: Mapped[str | None]
    best_value: Mapped[float | None]
    best_run_id: Mapped[UUID | None]
