"""Metric points in, history out, lists of runs: beside MLflow and FastTrackML on the same PostgreSQL.

`python -m benchmarks.tracking` goes through all of it with few points: whether it works, not how fast.
"""

import asyncio
import statistics
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any

from benchmarks.results import Result
from benchmarks.stack import local_stack
from benchmarks.tracking_own import Ours, ours
from benchmarks.tracking_peers import fasttrackml, mlflow
from benchmarks.tracking_side import PAGE, Side

NEEDED = ("postgres", "nats", "s3", "trainer", "gateway")
BATCH = 1000
NUM_CLIENTS = 4
NUM_LIVE, PER_SECOND, LIVE_EVERY = 50, 20, 0.25
METRICS = ("loss", "accuracy", "f1", "precision", "recall")


@dataclass(frozen=True)
class Size:
    """How much is measured: `num_long` and `num_very_long` are points of one history."""

    rounds: int
    reads: int
    num_batches: int
    num_listed: int
    num_long: int
    num_very_long: int
    live_seconds: float


FULL = Size(3, 15, 25, 1000, 100_000, 1_000_000, 20.0)
SMALL = Size(1, 2, 2, PAGE + 10, 5000, 20_000, 2.0)


def measure(size: Size = FULL) -> list[Result]:
    return asyncio.run(_measure(size))


async def _measure(size: Size) -> list[Result]:
    async with AsyncExitStack() as stack:
        local = stack.enter_context(local_stack(NEEDED))
        own = await stack.enter_async_context(ours(local))
        sides: dict[str, Side] = {
            "Modelyard": own,
            "MLflow": await stack.enter_async_context(mlflow(local)),
            "FastTrackML": await stack.enter_async_context(fasttrackml(local)),
        }
        points = await _ingestion(sides, size)
        history = await _histories(sides, size)
        lists = await _lists(sides, size)
        very_long = await _very_long(own, size)
        lag = await _sustained(own, size)
    return [
        _result("metric points in", points, "points/s", is_rate=True),
        _result(f"history of {size.num_long:,} points out", history, "ms"),
        _result(f"list of {PAGE} of {size.num_listed:,} runs", lists, "ms"),
        Result(
            f"chart of {size.num_very_long:,} points",
            f"{very_long:.0f} ms",
            "< 200 ms",
            f"GET metrics over HTTP, the extremes of each stretch; median of {size.reads}",
        ),
        Result(
            f"{NUM_LIVE} runs × {PER_SECOND} points/s",
            f"{lag:.1f} s behind",
            "no growing lag",
            f"each run a batch every {LIVE_EVERY} s for {size.live_seconds:.0f} s; from the last one sent "
            "until all points can be read",
        ),
    ]


async def _ingestion(sides: dict[str, Side], size: Size) -> dict[str, float]:
    rates: dict[str, list[float]] = {name: [] for name in sides}
    for _ in range(size.rounds):
        for name, side in sides.items():
            runs = await side.new_runs(NUM_CLIENTS)
            started = time.perf_counter()
            await asyncio.gather(*(_send_all(side, run, size) for run in runs))
            total = NUM_CLIENTS * size.num_batches * BATCH
            await side.arrive(runs, total)
            rates[name].append(total / (time.perf_counter() - started))
    return {name: statistics.median(found) for name, found in rates.items()}


async def _send_all(side: Side, run: Any, size: Size) -> None:
    for number in range(size.num_batches):
        await side.send(run, number * BATCH, BATCH)


async def _histories(sides: dict[str, Side], size: Size) -> dict[str, float]:
    runs = {}
    for name, side in sides.items():
        (runs[name],) = await side.new_runs(1)
        for first in range(0, size.num_long, BATCH):
            await side.send(runs[name], first, BATCH)
        await side.arrive([runs[name]], size.num_long)
    return await _in_turns({name: lambda name=name: sides[name].history(runs[name]) for name in sides}, size)


async def _lists(sides: dict[str, Side], size: Size) -> dict[str, float]:
    for side in sides.values():
        runs = await side.new_runs(size.num_listed)
        for run in runs:
            await side.send(run, 0, 3, METRICS)
        await side.arrive(runs, size.num_listed * 3 * len(METRICS))
    return await _in_turns({name: side.list_runs for name, side in sides.items()}, size)


async def _very_long(side: Ours, size: Size) -> float:
    (run,) = await side.new_runs(1)
    await side.fill(run, size.num_very_long)
    return (await _in_turns({"": lambda: side.history(run)}, size))[""]


async def _sustained(side: Ours, size: Size) -> float:
    """Seconds from the last batch until everything is stored."""
    runs = await side.new_runs(NUM_LIVE)
    per_batch = round(PER_SECOND * LIVE_EVERY)
    num_batches = round(size.live_seconds / LIVE_EVERY)

    async def live(run: Any, delay: float) -> None:
        begun = time.perf_counter() + delay
        for number in range(num_batches):
            await asyncio.sleep(max(0.0, begun + number * LIVE_EVERY - time.perf_counter()))
            await side.send(run, number * per_batch, per_batch)

    await asyncio.gather(*(live(run, LIVE_EVERY * place / NUM_LIVE) for place, run in enumerate(runs)))
    ended = time.perf_counter()
    await side.arrive(runs, NUM_LIVE * num_batches * per_batch)
    return time.perf_counter() - ended


async def _in_turns(calls: dict[str, Callable[[], Awaitable[None]]], size: Size) -> dict[str, float]:
    """Milliseconds, the median of several each."""
    times: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(size.reads):
        for name, call in calls.items():
            started = time.perf_counter()
            await call()
            times[name].append((time.perf_counter() - started) * 1000)
    return {name: statistics.median(found) for name, found in times.items()}


def _result(title: str, found: dict[str, float], unit: str, *, is_rate: bool = False) -> Result:
    own = found["Modelyard"]
    ratios = {
        name: own / value if is_rate else value / own for name, value in found.items() if name != "Modelyard"
    }
    told = ", ".join(f"{name} {value:,.0f} {unit}" for name, value in found.items())
    aim = "≥ 5× MLflow, ≥ 3× FastTrackML"
    return Result(title, ", ".join(f"{ratio:.1f}× {name}" for name, ratio in ratios.items()), aim, told)


if __name__ == "__main__":
    for found in measure(SMALL):
        print(f"{found.title}: {found.value}")
