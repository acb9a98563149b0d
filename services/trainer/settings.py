"""Settings of the trainer room."""

from datetime import timedelta
from typing import Annotated

from pydantic import Field

from libs.common.contracts.retention import AlertLimits
from libs.common.jobs import LEASE_SECONDS
from libs.common.settings import Block, RoomSettings

Share = Annotated[float, Field(gt=0, lt=1)]


class NodeLimits(Block):
    """How often machines tell how they are, when they count as away, and how long what they told stays."""

    reading_seconds: Annotated[float, Field(gt=0)] = 2.0
    away_seconds: Annotated[float, Field(gt=0)] = 30.0
    # One reading for each ten seconds, and then what is made of it for each five minutes.
    readings_days: Annotated[float, Field(gt=0)] = 2.0
    summaries_days: Annotated[float, Field(gt=0)] = 90.0

    @property
    def away_after(self) -> timedelta:
        return timedelta(seconds=self.away_seconds)

    @property
    def readings_kept(self) -> timedelta:
        return timedelta(days=self.readings_days)

    @property
    def summaries_kept(self) -> timedelta:
        return timedelta(days=self.summaries_days)


class AlertSettings(AlertLimits):
    """Limits as long as nobody changes them, and how far below one a value is to fall to count as well."""

    temperature_margin_celsius: Annotated[float, Field(ge=0)] = 3.0
    memory_margin_share: Share = 0.03


class Settings(RoomSettings):
    # A worker that is not heard of for so long has lost its job; it beats six times in this time.
    lease_seconds: Annotated[float, Field(gt=0)] = LEASE_SECONDS
    # How often a run is taken up: a lost worker or an object store that is away costs one.
    max_attempts: Annotated[int, Field(ge=1)] = 5
    # How long replaced checkpoints stay, for those who read them just now.
    sweep_grace_seconds: Annotated[float, Field(ge=0)] = 600.0
    # How often it is looked for points to archive, and for logs and checkpoints whose time is over.
    archive_seconds: Annotated[float, Field(gt=0)] = 300.0
    nodes: NodeLimits = NodeLimits()
    alerts: AlertSettings = AlertSettings()
