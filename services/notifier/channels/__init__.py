"""The kinds of channels: what each must do, and which there are."""

from typing import Protocol

from services.notifier.channels.log import LogChannel
from services.notifier.notice import Notice


class Kind(Protocol):
    async def send(self, notice: Notice) -> None:
        """Returns when the channel has taken it; an error puts the whole fact off."""
        ...


KINDS: dict[str, Kind] = {"log": LogChannel()}
