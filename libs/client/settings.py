"""Settings of the house, by section."""

from collections.abc import Mapping
from typing import Any

from libs.client.transport import Transport
from libs.common.contracts.base import View
from libs.common.contracts.queue import QueueSettings
from libs.common.contracts.retention import AlertLimits, HistorySettings


class HouseSettings(View):
    queue: QueueSettings
    history: HistorySettings
    alerts: AlertLimits


class Settings:
    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def get(self) -> HouseSettings:
        return self._transport.get(HouseSettings, "/v1/settings")

    def change(self, **sections: Mapping[str, Any]) -> HouseSettings:
        """`change(history={"metrics_archived_after_days": 30})`; what is left out stays."""
        body = {section: dict(changes) for section, changes in sections.items()}
        return self._transport.call(HouseSettings, "PUT", "/v1/settings", body=body)
