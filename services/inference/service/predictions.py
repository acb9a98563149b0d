"""Answers, and what they rest on."""

from collections.abc import Sequence

from libs.common.contracts.deployments import DeploymentMetadata, PredictionAnswer
from services.inference.errors import DeploymentIsNotReady
from services.inference.predictor import Predictor
from services.inference.repository import Repository
from services.inference.service.finding import find
from services.inference.settings import TritonSettings


class Predictions:
    def __init__(self, repository: Repository, predictor: Predictor, triton: TritonSettings) -> None:
        self._repository = repository
        self._predictor = predictor
        self._triton = triton

    async def predict(self, name: str, images: Sequence[bytes]) -> PredictionAnswer:
        if not self._predictor.knows(name):
            # Deployed a moment ago, perhaps by another instance.
            found = await find(self._repository, name)
            if found.row.serving_revision is not None and found.serving is not None:
                self._predictor.serve(name, found.row.serving_revision, found.serving)
        try:
            return await self._predictor.predict(name, images)
        except DeploymentIsNotReady:
            # Deleted while it was asked: then it is unknown, not late.
            await find(self._repository, name)
            raise

    async def metadata(self, name: str) -> DeploymentMetadata:
        found = await find(self._repository, name)
        version = found.serving or found.desired
        return DeploymentMetadata(
            name=name,
            version=version.version,
            card=version.card,
            triton_model=name,
            triton_http=self._triton.http,
            triton_grpc=self._triton.grpc,
        )
