"""Settings of the notifier room: those that every room reads."""

from libs.common.settings import RoomSettings


class Settings(RoomSettings):
    pass
