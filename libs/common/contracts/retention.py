"""How long what runs leave stays as it is, and what of a machine or the queue is worth an alert."""

from typing import Annotated

from pydantic import Field

from libs.common.contracts.base import Request, View

Days = Annotated[int, Field(ge=1, le=3650, json_schema_extra={"unit": "days"})]
Celsius = Annotated[float, Field(ge=20, le=150, json_schema_extra={"unit": "°C"})]
Share = Annotated[float, Field(gt=0, lt=1)]
Bytes = Annotated[int, Field(ge=0, json_schema_extra={"unit": "bytes"})]
Count = Annotated[int, Field(ge=1, le=1_000_000)]
Seconds = Annotated[float, Field(ge=10, le=30 * 86400, json_schema_extra={"unit": "s"})]


class HistorySettings(View):
    """Counted from the end of a run; without a number: for ever. What is archived reads as before."""

    metrics_archived_after_days: Days | None = Field(
        default=90, description="Then points leave the database for a file of their run in the object store."
    )
    logs_kept_days: Days | None = Field(default=None, description="Then a run's lines are deleted.")
    epoch_checkpoints_kept_days: Days | None = Field(
        default=None,
        description="Then `best` and `last` are left of a run's checkpoints, and what something was made of.",
    )


class AlertLimits(View):
    """From where something is worth an alert."""

    temperature_warning_celsius: Celsius = Field(default=85.0, description="A GPU or processor is so hot.")
    temperature_critical_celsius: Celsius = Field(default=95.0, description="It slows down, or is harmed.")
    disk_warning_share: Share = Field(default=0.1, description="So much of a disk is to stay free.")
    disk_critical_bytes: Bytes = Field(
        default=2 * 10**9, description="So little of it is free; 10⁹ are 1 GB."
    )
    memory_warning_share: Share = Field(default=0.95, description="So much of the memory is taken.")
    queue_waiting_seconds: Seconds | None = Field(
        default=6 * 3600.0,
        description="The first job that could start waits for so long; without a number: never mind.",
    )
    queue_stuck_seconds: Seconds | None = Field(
        default=300.0, description="Jobs wait for so long and no worker of their kind asks for any."
    )
    queue_waiting_jobs: Count | None = Field(default=1000, description="So many jobs wait.")


class GetHistorySettings(Request[HistorySettings], subject="svc.trainer.history.settings"):
    pass


class ChangeHistorySettings(Request[HistorySettings], subject="svc.trainer.history.change"):
    """Only the fields that `changed` names; the others stay as they are."""

    settings: HistorySettings
    changed: tuple[str, ...]


class GetAlertLimits(Request[AlertLimits], subject="svc.trainer.alert.limits"):
    pass


class ChangeAlertLimits(Request[AlertLimits], subject="svc.trainer.alert.change"):
    """Only the fields that `changed` names; the others stay as they are."""

    settings: AlertLimits
    changed: tuple[str, ...]
