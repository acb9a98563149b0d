"""Predictions over HTTP."""

from fastapi import APIRouter, Request

from libs.common.contracts.batches import BatchAnswer
from libs.common.contracts.deployments import DeploymentEvaluation, PredictionAnswer
from services.gateway import predicting
from services.gateway.access import READ
from services.gateway.doors import House
from services.gateway.routes.deployments import DeploymentName
from services.gateway.sent.files import BATCH_BODY, LABELLED_BODY
from services.gateway.sent.images import BODY

router = APIRouter(prefix="/v1/deployments", tags=["predictions"])


@router.post("/{name}/predict", dependencies=[READ], openapi_extra=BODY)
async def predict(name: DeploymentName, request: Request, house: House) -> PredictionAnswer:
    """One image as the raw body, several as multipart files, or base64 in JSON; answers in the same order.

    What an image is is told by its bytes. 422 names each that cannot be used by its row, 403 says of a single
    one that the model is not sure enough of its answer.
    """
    return await predicting.predict(name, request, house)


@router.post("/{name}/predict/batch", dependencies=[READ], openapi_extra=BATCH_BODY)
async def predict_batch(name: DeploymentName, request: Request, house: House) -> BatchAnswer:
    """Up to some thousand images as a ZIP or as multipart files, ZIPs among them; an answer for each.

    An image that cannot be used is told in its place and does not spoil the others.
    """
    return await predicting.predict_batch(name, request, house)


@router.post("/{name}/evaluate", dependencies=[READ], openapi_extra=LABELLED_BODY)
async def evaluate(name: DeploymentName, request: Request, house: House) -> DeploymentEvaluation:
    """What the deployment answers to samples whose labels are known: a ZIP of class folders, a ZIP with a CSV
    of the columns `file` and `label`, or the CSV and its images as multipart files.

    The report, the worst answers, and by name what could not be used. Nothing of it is kept.
    """
    return await predicting.evaluate(name, request, house)
