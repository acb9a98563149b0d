"""What the inference room reads from its environment."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from libs.common.settings import Block, RoomSettings


class TritonSettings(Block):
    """`http` and `grpc` as host:port; `repository` is a folder that Triton sees under the same path."""

    http: str = "127.0.0.1:8000"
    grpc: str = "127.0.0.1:8001"
    metrics: str = "127.0.0.1:8002"
    repository: Path = Path(".modelyard/triton/models")
    # `python` runs the graph with ONNX Runtime inside Triton's Python backend, where no other is at hand.
    backend: Literal["python", "onnxruntime"] = "onnxruntime"


class Settings(RoomSettings):
    triton: TritonSettings = TritonSettings()
    reconcile_seconds: Annotated[float, Field(gt=0)] = 2.0
    retry_failed_seconds: Annotated[float, Field(gt=0)] = 60.0
    max_batch_size: Annotated[int, Field(ge=1, le=1024)] = 64
    max_queue_delay_microseconds: Annotated[int, Field(ge=0)] = 0
