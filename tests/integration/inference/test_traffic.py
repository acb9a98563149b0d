"""What was asked of each version is known minutes and restarts later; of what is deleted nothing is kept."""

import asyncio
import os
import signal

import httpx
import pytest

from libs.common.contracts.deployments import (
    CreateDeployment,
    DeleteDeployment,
    DeploymentTraffic,
    GetTraffic,
    VersionTraffic,
)
from libs.common.errors import BadInput, NotFound, Unavailable
from tests.house import House
from tests.integration.inference.desk import Desk, png, until

IMAGE = png(41)


async def test_traffic_is_counted_by_version_and_survives_the_room(house: House, desk: Desk) -> None:
    await desk.deploy("counted", await desk.version("counted", 1, desk.straight))
    for _ in range(3):
        await desk.predict("counted", IMAGE, IMAGE)
    with pytest.raises(BadInput):
        await desk.predict("counted", b"no image")
    first = await _until_counted(house, 1, 4)
    assert (first.num_images, first.num_errors) == (6, 1)
    assert first.p50_ms is not None and first.p95_ms is not None and first.p99_ms is not None
    assert 0 < first.p50_ms <= first.p95_ms <= first.p99_ms < 20_000

    await desk.deploy("counted", await desk.version("counted", 2, desk.opposite))
    await until(lambda: _is_answered_by(desk, 2))
    num_before = (await _until_counted(house, 2, 1)).num_requests
    os.kill(house.stack.pid("inference"), signal.SIGKILL)
    await desk.until_it_answers("counted", IMAGE)
    await desk.predict("counted", IMAGE)

    second = await _until_counted(house, 2, num_before + 2)
    traffic = await _traffic(house)
    assert second.num_images >= num_before + 2
    assert (traffic.name, traffic.minutes, traffic.errors) == ("counted", 60, {"image_refused": 1})
    assert [each.at for each in traffic.series] == sorted(each.at for each in traffic.series)
    for each in traffic.versions:
        of_one = [minute for minute in traffic.series if minute.version == each.version]
        assert sum(minute.num_requests for minute in of_one) == each.num_requests


async def test_of_a_deleted_deployment_nothing_is_left(house: House, desk: Desk) -> None:
    version = await desk.version("fleeting", 1, desk.straight)
    await desk.deploy("fleeting", version)
    await desk.predict("fleeting", IMAGE)
    assert 'deployment="fleeting"' in await _metrics(house)

    await house.bus.ask(DeleteDeployment(name="fleeting"))

    await until(lambda: _is_out_of_the_figures(house, "fleeting"))
    with pytest.raises(NotFound):
        await house.bus.ask(GetTraffic(name="fleeting"))
    broken = await desk.version("fleeting", 1, b"no graph")
    await house.bus.ask(CreateDeployment(name="fleeting", version=broken))
    with pytest.raises(Unavailable):
        await desk.predict("fleeting", IMAGE)
    async with asyncio.timeout(20):
        while not (found := await house.bus.ask(GetTraffic(name="fleeting"))).errors:
            await asyncio.sleep(0.2)
    # There was no version that could have failed.
    assert (found.errors, found.versions, found.series) == ({"deployment_not_ready": 1}, (), ())


async def _traffic(house: House) -> DeploymentTraffic:
    return await house.bus.ask(GetTraffic(name="counted"))


async def _until_counted(house: House, version: int, num_requests: int) -> VersionTraffic:
    """Seconds later, as it is not stored with every request."""
    async with asyncio.timeout(20):
        while True:
            for each in (await _traffic(house)).versions:
                if each.version == version and each.num_requests >= num_requests:
                    return each
            await asyncio.sleep(0.2)


async def _is_answered_by(desk: Desk, version: int) -> bool:
    return (await desk.predict("counted", IMAGE)).version == version


async def _metrics(house: House) -> str:
    environment = house.stack.environment("inference")
    url = f"http://{environment['MODELYARD_HTTP__HOST']}:{environment['MODELYARD_HTTP__PORT']}/metrics"
    async with httpx.AsyncClient() as client:
        return (await client.get(url)).text


async def _is_out_of_the_figures(house: House, name: str) -> bool:
    return f'deployment="{name}"' not in await _metrics(house)
