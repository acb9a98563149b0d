"""What a person does at the trainer's door, and what they see of a run."""

import asyncio
import os
import re
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

import pytest

from libs.common.contracts.base import PageQuery, Request
from libs.common.contracts.checkpoints import Checkpoint, ListCheckpoints
from libs.common.contracts.datasets import DataReference
from libs.common.contracts.experiments import CreateExperiment, Experiment
from libs.common.contracts.measurements import ReadLogs, ReadMetrics
from libs.common.contracts.runs import CreateRun, GetRun, GetRunSummary, Run, RunState
from libs.common.contracts.telemetry import MetricPoint
from libs.common.errors import ModelyardError
from libs.common.ids import new_id
from tests.house import House

WAIT_SECONDS = 300
# 48 samples in batches of 8, as long as it takes to be interrupted on the way.
STEPS_PER_EPOCH = 6
CONFIG: dict[str, Any] = {
    "architecture": "simple_cnn",
    "image_size": 32,
    "epochs": 8,
    "batch_size": 8,
    "num_workers": 0,
}
NUM_EPOCHS: int = CONFIG["epochs"]
NUM_STEPS = NUM_EPOCHS * STEPS_PER_EPOCH

Answer = TypeVar("Answer")
Series = dict[str, tuple[MetricPoint, ...]]


@dataclass(frozen=True)
class Desk:
    house: House
    task: str
    data: DataReference

    async def experiment(self, name: str | None = None, **changes: Any) -> Experiment:
        """Of a name that no other has, unless one is given."""
        request = CreateExperiment(
            project_id=self.data.project_id,
            name=name or f"Discs {new_id()}",
            task=self.task,
            data=self.data,
            config=CONFIG | changes,
        )
        return await self.house.bus.ask(request)

    async def begin(self, experiment: Experiment | None = None, **wanted: Any) -> Run:
        experiment = experiment or await self.experiment()
        return await self.house.bus.ask(CreateRun(experiment_id=experiment.id, **wanted))

    async def look(self, run: Run) -> Run:
        return await self.ask(GetRun(run_id=run.id))

    async def ask(self, request: Request[Answer]) -> Answer:
        """Waits for a room or a bus that is away."""
        async with asyncio.timeout(WAIT_SECONDS):
            while True:
                try:
                    return await self.house.bus.ask(request)
                except ModelyardError as error:
                    if not error.retryable:
                        raise
                await asyncio.sleep(0.1)

    async def until(self, run: Run, state: RunState) -> Run:
        """Raises with what became of the run instead."""
        return await self._until(run, lambda now: now.state is state)

    async def until_attempt(self, run: Run, number: int) -> Run:
        return await self._until(run, lambda now: now.attempt == number)

    async def until_epoch(self, run: Run, num_epochs: int) -> None:
        """Until that many are kept, and the run still goes on."""
        async with asyncio.timeout(WAIT_SECONDS):
            while True:
                found = await self.checkpoints(run)
                if "last" in found and found["last"].epoch + 1 >= num_epochs:
                    assert not (await self.look(run)).state.is_final, "it was too fast to be interrupted"
                    return
                await asyncio.sleep(0.05)

    async def checkpoints(self, run: Run) -> dict[str, Checkpoint]:
        found = await self.ask(ListCheckpoints(run_id=run.id))
        return {each.name: each for each in found}

    async def series(self, run: Run) -> Series:
        """Once all that was told is stored: the last epoch's validation comes last."""
        wanted = ReadMetrics(run_id=run.id, max_points=10_000)
        async with asyncio.timeout(WAIT_SECONDS):
            while True:
                found = {each.key: each.points for each in await self.ask(wanted)}
                if "val/loss" in found and found["val/loss"][-1].step == NUM_STEPS:
                    return found
                await asyncio.sleep(0.1)

    async def log_texts(self, run: Run) -> list[str]:
        page = await self.house.bus.ask(ReadLogs(run_id=run.id, query=PageQuery(limit=200)))
        return [line.text for line in page.items]

    async def life(self, run: Run) -> list[tuple[str, str]]:
        """Every transition with its reason, without the worker's own name."""
        summary = await self.house.bus.ask(GetRunSummary(run_id=run.id))
        return [(str(each.state), _nameless(each.reason)) for each in summary.transitions]

    async def keys_of(self, run_id: UUID) -> set[str]:
        return {each.key for each in await self.house.storage.list_objects(f"runs/{run_id}/")}

    async def restarted(self, name: str, killed: int) -> None:
        async with asyncio.timeout(WAIT_SECONDS):
            while self.house.stack.pid(name) in (0, killed) or not self.house.stack.is_ready(name):
                await asyncio.sleep(0.1)

    async def child(self, worker: int | None = None) -> int:
        """The process that the worker started for its run; by default the stack's own worker."""
        worker = worker or self.house.stack.pid("worker")
        async with asyncio.timeout(WAIT_SECONDS):
            while True:
                for children in Path(f"/proc/{worker}/task").glob("*/children"):
                    if found := children.read_text().split():
                        return int(found[0])
                await asyncio.sleep(0.02)

    async def _until(self, run: Run, is_so: Callable[[Run], bool]) -> Run:
        seen = await self.look(run)
        try:
            async with asyncio.timeout(WAIT_SECONDS):
                while not is_so(seen):
                    assert not seen.state.is_final, f"{seen.state}: {seen.error_code} {seen.error_detail}"
                    await asyncio.sleep(0.1)
                    seen = await self.look(run)
        except TimeoutError:
            raise AssertionError(f"still {seen.state}: {await self.life(run)}") from None
        return seen


@contextmanager
def held(process: int) -> Iterator[None]:
    """It stands still meanwhile, so that nothing depends on how fast this machine trains."""
    os.kill(process, signal.SIGSTOP)
    try:
        yield
    finally:
        with suppress(ProcessLookupError):
            os.kill(process, signal.SIGCONT)


def _nameless(reason: str) -> str:
    """`worker local:12:ab prepares` becomes `worker … prepares`."""
    return re.sub(r"\bworker \S+:\S+", "worker …", reason)


@dataclass(frozen=True)
class Whole:
    """A run that nothing disturbed, and what it left."""

    run: Run
    series: Series
    texts: list[str]

    def assert_same(self, series: Series) -> None:
        """Each step once, without a gap, and the numbers that an undisturbed training gives."""
        assert series.keys() == self.series.keys()
        for key, points in self.series.items():
            assert [(each.step, each.epoch) for each in series[key]] == [
                (each.step, each.epoch) for each in points
            ]
            values = [each.value for each in points]
            assert [each.value for each in series[key]] == pytest.approx(values, rel=1e-3, abs=1e-4), key
