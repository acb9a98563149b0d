"""Settings of a worker."""

from pathlib import Path
from typing import Annotated

from pydantic import Field

from libs.common.settings import NodeSettings


class Settings(NodeSettings):
    # Shards and manifests kept on this node, so that the next run need not fetch them again.
    cache_bytes: Annotated[int, Field(ge=0)] = 20 * 2**30
    # Where pretrained weights are kept, of which there may be more than the scratch folder should hold.
    weights: Path | None = None
    # Where servers of this node keep their data, if they do: like the scratch folder's, its disk is watched.
    data: Path | None = None
    # How often what a run measures leaves for the house.
    telemetry_seconds: Annotated[float, Field(gt=0)] = 0.25

    @property
    def weights_cache(self) -> Path:
        return (self.weights or self.scratch / "weights").resolve()

    @property
    def folders(self) -> dict[str, Path]:
        """Those whose disks are watched, by what is kept there."""
        return {"scratch": self.scratch} | ({"data": self.data} if self.data else {})
