"""Answers, and what they rest on."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from libs.common.contracts.deployments import (
    DeploymentEvaluation,
    DeploymentMetadata,
    PredictionAnswer,
    Tensor,
)
from libs.common.storage import Storage
from libs.tasks import registry
from libs.tasks.codec import TensorSpec
from services.inference.errors import DeploymentIsNotReady
from services.inference.predictor import Predictor
from services.inference.repository import Repository
from services.inference.scoring import Scoring
from services.inference.served import adapted, shares_of
from services.inference.service.finding import find
from services.inference.settings import Settings


class Predictions:
    def __init__(
        self,
        repository: Repository,
        predictor: Predictor,
        scoring: Scoring,
        storage: Storage,
        settings: Settings,
    ) -> None:
        self._repository = repository
        self._predictor = predictor
        self._scoring = scoring
        self._storage = storage
        self._settings = settings

    async def predict(
        self, name: str, images: Sequence[bytes], *, leaves_out: bool = False
    ) -> PredictionAnswer:
        async with self._known(name):
            return await self._predictor.predict(name, images, leaves_out=leaves_out)

    async def evaluate(self, name: str, key: str) -> DeploymentEvaluation:
        async with self._known(name):
            return await self._scoring.evaluate(name, key, self._storage)

    @asynccontextmanager
    async def _known(self, name: str) -> AsyncIterator[None]:
        if not self._predictor.knows(name):
            # Deployed a moment ago, perhaps by another instance.
            found = await find(self._repository, name)
            if shares := shares_of(found, self._settings.max_batch_size):
                self._predictor.serve(name, shares)
        try:
            yield
        except DeploymentIsNotReady:
            # Deleted while it was asked: then it is unknown, not late.
            await find(self._repository, name)
            raise

    async def metadata(self, name: str) -> DeploymentMetadata:
        found = await find(self._repository, name)
        wish = found.main.serving or found.main.desired
        card = adapted(wish.version.card, wish.settings)
        signature = registry.task(wish.version.task).load_codec().signature(card)
        return DeploymentMetadata(
            name=name,
            version=wish.version.version,
            card=card,
            triton_model=name,
            triton_http=self._settings.triton.http,
            triton_grpc=self._settings.triton.grpc,
            inputs=tuple(map(_tensor, signature.inputs)),
            outputs=tuple(map(_tensor, signature.outputs)),
        )


def _tensor(spec: TensorSpec) -> Tensor:
    return Tensor(name=spec.name, dtype=spec.dtype, dims=spec.dims)
