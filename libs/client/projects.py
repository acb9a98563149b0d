"""Projects of the SDK."""

from collections.abc import Iterator
from uuid import UUID

from libs.client.transport import Transport
from libs.common.contracts.projects import Project


class Projects:
    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def create(self, name: str, task: str, description: str = "") -> Project:
        body = {"name": name, "task": task, "description": description}
        return self._transport.post(Project, "/v1/projects", body)

    def list(self) -> Iterator[Project]:
        return self._transport.pages(Project, "/v1/projects")

    def get(self, project_id: UUID) -> Project:
        return self._transport.get(Project, f"/v1/projects/{project_id}")

    def update(self, project_id: UUID, **changes: str) -> Project:
        return self._transport.call(Project, "PATCH", f"/v1/projects/{project_id}", body=changes)

    def delete(self, project_id: UUID) -> None:
        self._transport.call(None, "DELETE", f"/v1/projects/{project_id}")
