"""Deployments with their slots and the versions in them, as the rest of the room sees them."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, Select, and_, select
from sqlalchemy.orm import aliased

from libs.common.contracts.deployments import ServingSettings
from libs.common.contracts.models import ModelVersion
from services.inference.models import DeploymentRow, RevisionRow, SlotRow

# The last is None where nothing is served; SQLAlchemy's types do not know of outer joins.
Found = tuple[DeploymentRow, SlotRow, RevisionRow, RevisionRow]


@dataclass(frozen=True)
class Wish:
    """A version as it is to be run."""

    revision: int
    version: ModelVersion
    settings: ServingSettings

    @classmethod
    def of(cls, row: RevisionRow) -> "Wish":
        return cls(
            row.revision,
            ModelVersion.model_validate(row.version),
            ServingSettings.model_validate(row.settings),
        )

    def is_of(self, version: ModelVersion) -> bool:
        return (self.version.model, self.version.version) == (version.model, version.version)

    def is_same(self, version: ModelVersion, settings: ServingSettings) -> bool:
        return self.is_of(version) and self.settings == settings


@dataclass(frozen=True)
class Slot:
    """One of Triton's models with what it should serve and what it does serve."""

    row: SlotRow
    desired: Wish
    serving: Wish | None

    @property
    def triton_model(self) -> str:
        """A canary has a name of its own, which no deployment can have: who names no version gets Triton's
        answer from the highest that is loaded, and that must not be one on trial."""
        return f"{self.row.deployment}_canary" if self.row.is_canary else self.row.deployment


@dataclass(frozen=True)
class Deployed:
    row: DeploymentRow
    main: Slot
    canary: Slot | None

    @property
    def name(self) -> str:
        return self.row.name

    @property
    def slots(self) -> tuple[Slot, ...]:
        return (self.main, self.canary) if self.canary else (self.main,)


def deployed() -> Select[*Found]:
    """One statement, so that no change falls between a row and its versions."""
    desired, serving = aliased(RevisionRow), aliased(RevisionRow)
    return (
        select(DeploymentRow, SlotRow, desired, serving)
        .join(SlotRow, SlotRow.deployment == DeploymentRow.name)
        .join(desired, _is_revision(desired, SlotRow.desired_revision))
        .outerjoin(serving, _is_revision(serving, SlotRow.serving_revision))
        .where(~DeploymentRow.is_deleted)
        .order_by(DeploymentRow.name, SlotRow.is_canary)
    )


def _is_revision(table: Any, revision: Any) -> Any:
    return and_(table.deployment == SlotRow.deployment, table.revision == revision)


def read(rows: Iterable[Row[*Found]]) -> list[Deployed]:
    """Of rows in their order: the main slot of each deployment comes before its canary."""
    found: dict[str, Deployed] = {}
    for row, slot, desired, serving in rows:
        each = Slot(slot, Wish.of(desired), Wish.of(serving) if serving else None)
        main = found[row.name].main if slot.is_canary else each
        found[row.name] = Deployed(row, main, each if slot.is_canary else None)
    return list(found.values())
