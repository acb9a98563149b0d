"""Settings of the exporter room."""

from typing import Annotated

from pydantic import Field

from libs.common.settings import RoomSettings


class Settings(RoomSettings):
    # Shards, manifests and packages kept on this node, so that the next job need not fetch them again.
    cache_bytes: Annotated[int, Field(ge=0)] = 20 * 2**30
    # What a model from elsewhere may take while it is read and tried out.
    import_memory_bytes: Annotated[int, Field(ge=2**30)] = 3 * 2**30
    import_cpu_seconds: Annotated[int, Field(ge=1)] = 300
