"""Kills on either side: what is wished is served again without anybody asking for it."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import httpx
from sqlalchemy import text
from tritonclient.utils import InferenceServerException

from infra.local.home import ROOT
from infra.local.ports import LOOPBACK, choose_ports
from libs.common.contracts.deployments import CreateDeployment, DeploymentFailed, ModelDeployed, SetCanary
from libs.common.errors import Unavailable
from services.inference.reconciler import LOCK
from tests.house import House
from tests.integration.inference.desk import Desk, png, until

IMAGE = png(5)


async def test_a_killed_triton_serves_again_by_itself(house: House, desk: Desk) -> None:
    """Also the version that went on when its successor was broken, and the one on trial."""
    await desk.deploy("steady", await desk.version("steady", 1, desk.straight))
    await desk.deploy("stuck", await desk.version("stuck", 1, desk.straight))
    broken = await desk.version("stuck", 2, desk.straight[:1000])
    await house.bus.ask(CreateDeployment(name="stuck", version=broken))
    await house.wait_for(DeploymentFailed, deployment="stuck")
    tried = await desk.version("steady", 2, desk.opposite)
    await house.bus.ask(SetCanary(name="steady", version=tried, percent=50))
    await until(lambda: _has_answered_both(desk, "steady"))

    async with _asked_patiently(desk, "steady") as answers:
        _kill(house, "triton")
        await until(lambda: _has_failed_and_answered(answers), timeout_seconds=40)

    assert set(answers) == {"answered", "triton_away"} | ({"deployment_not_ready"} & set(answers))
    for name in ("steady", "stuck"):
        await until(lambda name=name: _is_loaded(desk, name), timeout_seconds=40)
    assert (await desk.predict("stuck", IMAGE)).version == 1
    await until(lambda: _has_answered_both(desk, "steady"), timeout_seconds=40)
    announced = [each for each in await house.facts(ModelDeployed) if each.deployment == "steady"]
    assert len(announced) == 1


@asynccontextmanager
async def _asked_patiently(desk: Desk, name: str) -> AsyncIterator[list[str]]:
    """What came of each request; an error that does not ask for patience is raised at the end."""
    found: list[str] = []
    is_over = asyncio.Event()

    async def call() -> None:
        while not is_over.is_set():
            try:
                await desk.predict(name, IMAGE)
                found.append("answered")
            except Unavailable as error:
                found.append(error.code)
                await asyncio.sleep(0.02)

    async with asyncio.TaskGroup() as group:
        for _ in range(3):
            group.create_task(call())
        yield found
        is_over.set()


async def _has_failed_and_answered(found: list[str]) -> bool:
    return "triton_away" in found and found[-1] == "answered"


async def _has_answered_both(desk: Desk, name: str) -> bool:
    return {(await desk.predict(name, IMAGE)).version for _ in range(2)} == {1, 2}


async def _is_loaded(desk: Desk, name: str) -> bool:
    async with desk.triton() as client:
        try:
            return bool(await client.is_model_ready(name))
        except InferenceServerException:
            return False


async def test_a_killed_room_goes_on_and_loads_nothing_again(house: House, desk: Desk) -> None:
    await desk.deploy("calm", await desk.version("calm", 1, desk.straight))
    num_loads = house.stack.log("triton", 10_000).count('"loading: calm:1"')

    _kill(house, "inference")

    await desk.until_it_answers("calm", IMAGE)
    assert (await desk.predict("calm", IMAGE)).version == 1
    assert house.stack.log("triton", 10_000).count('"loading: calm:1"') == num_loads


async def test_of_two_rooms_one_changes_triton_and_the_other_takes_its_place(
    house: House, desk: Desk, tmp_path: Path
) -> None:
    await desk.deploy("pair", await desk.version("pair", 1, desk.straight))
    with _second_room(house, tmp_path / "second.log") as (url, log):
        await until(lambda: _are_answering(house, 2))

        async with desk.asked_all_the_time("pair", IMAGE) as answers:
            await desk.deploy("pair", await desk.version("pair", 2, desk.opposite))
            await until(lambda: _has_answered(url, "pair", 2))
            await until(lambda: _is_all_that_is_loaded(desk, "pair", 2))

        assert {answer.version for answer in answers} == {1, 2}
        assert await _num_lock_holders(house) == 1
        assert "model_loaded" not in log.read_text()
        # The supervised one comes back, and finds the lock taken.
        _kill(house, "inference")
        await until(lambda: _are_answering(house, 2))
        await desk.deploy("pair", await desk.version("pair", 3, desk.straight))
        assert "model_loaded" in log.read_text()
        assert await _num_lock_holders(house) == 1
    await desk.until_it_answers("pair", IMAGE)


@contextmanager
def _second_room(house: House, log: Path) -> Iterator[tuple[str, Path]]:
    port = choose_ports(("second",), {})["second"]
    own = {**house.stack.environment("inference"), "MODELYARD_HTTP__PORT": str(port)}
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MODELYARD_")}
    with log.open("wb") as file:
        process = subprocess.Popen(
            [sys.executable, "-m", "services.inference"],
            cwd=ROOT,
            env={**kept, **own},
            stdout=file,
            stderr=subprocess.STDOUT,
        )
        try:
            yield f"http://{LOOPBACK}:{port}", log
        finally:
            process.terminate()
            process.wait(20)


def _kill(house: House, name: str) -> None:
    pid = house.stack.pid(name)
    os.kill(pid, signal.SIGKILL)


async def _are_answering(house: House, num_rooms: int) -> bool:
    return (await house.bus.discover()).get("inference") == num_rooms


async def _has_answered(url: str, deployment: str, version: int) -> bool:
    async with httpx.AsyncClient() as client:
        metrics = (await client.get(f"{url}/metrics")).text
    labels = f'deployment="{deployment}",model="{deployment}",version="{version}"'
    return f"modelyard_predictions_total{{{labels}}}" in metrics


async def _is_all_that_is_loaded(desk: Desk, name: str, revision: int) -> bool:
    return await desk.loaded(name) == {revision}


async def _num_lock_holders(house: House) -> int:
    statement = text(
        "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted "
        "AND (classid::bigint << 32) + objid::bigint = :lock"
    )
    async with house.database.transaction() as session:
        return (await session.scalars(statement, {"lock": LOCK})).one()
