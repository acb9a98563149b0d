"""Deployments of the SDK."""

from collections.abc import Iterator
from uuid import UUID

from libs.client.transport import Transport
from libs.client.waiting import until
from libs.common.contracts.deployments import (
    Deployment,
    DeploymentMetadata,
    DeploymentState,
    PredictionAnswer,
)
from libs.common.errors import NotFound


class Deployments:
    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def create(
        self, name: str, model: str, *, version: int | None = None, alias: str | None = None
    ) -> Deployment:
        body = {"name": name, "model": model, "version": version, "alias": alias}
        return self._transport.post(Deployment, "/v1/deployments", body)

    def list(self, project: UUID | None = None) -> Iterator[Deployment]:
        return self._transport.pages(Deployment, "/v1/deployments", {"project": project})

    def get(self, name: str) -> Deployment:
        return self._transport.get(Deployment, f"/v1/deployments/{name}")

    def wait(
        self,
        name: str,
        *,
        model: str | None = None,
        version: int | None = None,
        timeout_seconds: float = 120,
    ) -> Deployment:
        """Until it serves what it should (or this model and version) or failed to; it may be to come."""

        def ended(it: Deployment) -> bool:
            wanted = (model or it.model, version or it.desired_version)
            is_wanted = (it.model, it.desired_version) == wanted
            serves = it.state is DeploymentState.READY and it.serving_version == it.desired_version
            return is_wanted and (serves or it.state is DeploymentState.FAILED)

        return until(lambda: self._find(name), ended, timeout_seconds, f"deployment {name}")

    def _find(self, name: str) -> Deployment | None:
        try:
            return self.get(name)
        except NotFound:
            return None

    def roll_back(self, name: str) -> Deployment:
        return self._transport.post(Deployment, f"/v1/deployments/{name}/rollback")

    def delete(self, name: str) -> None:
        self._transport.call(None, "DELETE", f"/v1/deployments/{name}")

    def metadata(self, name: str) -> DeploymentMetadata:
        return self._transport.get(DeploymentMetadata, f"/v1/deployments/{name}/metadata")

    def predict(self, name: str, *images: bytes) -> PredictionAnswer:
        """Encoded image files (JPEG, PNG …); the predictions come in the same order."""
        path = f"/v1/deployments/{name}/predict"
        if len(images) == 1:
            headers = {"Content-Type": "application/octet-stream"}
            return self._transport.call(PredictionAnswer, "POST", path, headers=headers, content=images[0])
        files = [("images", (f"{row}.img", image)) for row, image in enumerate(images)]
        return self._transport.call(PredictionAnswer, "POST", path, files=files)
