"""The rules of the notifier room; they know no NATS, no HTTP, no SQL. One transaction's worth each."""

from services.notifier.channels import Kinds
from services.notifier.repository import Repository
from services.notifier.seal import Seal
from services.notifier.service.channels import Channels
from services.notifier.service.deliveries import Deliveries
from services.notifier.service.telling import Telling
from services.notifier.service.trying import Trying
from services.notifier.settings import Settings


class Service:
    """What the doors open, by topic."""

    def __init__(self, repository: Repository, kinds: Kinds, seal: Seal, settings: Settings) -> None:
        self.channels = Channels(repository, seal, settings)
        self.telling = Telling(repository)
        self.deliveries = Deliveries(repository, seal, settings)
        self.trying = Trying(repository, kinds, seal, settings)
