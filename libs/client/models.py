"""The model registry of the SDK."""

from collections.abc import Iterator
from uuid import UUID

from libs.client.transport import Transport
from libs.common.contracts.models import Model, ModelVersion


class Models:
    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def register(self, name: str, export_id: UUID) -> ModelVersion:
        return self._transport.post(ModelVersion, "/v1/models", {"name": name, "export_id": str(export_id)})

    def list(self, project: UUID | None = None) -> Iterator[Model]:
        return self._transport.pages(Model, "/v1/models", {"project": project})

    def get(self, name: str) -> Model:
        return self._transport.get(Model, f"/v1/models/{name}")

    def versions(self, name: str) -> Iterator[ModelVersion]:
        return self._transport.pages(ModelVersion, f"/v1/models/{name}/versions")

    def set_alias(self, name: str, alias: str, version: int) -> Model:
        path = f"/v1/models/{name}/aliases/{alias}"
        return self._transport.call(Model, "PUT", path, body={"version": version})
