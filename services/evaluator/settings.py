"""Settings of the evaluator room."""

from typing import Annotated

from pydantic import Field

from libs.common.settings import RoomSettings


class Settings(RoomSettings):
    # Shards, manifests and packages kept on this node, so that the next job need not fetch them again.
    cache_bytes: Annotated[int, Field(ge=0)] = 20 * 2**30
    # How often results of deleted evaluations are looked for.
    sweep_seconds: Annotated[float, Field(gt=0)] = 30.0
