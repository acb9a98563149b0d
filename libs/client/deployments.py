"""Deployments of the SDK."""

from collections.abc import Iterator
from uuid import UUID

from libs.client.predictions import Predictions
from libs.client.waiting import until
from libs.common.contracts.deployments import (
    Deployment,
    DeploymentMetadata,
    DeploymentState,
    DeploymentTraffic,
    Revision,
    ServingSettings,
)
from libs.common.errors import NotFound


class Deployments(Predictions):
    def create(
        self,
        name: str,
        model: str,
        *,
        version: int | None = None,
        alias: str | None = None,
        settings: ServingSettings | None = None,
    ) -> Deployment:
        """A first deployment, or another version of one; without `settings` it keeps those it has."""
        body = {"name": name, "model": model, "version": version, "alias": alias}
        if settings is not None:
            body["settings"] = settings.model_dump(mode="json")
        return self._transport.post(Deployment, "/v1/deployments", body)

    def list(self, project: UUID | None = None, model: str | None = None) -> Iterator[Deployment]:
        """`model`: those that serve, try out or are to serve a version of it."""
        return self._transport.pages(Deployment, "/v1/deployments", {"project": project, "model": model})

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

    def set_canary(
        self,
        name: str,
        percent: int,
        *,
        model: str | None = None,
        version: int | None = None,
        alias: str | None = None,
    ) -> Deployment:
        """A share of the requests for a version on trial, or, where none is named, for the one that is: 100
        makes it the deployment's own, 0 ends the trial."""
        body = {"percent": percent, "model": model, "version": version, "alias": alias}
        return self._change(name, body)

    def change_settings(self, name: str, settings: ServingSettings) -> Deployment:
        """Only of what is set; a revision that can be rolled back."""
        return self._change(name, {"settings": settings.model_dump(mode="json", exclude_unset=True)})

    def _change(self, name: str, body: dict[str, object]) -> Deployment:
        return self._transport.call(Deployment, "PATCH", f"/v1/deployments/{name}", body=body)

    def revisions(self, name: str) -> Iterator[Revision]:
        """Newest first."""
        return self._transport.pages(Revision, f"/v1/deployments/{name}/revisions")

    def traffic(self, name: str, *, minutes: int = 60) -> DeploymentTraffic:
        """Of each version: requests, errors, latencies; up to a day back."""
        query = {"minutes": minutes}
        return self._transport.get(DeploymentTraffic, f"/v1/deployments/{name}/traffic", query)

    def roll_back(self, name: str) -> Deployment:
        return self._transport.post(Deployment, f"/v1/deployments/{name}/rollback")

    def delete(self, name: str) -> None:
        self._transport.call(None, "DELETE", f"/v1/deployments/{name}")

    def metadata(self, name: str) -> DeploymentMetadata:
        return self._transport.get(DeploymentMetadata, f"/v1/deployments/{name}/metadata")
