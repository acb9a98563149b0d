"""Predictions and evaluations from a request's body, under whatever route they are asked for."""

from fastapi import Request

from libs.common import artifacts
from libs.common.contracts.batches import BatchAnswer
from libs.common.contracts.deployments import (
    DeploymentEvaluation,
    EvaluateDeployment,
    Predict,
    PredictionAnswer,
)
from libs.common.errors import Problem, TooLarge
from libs.common.ids import new_id
from services.gateway.batches import MARGIN_BYTES, Batch
from services.gateway.doors import Doors
from services.gateway.sent.fetching import Fetching
from services.gateway.sent.files import SentFiles
from services.gateway.sent.images import NamedImage, images_of

TIMEOUT_SECONDS = 30.0
EVALUATION_SECONDS = 600.0


class ImagesAreTooManyBytes(TooLarge):
    code, title = "images_too_many_bytes", "One prediction takes less"


async def predict(name: str, request: Request, house: Doors) -> PredictionAnswer:
    images = await images_of(request, Fetching(house.settings))
    _require_room(images, house.bus.max_message_bytes - MARGIN_BYTES)
    wanted = Predict(name=name, images=tuple(image.data for image in images))
    return await house.ask(wanted, timeout_seconds=TIMEOUT_SECONDS)


async def predict_batch(name: str, request: Request, house: Doors) -> BatchAnswer:
    with SentFiles(house.settings) as sent:
        return await Batch(house, name, await sent.receive(request)).answer()


async def evaluate(name: str, request: Request, house: Doors) -> DeploymentEvaluation:
    """The samples lie in the object store for as long as this takes; what a crash leaves is swept up."""
    key = artifacts.labelled_samples(new_id())
    try:
        with SentFiles(house.settings) as sent:
            file, size_bytes = await sent.archive(request)
            await house.storage.put_stream(key, file, size_bytes)
        wanted = EvaluateDeployment(name=name, key=key, filename="samples.zip")
        return await house.ask_for_long(wanted, timeout_seconds=EVALUATION_SECONDS)
    finally:
        await house.storage.remove([key])


def _require_room(images: list[NamedImage], most_bytes: int) -> None:
    """For one message of the bus."""
    size_bytes = sum(len(image.data) for image in images)
    if size_bytes <= most_bytes:
        return
    problems = [
        Problem(row=row, message=f"{len(image.data)} bytes; {most_bytes} are the limit")
        for row, image in enumerate(images)
        if len(image.data) > most_bytes
    ]
    advice = "send it smaller" if problems else "send fewer at once, or use predict/batch"
    raise ImagesAreTooManyBytes(
        f"{size_bytes} bytes of images; one prediction takes {most_bytes}: {advice}", errors=problems
    )
