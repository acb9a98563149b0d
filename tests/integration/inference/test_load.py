"""Constant load over every door while versions, shares and settings change: no request fails."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from itertools import groupby
from typing import Any, cast

import httpx
import numpy as np
import pytest
import tritonclient.grpc.aio as triton

from libs.common.contracts.deployments import (
    ChangeServing,
    CreateDeployment,
    DeleteDeployment,
    GetDeployment,
    RollBackDeployment,
    ServingSettings,
    SetCanary,
)
from libs.tasks.images import read_pixels
from tests.house import House
from tests.integration.inference.desk import Desk, by_label, png, scores_of, tensor_of, until

IMAGE = png(21)
NAME = "busy"
# As each door is asked: the scores of one image, in the order of the classes.
Ask = Callable[[], Awaitable[np.ndarray]]


async def test_no_request_of_any_door_is_lost_while_everything_changes(house: House, desk: Desk) -> None:
    bus = house.bus
    await desk.deploy(NAME, await desk.version(NAME, 1, desk.straight))
    async with _doors(house, desk) as doors, _load(doors) as scores:
        await _until_all_say(scores, desk.straight)
        await bus.ask(CreateDeployment(name=NAME, version=await desk.version(NAME, 2, desk.opposite)))
        await _until_all_say(scores, desk.opposite)
        await bus.ask(RollBackDeployment(name=NAME))
        await _until_all_say(scores, desk.straight)
        await bus.ask(SetCanary(name=NAME, version=await desk.version(NAME, 3, desk.opposite), percent=50))
        await until(lambda: _has_last(scores["gateway"], desk.opposite))
        # Half of what one of the callers sends at once: it is taken apart from then on.
        settings = ServingSettings(num_instances=2, max_batch_size=3)
        await bus.ask(ChangeServing(name=NAME, settings=settings))
        await until(lambda: _is_run(desk, settings), 40)
        await bus.ask(SetCanary(name=NAME, percent=100))
        await _until_all_say(scores, desk.opposite)

    told = {door: [_who(desk, each) for each in found] for door, found in scores.items()}
    for door in ("http", "grpc"):
        # The one on trial answered nobody who asked Triton by the deployment's name.
        assert [who for who, _ in groupby(told[door])] == ["straight", "opposite", "straight", "opposite"]
    for door in ("gateway", "several"):
        assert set(told[door]) == {"straight", "opposite"}


async def test_a_deployment_that_is_deleted_under_load_is_unknown_at_once(house: House, desk: Desk) -> None:
    await desk.deploy("short", await desk.version("short", 1, desk.straight))
    async with _gateway(house) as gateway:
        statuses: list[int] = []
        is_over = asyncio.Event()

        async def call() -> None:
            while not is_over.is_set():
                statuses.append(
                    (await gateway.post("/v1/deployments/short/predict", content=IMAGE)).status_code
                )

        async with asyncio.TaskGroup() as group:
            for _ in range(3):
                group.create_task(call())
            await until(lambda: _are_many(statuses))
            await house.bus.ask(DeleteDeployment(name="short"))
            after = await gateway.post("/v1/deployments/short/predict", content=IMAGE)
            await until(lambda: _are_many(statuses, 404))
            is_over.set()

    assert after.status_code == 404
    assert set(statuses) == {200, 404}


@asynccontextmanager
async def _gateway(house: House) -> AsyncIterator[httpx.AsyncClient]:
    headers = {"Authorization": f"Bearer {house.stack.token}", "Content-Type": "image/png"}
    async with httpx.AsyncClient(base_url=house.stack.gateway_url, headers=headers, timeout=30) as client:
        yield client


@asynccontextmanager
async def _doors(house: House, desk: Desk) -> AsyncIterator[dict[str, Ask]]:
    address = house.stack.environment("inference")["MODELYARD_TRITON__HTTP"]
    pixels = read_pixels(IMAGE)[None]
    tensor = {"name": "images", "datatype": "UINT8", "shape": pixels.shape, "data": pixels.ravel().tolist()}

    async with (
        _gateway(house) as gateway,
        httpx.AsyncClient(base_url=f"http://{address}", timeout=30) as http,
        desk.triton() as grpc,
    ):

        async def over_gateway() -> np.ndarray:
            answer = await gateway.post(f"/v1/deployments/{NAME}/predict", content=IMAGE)
            assert answer.status_code == 200, answer.text
            (prediction,) = answer.json()["predictions"]
            by_label = {each["label"]: each["score"] for each in prediction["scores"]}
            return np.array([by_label[label] for label in desk.card.classes])

        async def over_http() -> np.ndarray:
            answer = await http.post(f"/v2/models/{NAME}/infer", json={"inputs": [tensor]})
            assert answer.status_code == 200, answer.text
            return np.array(answer.json()["outputs"][0]["data"])

        async def over_grpc() -> np.ndarray:
            answer = await grpc.infer(NAME, [tensor_of(IMAGE)])
            assert isinstance(answer, triton.InferResult)
            scores = answer.as_numpy("scores")
            assert scores is not None
            return scores[0]

        async def several() -> np.ndarray:
            answers = by_label(await desk.predict(NAME, *[IMAGE] * 6))
            assert answers == [pytest.approx(answers[0], abs=1e-6)] * 6
            return np.array([answers[0][label] for label in desk.card.classes])

        yield {"gateway": over_gateway, "several": several, "http": over_http, "grpc": over_grpc}


@asynccontextmanager
async def _load(doors: dict[str, Ask]) -> AsyncIterator[dict[str, list[np.ndarray]]]:
    """Every answer of each door; an error of any request is raised at the end."""
    scores: dict[str, list[np.ndarray]] = {door: [] for door in doors}
    is_over = asyncio.Event()

    async def call(door: str) -> None:
        while not is_over.is_set():
            scores[door].append(await doors[door]())

    async with asyncio.TaskGroup() as group:
        for door in doors:
            group.create_task(call(door))
        yield scores
        is_over.set()


def _who(desk: Desk, scores: np.ndarray) -> str:
    known = {"straight": desk.straight, "opposite": desk.opposite}
    return next(name for name, content in known.items() if _is_of(scores, content))


def _is_of(scores: np.ndarray, content: bytes) -> bool:
    return np.allclose(scores, _right(content), atol=1e-5)


_known: dict[int, np.ndarray] = {}


def _right(content: bytes) -> np.ndarray:
    if id(content) not in _known:
        _known[id(content)] = scores_of(content, IMAGE)
    return _known[id(content)]


async def _until_all_say(scores: dict[str, list[np.ndarray]], content: bytes) -> None:
    async def do_they() -> bool:
        return all(found and _is_of(found[-1], content) for found in scores.values())

    await until(do_they, 40)


async def _has_last(scores: Sequence[np.ndarray], content: bytes) -> bool:
    return bool(scores) and _is_of(scores[-1], content)


async def _is_run(desk: Desk, settings: ServingSettings) -> bool:
    """By Triton's own word, the version on trial too."""
    found = await desk.house.bus.ask(GetDeployment(name=NAME))
    async with desk.triton() as client:
        for triton_model in (NAME, f"{NAME}_canary"):
            answer = await client.get_model_config(triton_model)
            assert answer is not None
            config = cast(Any, answer).config
            if config.max_batch_size != settings.max_batch_size:
                return False
            if config.instance_group[0].count != settings.num_instances:
                return False
    return found.settings == settings and len(await desk.loaded(NAME)) == 1


async def _are_many(statuses: Sequence[int], status: int = 200) -> bool:
    return statuses.count(status) >= 20
