"""Triton over one persistent gRPC channel: repository control and inference with raw tensors."""

from collections.abc import Mapping
from functools import cached_property
from typing import Any, cast

import grpc
import numpy as np
import tritonclient.grpc.aio as client
from tritonclient.utils import InferenceServerException

from libs.common.errors import ModelyardError
from libs.tasks.codec import ServingSignature
from services.inference.errors import DeploymentIsNotReady, ModelDoesNotLoad, ModelFails, TritonIsAway

LOAD_TIMEOUT_SECONDS = 120.0
CONTROL_TIMEOUT_SECONDS = 5.0
INFER_TIMEOUT_SECONDS = 20.0
TRITON_TYPES = {"uint8": "UINT8", "float32": "FP32", "int64": "INT64"}
CHANNEL_OPTIONS = (
    ("grpc.max_send_message_length", -1),
    ("grpc.max_receive_message_length", -1),
    ("grpc.keepalive_time_ms", 20_000),
    # By itself gRPC waits up to two minutes before it looks for a server again.
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 1_000),
)
_AWAY = ("UNAVAILABLE", "DEADLINE_EXCEEDED", "CANCELLED")
# Triton says so of a model or a version that is not loaded, with the status of a server that is away.
_NOT_LOADED = "Request for unknown model"


class Triton:
    def __init__(self, address: str) -> None:
        self._address = address

    @cached_property
    def _client(self) -> client.InferenceServerClient:
        """Made when first used: gRPC binds it to the event loop that runs then."""
        return client.InferenceServerClient(self._address, channel_args=CHANNEL_OPTIONS)

    async def loaded(self) -> dict[str, set[int]]:
        """Models that are ready, with the versions that answer."""
        try:
            index = await self._client.get_model_repository_index(client_timeout=CONTROL_TIMEOUT_SECONDS)
        except (InferenceServerException, grpc.RpcError) as error:
            raise TritonIsAway("Triton does not answer") from error
        found: dict[str, set[int]] = {}
        for model in cast(Any, index).models:
            if model.state == "READY":
                found.setdefault(model.name, set()).add(int(model.version))
        return found

    async def load(self, name: str) -> None:
        """Reads the model's folder anew; what answered before goes on if this fails."""
        try:
            await self._client.load_model(name, client_timeout=LOAD_TIMEOUT_SECONDS)
        except InferenceServerException as error:
            if _is_away(error):
                raise TritonIsAway("Triton does not answer") from error
            raise ModelDoesNotLoad(_first_line(error)) from error

    async def unload(self, name: str) -> None:
        try:
            await self._client.unload_model(name, client_timeout=CONTROL_TIMEOUT_SECONDS)
        except InferenceServerException as error:
            raise TritonIsAway("Triton does not answer") from error

    async def infer(
        self, name: str, revision: int, inputs: Mapping[str, np.ndarray], signature: ServingSignature
    ) -> dict[str, np.ndarray]:
        """Outputs by name. Errors: DeploymentIsNotReady where this revision is not loaded (any more),
        ModelFails where the graph refuses what it is given."""
        tensors = []
        for spec in signature.inputs:
            array = inputs[spec.name]
            tensor = client.InferInput(spec.name, list(array.shape), TRITON_TYPES[spec.dtype])
            tensor.set_data_from_numpy(array)
            tensors.append(tensor)
        wanted = [client.InferRequestedOutput(spec.name) for spec in signature.outputs]
        try:
            answer = await self._client.infer(
                name, tensors, str(revision), outputs=wanted, client_timeout=INFER_TIMEOUT_SECONDS
            )
        except InferenceServerException as error:
            raise _of_inference(error) from error
        assert answer is not None
        found = {spec.name: answer.as_numpy(spec.name) for spec in signature.outputs}
        if missing := [name for name, array in found.items() if array is None]:
            raise ModelFails(f"the answer has no {', '.join(missing)}")
        return cast(dict[str, np.ndarray], found)


def _of_inference(error: InferenceServerException) -> ModelyardError:
    if _NOT_LOADED in str(error.message()):
        return DeploymentIsNotReady(_first_line(error))
    if _is_away(error):
        return TritonIsAway("Triton does not answer")
    return ModelFails(_first_line(error))


def _is_away(error: InferenceServerException) -> bool:
    return any(word in str(error.status()) for word in _AWAY)


def _first_line(error: InferenceServerException) -> str:
    return str(error.message()).strip().partition("\n")[0][:500]
