"""A prediction through the gateway against `tritonclient` straight to Triton."""

import time
from collections.abc import Callable
from io import BytesIO

import numpy as np
import tritonclient.http as triton
from PIL import Image

from benchmarks.results import Result
from benchmarks.stack import digits, running
from libs.client import Modelyard
from libs.common.contracts.base import Step

NUM_REQUESTS = 1500
WARM_UP = 100


def measure() -> list[Result]:
    with running() as yard:
        project, split, held_out = digits(yard)
        experiment = yard.experiments.create(
            project.id, "served", split.id, preset="fast", config={"epochs": 2}
        )
        yard.runs.wait(yard.runs.start(experiment.id, then=tuple(Step), deployment="served").id)
        yard.deployments.wait("served")
        return [_compare(yard, "served", held_out[0].png)]


def _compare(yard: Modelyard, name: str, png: bytes) -> Result:
    metadata = yard.deployments.metadata(name)
    with triton.InferenceServerClient(metadata.triton_http) as client:
        through, direct = _in_turns(
            lambda: yard.deployments.predict(name, png), lambda: _ask(client, metadata.triton_model, png)
        )
    added = {share: np.percentile(through, share) - np.percentile(direct, share) for share in (50, 99)}
    return Result(
        "one 32×32 PNG, one at a time",
        f"+{added[50]:.1f} ms p50, +{added[99]:.1f} ms p99",
        "≤ +3 ms p50 over tritonclient direct",
        f"gateway {np.percentile(through, 50):.1f} / {np.percentile(through, 99):.1f} ms, direct "
        f"{np.percentile(direct, 50):.1f} / {np.percentile(direct, 99):.1f} ms (p50 / p99), "
        f"{NUM_REQUESTS} each in turns",
    )


def _in_turns(*sides: Callable[[], object]) -> list[list[float]]:
    """Milliseconds per call of each side; the first calls do not count."""
    times: list[list[float]] = [[] for _ in sides]
    for number in range(WARM_UP + NUM_REQUESTS):
        for side, found in zip(sides, times, strict=True):
            started = time.perf_counter()
            side()
            if number >= WARM_UP:
                found.append((time.perf_counter() - started) * 1000)
    return times


def _ask(client: triton.InferenceServerClient, model: str, png: bytes) -> object:
    """With the decoding, which the gateway's side does too."""
    pixels = np.asarray(Image.open(BytesIO(png)).convert("RGB"))[None]
    image = triton.InferInput("images", list(pixels.shape), "UINT8")
    image.set_data_from_numpy(pixels)
    return client.infer(model, [image]).as_numpy("scores")
