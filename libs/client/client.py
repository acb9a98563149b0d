"""`Modelyard`: everything the REST API offers, typed."""

from types import TracebackType

from libs.client.channels import Channels, Deliveries
from libs.client.connection import Connection, find_connection
from libs.client.datasets import Datasets
from libs.client.deployments import Deployments
from libs.client.evaluations import Evaluations
from libs.client.exports import Exports
from libs.client.models import Models
from libs.client.people import Audit, Members, Tokens, Users
from libs.client.projects import Projects
from libs.client.queue import Queue
from libs.client.runs import Runs
from libs.client.samples import Samples
from libs.client.sessions import Sessions
from libs.client.settings import Settings
from libs.client.splits import Splits
from libs.client.system import Nodes
from libs.client.training import Experiments, Jobs
from libs.client.transport import Transport
from libs.client.uploads import Uploads
from libs.common.contracts.access import Caller
from libs.common.contracts.base import Page
from libs.common.contracts.catalogue import TaskDescription, TaskSummary
from libs.common.contracts.system import SystemView


class Modelyard:
    """One connection to a gateway.

    >>> with Modelyard() as yard:
    ...     project = yard.projects.create("digits", task="classification")
    """

    def __init__(self, connection: Connection | None = None) -> None:
        transport = Transport(connection or find_connection())
        self._transport = transport
        self.projects = Projects(transport)
        self.uploads = Uploads(transport)
        self.datasets = Datasets(transport)
        self.samples = Samples(transport)
        self.splits = Splits(transport)
        self.experiments = Experiments(transport)
        self.runs = Runs(transport)
        self.jobs = Jobs(transport)
        self.queue = Queue(transport)
        self.evaluations = Evaluations(transport)
        self.exports = Exports(transport)
        self.models = Models(transport)
        self.deployments = Deployments(transport)
        self.nodes = Nodes(transport)
        self.settings = Settings(transport)
        self.channels = Channels(transport)
        self.deliveries = Deliveries(transport)
        self.users = Users(transport)
        self.members = Members(transport)
        self.tokens = Tokens(transport)
        self.sessions = Sessions(transport)
        self.audit = Audit(transport)

    def me(self) -> Caller:
        return self._transport.get(Caller, "/v1/me")

    def change_password(self, old: str, new: str) -> None:
        """One's own; every other session of the account ends."""
        self._transport.call(None, "POST", "/v1/me/password", body={"old": old, "new": new})

    def tasks(self) -> tuple[TaskSummary, ...]:
        return self._transport.get(Page[TaskSummary], "/v1/tasks").items

    def task(self, task: str) -> TaskDescription:
        return self._transport.get(TaskDescription, f"/v1/tasks/{task}")

    def system(self) -> SystemView:
        return self._transport.get(SystemView, "/v1/system")

    def close(self) -> None:
        self.uploads.close()
        self._transport.http.close()

    def __enter__(self) -> "Modelyard":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
