"""Predictions through the gateway beside `tritonclient` straight to Triton: one, many at once, a ZIP."""

import asyncio
import tempfile
import time
import zipfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import numpy as np
import tritonclient.http as triton
from PIL import Image

from benchmarks.results import Result
from benchmarks.serving_load import Load, in_turns, of_the_gateway, straight_to_triton, through_the_gateway
from benchmarks.stack import client, digits, local_stack
from infra.local.control import LocalStack
from libs.client import Modelyard
from libs.common.contracts.base import Step
from libs.common.contracts.deployments import DeploymentMetadata, ServingSettings

NUM_REQUESTS = 1000
WARM_UP = 100
NUM_CLIENTS = 32
# Of an archive, and so often each side in turns.
NUM_IMAGES = 1024
NUM_TURNS = 3
BATCH = 64
# What a request waits at most for others; one alone is sent at once where nobody else asks meanwhile.
QUEUE_DELAY_MICROSECONDS = 1000
# Instances by deployment: of two, one is filled and emptied while the other computes.
BATCHED = {"batched": 1, "batched-twice": 2}


def measure() -> list[Result]:
    with local_stack() as local, client(local) as yard:
        project, split, held_out = digits(yard)
        experiment = yard.experiments.create(
            project.id, "served", split.id, preset="fast", config={"epochs": 1}
        )
        run = yard.runs.start(experiment.id, then=tuple(Step), deployment="served")
        yard.runs.wait(run.id, timeout_seconds=600)
        model = yard.deployments.wait("served", timeout_seconds=600).model
        for name, num_instances in BATCHED.items():
            yard.deployments.create(name, model, settings=_for_many(num_instances))
            yard.deployments.wait(name)
        png = held_out[0].png
        return [
            *_one(local, yard, png),
            *_many_at_once(local, yard, png),
            _archive(yard, [digit.png for digit in held_out]),
        ]


def _for_many(num_instances: int) -> ServingSettings:
    return ServingSettings(num_instances=num_instances, queue_delay_microseconds=QUEUE_DELAY_MICROSECONDS)


def _one(local: LocalStack, yard: Modelyard, png: bytes) -> list[Result]:
    """With the clients that people use, and with as little of a client as there can be."""
    metadata = yard.deployments.metadata("served")
    with triton.InferenceServerClient(metadata.triton_http) as direct_client:
        through, direct = _in_turns(
            lambda: yard.deployments.predict("served", png),
            lambda: _ask(direct_client, metadata.triton_model, [png]),
        )
    bare = of_the_gateway(local.stack.gateway_url, "served", local.stack.secrets["admin_token"], png)
    times = asyncio.run(
        in_turns(bare, metadata.triton_grpc, metadata.triton_model, _pixels([png]), NUM_REQUESTS, WARM_UP)
    )
    return [
        _added("one 32×32 PNG, one at a time: the SDK beside tritonclient", through, direct),
        _added("the same without clients: bare HTTP beside raw pixels over gRPC", *times),
    ]


def _added(title: str, through: list[float], direct: list[float]) -> Result:
    added = {share: np.percentile(through, share) - np.percentile(direct, share) for share in (50, 99)}
    return Result(
        title,
        f"+{added[50]:.1f} ms p50, +{added[99]:.1f} ms p99",
        "≤ +3 ms p50",
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


def _many_at_once(local: LocalStack, yard: Modelyard, png: bytes) -> list[Result]:
    metadata = yard.deployments.metadata("served")
    triton_at, pixels = (metadata.triton_http, metadata.triton_grpc), _pixels([png])
    alone, _ = asyncio.run(straight_to_triton(triton_at, "served", pixels, 1))
    straight = [
        _straight(
            num_instances, alone, *asyncio.run(straight_to_triton(triton_at, name, pixels, NUM_CLIENTS))
        )
        for name, num_instances in BATCHED.items()
    ]
    url, token = local.stack.gateway_url, local.stack.secrets["admin_token"]

    def through(name: str, num_clients: int) -> Load:
        return asyncio.run(through_the_gateway(url, name, token, png, num_clients))

    alone, together = through("served", 1), through("batched", NUM_CLIENTS)
    return [
        *straight,
        Result(
            f"{NUM_CLIENTS} clients at once, through the gateway",
            f"{together.per_second / alone.per_second:.1f}×",
            "told: each request is decoded, carried and written by the same cores",
            f"{_said(together)}; alone {_said(alone)}",
        ),
    ]


def _straight(num_instances: int, alone: Load, together: Load, size: float) -> Result:
    return Result(
        f"{NUM_CLIENTS} clients at once, straight to Triton, {num_instances} × the model",
        f"{together.per_second / alone.per_second:.1f}×",
        "≥ 3× one at a time, by dynamic batching",
        f"{_said(together)}, {size:.1f} images per execution; alone {_said(alone)}",
    )


def _said(load: Load) -> str:
    return f"{load.per_second:.0f} images/s at {load.p50_ms:.1f} / {load.p99_ms:.1f} ms (p50 / p99)"


def _archive(yard: Modelyard, images: list[bytes]) -> Result:
    """The direct side decodes, too, and sends as many at once as the model takes."""
    many = [images[number % len(images)] for number in range(NUM_IMAGES)]
    metadata = yard.deployments.metadata("served")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "images.zip"
        with zipfile.ZipFile(path, "w") as archive:
            for number, png in enumerate(many):
                archive.writestr(f"{number:05}.png", png)
        through: list[float] = []
        direct: list[float] = []
        for _ in range(NUM_TURNS):
            through.append(_seconds(lambda: list(yard.deployments.predict_batch("served", path))))
            direct.append(_seconds(lambda: _direct(metadata, many)))
    seconds, beside = float(np.median(through)), float(np.median(direct))
    return Result(
        f"a ZIP of {NUM_IMAGES:,} images",
        f"{beside / seconds:.2f}×",
        "≥ 0.9 of tritonclient in batches of 64",
        f"{NUM_IMAGES / seconds:.0f} images/s, direct {NUM_IMAGES / beside:.0f} images/s; "
        f"medians of {NUM_TURNS} in turns",
    )


def _seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def _direct(metadata: DeploymentMetadata, images: list[bytes]) -> None:
    with triton.InferenceServerClient(metadata.triton_http) as direct_client:
        for start in range(0, len(images), BATCH):
            _ask(direct_client, metadata.triton_model, images[start : start + BATCH])


def _ask(direct_client: triton.InferenceServerClient, model: str, images: list[bytes]) -> object:
    """With the decoding, which the gateway's side does too."""
    pixels = _pixels(images)
    image = triton.InferInput("images", list(pixels.shape), "UINT8")
    image.set_data_from_numpy(pixels)
    return direct_client.infer(model, [image]).as_numpy("scores")


def _pixels(images: list[bytes]) -> np.ndarray:
    return np.stack([np.asarray(Image.open(BytesIO(png)).convert("RGB")) for png in images])
