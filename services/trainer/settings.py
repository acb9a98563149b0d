"""Settings of the trainer room."""

from typing import Annotated

from pydantic import Field

from libs.common.jobs import LEASE_SECONDS
from libs.common.settings import RoomSettings


class Settings(RoomSettings):
    # A worker that is not heard of for so long has lost its job; it beats six times in this time.
    lease_seconds: Annotated[float, Field(gt=0)] = LEASE_SECONDS
    # How often a run is taken up: a lost worker or an object store that is away costs one.
    max_attempts: Annotated[int, Field(ge=1)] = 5
    # How long replaced checkpoints stay, for those who read them just now.
    sweep_grace_seconds: Annotated[float, Field(ge=0)] = 600.0
