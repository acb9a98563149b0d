"""The rules of the inference room; they know no NATS, no HTTP, no SQL. One transaction's worth each."""

from libs.common.db.outbox import Outbox
from libs.common.storage import Storage
from services.inference.predictor import Predictor
from services.inference.repository import Repository
from services.inference.scoring import Scoring
from services.inference.service.canaries import Canaries
from services.inference.service.deployments import Deployments
from services.inference.service.outcomes import Outcomes
from services.inference.service.predictions import Predictions
from services.inference.service.traffic import TrafficHistory
from services.inference.service.wishes import Wishes
from services.inference.settings import Settings


class Service:
    """What the doors open, by topic."""

    def __init__(
        self,
        repository: Repository,
        outbox: Outbox,
        predictor: Predictor,
        scoring: Scoring,
        storage: Storage,
        settings: Settings,
    ) -> None:
        wishes = Wishes(repository)
        self.deployments = Deployments(repository, wishes, predictor)
        self.canaries = Canaries(repository, wishes)
        self.outcomes = Outcomes(repository, outbox)
        self.predictions = Predictions(repository, predictor, scoring, storage, settings)
        self.traffic = TrafficHistory(repository)
