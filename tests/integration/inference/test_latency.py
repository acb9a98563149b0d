"""What the room costs on top of Triton; told, not asserted: a shared machine keeps no promise."""

import time
from collections.abc import Awaitable, Callable
from statistics import median, quantiles

from tests.integration.inference.desk import Desk, png, tensor_of

NUM_REQUESTS = 200
IMAGE = png(9)


async def test_the_room_and_triton_alone_are_compared(desk: Desk) -> None:
    await desk.deploy("quick", await desk.version("quick", 1, desk.straight))
    async with desk.triton() as client:
        direct = await _measured(lambda: client.infer("quick", [tensor_of(IMAGE)]))
        room = await _measured(lambda: desk.predict("quick", IMAGE))

    for name, seconds in (("Triton over gRPC", direct), ("room over the bus", room)):
        print(
            f"{name}: p50 {median(seconds) * 1000:.2f} ms, p95 {quantiles(seconds, n=20)[-1] * 1000:.2f} ms"
        )
    assert (len(direct), len(room)) == (NUM_REQUESTS, NUM_REQUESTS)


async def _measured(ask: Callable[[], Awaitable[object]]) -> list[float]:
    """Seconds of each request, one after the other, after some to get warm."""
    for _ in range(20):
        await ask()
    found: list[float] = []
    for _ in range(NUM_REQUESTS):
        started = time.perf_counter()
        await ask()
        found.append(time.perf_counter() - started)
    return found
