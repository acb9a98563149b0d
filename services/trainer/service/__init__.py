"""The rules of the trainer room; they know no NATS, no HTTP, no SQL. One transaction's worth each."""

from datetime import timedelta

from libs.common.db.outbox import Outbox
from libs.common.jobs import JobLimits, JobLists, JobQueue
from libs.common.storage import Storage
from services.trainer.repository import Repository
from services.trainer.service.alerts import Alerts
from services.trainer.service.archive import Archive
from services.trainer.service.attempts import Attempts
from services.trainer.service.comparison import Comparisons
from services.trainer.service.deletion import Deletion
from services.trainer.service.experiments import Experiments
from services.trainer.service.history import History
from services.trainer.service.life import Life
from services.trainer.service.logs import Logs
from services.trainer.service.nodes import Nodes
from services.trainer.service.owners import Owners
from services.trainer.service.queue import Queue
from services.trainer.service.runs import Runs
from services.trainer.service.scheduler import Scheduler
from services.trainer.settings import AlertSettings, NodeLimits


class Service:
    """What the doors open, by topic."""

    def __init__(
        self,
        repository: Repository,
        queue: JobQueue,
        lists: JobLists,
        limits: JobLimits,
        outbox: Outbox,
        storage: Storage,
        *,
        lease_seconds: float,
        max_attempts: int,
        sweep_grace: timedelta,
        node_limits: NodeLimits,
        alert_settings: AlertSettings,
    ) -> None:
        life = Life(repository, outbox, sweep_grace)
        self.owners = Owners(repository)
        self.experiments = Experiments(repository, queue, life)
        self.archive = Archive(repository, life, storage)
        self.comparisons = Comparisons(repository, self.archive)
        self.runs = Runs(repository, queue, life, self.archive, max_attempts)
        self.deletion = Deletion(repository, life)
        self.history = History(repository, life, self.archive)
        self.logs = Logs(repository, storage)
        self.attempts = Attempts(repository, queue, life, storage)
        self.scheduler = Scheduler(repository, queue, life, lease_seconds)
        self.queue = Queue(repository, queue, lists, limits, life)
        self.alerts = Alerts(repository, outbox, lists, limits, alert_settings, node_limits)
        self.nodes = Nodes(repository, self.alerts, node_limits)
