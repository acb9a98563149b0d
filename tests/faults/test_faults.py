"""Every fault meets a stack that is at work in every room; afterwards all is as if it had not been."""

import asyncio
import os
import time
from dataclasses import dataclass

import pytest

from infra.local.hanging import is_hung
from libs.client import Modelyard
from tests.faults import faults
from tests.faults.clock import Clock
from tests.faults.conftest import LEASE_SECONDS, PARTS
from tests.faults.disk import Disk
from tests.faults.faults import Fault, Site
from tests.faults.ground import STEADY, Ground
from tests.faults.invariants import broken
from tests.faults.load import Load, predicting
from tests.faults.results import Row, write
from tests.faults.workload import begin, finish, num_attempts
from tests.house import House
from tests.stack import TestStack

RIGHT_SECONDS = 180
# The limits of what is waited for are those of a machine with much else to do.
pytestmark = [
    pytest.mark.timeout(2400),
    # The tests' own connection to a NATS that stood still: its client leaves the socket to the collector.
    pytest.mark.filterwarnings("ignore:unclosed <StreamWriter:ResourceWarning"),
]


@dataclass(frozen=True)
class Case:
    done: str
    to: str
    fault: Fault

    def __str__(self) -> str:
        return f"{self.to} {self.done}"


CASES = (
    *(Case("killed -9", part, faults.killed) for part in PARTS),
    *(Case("stopped for 30 s", part, faults.paused) for part in PARTS),
    Case("every connection terminated", "postgres", faults.terminated_connections),
    Case("its clock 10 min ahead for 30 s", "postgres", faults.jumped_clock),
    Case("killed -9, its store deleted", "nats", faults.lost_store),
    Case("everything told again, newest first", "nats", faults.told_again),
    Case("a second process, then the first killed -9", "trainer", faults.with_a_second),
    Case("a second process, then the first killed -9", "inference", faults.with_a_second),
    Case("stopped until another had its job", "worker", faults.came_back_too_late),
    Case("1 MiB/s for 30 s", "disk", faults.slow_disk),
    Case("full for 30 s", "disk", faults.full_disk),
)


@pytest.mark.parametrize("case", CASES, ids=str)
async def test_work_goes_on_after(
    case: Case, house: House, yard: Modelyard, ground: Ground, disk: Disk, clock: Clock
) -> None:
    stack = house.stack
    async with predicting(stack.gateway_url, stack.token, STEADY, ground.image) as load:
        work = await begin(yard, house, ground)
        await load.until_answered(5)
        struck_at, load_average = time.monotonic(), os.getloadavg()[0]
        async with case.fault(Site(house, disk, clock, case.to, work.jobs)):
            over_at = time.monotonic()
            answers_at = await _until_all_answer(stack)
            await load.until_answered()
            right_at = max(answers_at, load.last_error_at or over_at)
            done_at = await finish(house, work)
            await load.until_answered()
    wrong = [*_refused_wrongly(load, case), *_refused_later(load, right_at), *await broken(house)]
    write(
        Row(
            case.done, case.to,
            lasted_seconds=over_at - struck_at,
            right_after_seconds=max(0.0, right_at - over_at),
            num_asked=len(load.asked),
            lost=load.lost_by_outcome(),
            num_attempts=await num_attempts(house, work),
            done_after_seconds=done_at - over_at,
            lease_seconds=LEASE_SECONDS,
            load_average=load_average,
            broken=tuple(wrong),
        ),
        len(CASES),
    )  # fmt: skip
    assert not wrong


async def _until_all_answer(stack: TestStack) -> float:
    async with asyncio.timeout(RIGHT_SECONDS):
        while not await _all_answer(stack):
            await asyncio.sleep(0.1)
    return time.monotonic()


async def _all_answer(stack: TestStack) -> bool:
    """A NATS that hangs, as after a full disk, is still to be started anew."""
    are_ready = await asyncio.to_thread(lambda: all(map(stack.is_ready, PARTS)))
    return are_ready and not await is_hung(stack.stack)


def _refused_wrongly(load: Load, case: Case) -> list[str]:
    """Where the gateway itself is away, the line says so."""
    is_its_own = case.to == "gateway"
    return [
        f"a prediction ended with {each.outcome} {each.words}"
        for each in load.lost
        if not each.is_in_words and not (is_its_own and not each.outcome.isdigit())
    ]


def _refused_later(load: Load, right_at: float) -> list[str]:
    late = [each for each in load.lost if each.at > right_at]
    return [f"{len(late)} predictions failed when all was right again: {late[0]}"] if late else []
