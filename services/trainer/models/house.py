"""Tables of the whole house: what people have set, and the workers of all rooms."""

from datetime import datetime
from typing import Any

from sqlalchemy import Text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from libs.common.contracts.jobs import Pool
from services.trainer.models.model import Model


class SettingsRow(Model):
    """What people have changed of a section; of the rest the defaults hold."""

    __tablename__ = "settings"

    section: Mapped[str] = mapped_column(primary_key=True)
    changed: Mapped[dict[str, Any]]


class WorkerRow(Model):
    """A worker of any room that asked for work."""

    __tablename__ = "workers"

    id: Mapped[str] = mapped_column(primary_key=True)
    node: Mapped[str]
    device: Mapped[str | None]
    capabilities: Mapped[list[str]] = mapped_column(ARRAY(Text))
    kinds: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default="{}")
    last_seen_at: Mapped[datetime]

    @property
    def pool(self) -> str:
        """`cpu` or `gpu`; `any` for who has no device to itself."""
        if self.device is None:
            return "any"
        return (Pool.GPU if self.device.startswith("gpu") else Pool.CPU).value
