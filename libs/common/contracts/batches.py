"""Predictions of many images at once: an answer for each by its name, whatever became of the others."""

from libs.common.contracts.base import View
from libs.common.contracts.predictions import Prediction


class BatchItem(View):
    """Either a `prediction` with the version that made it, or a `problem`.

    `refused`: the model is not sure enough of it to be believed.
    """

    name: str
    prediction: Prediction | None = None
    refused: bool = False
    problem: str | None = None
    model: str | None = None
    version: int | None = None


class BatchAnswer(View):
    """One item per image, in the order they were sent; seconds of the whole."""

    deployment: str
    num_predicted: int
    num_refused: int
    num_left_out: int
    items: tuple[BatchItem, ...]
    seconds: float
