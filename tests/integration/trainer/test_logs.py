"""What a run has said, while it runs and after its log was put away; the test is who speaks."""

import asyncio
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import text

from libs.common.bus import TelemetryPublisher
from libs.common.contracts.base import PageQuery, now
from libs.common.contracts.experiments import DeleteExperiment
from libs.common.contracts.measurements import LogPage, ReadLogs
from libs.common.contracts.runs import CancelRun, Run
from libs.common.contracts.telemetry import Level, LogLine, TelemetryBatch
from libs.common.errors import BadInput
from libs.common.ids import new_id
from tests.integration.trainer.desk import Desk

pytestmark = pytest.mark.usefixtures("no_worker")
WAIT_SECONDS = 60
# More than two blocks of a file, and less than one.
NUM_LINES = {1: 4500, 2: 225}
WARNINGS = {(1, 10), (1, 2500), (2, 3)}
ERRORS = {(1, 4000)}


def _level(place: tuple[int, int]) -> Level:
    return "error" if place in ERRORS else "warning" if place in WARNINGS else "info"


@dataclass(frozen=True)
class Speaker:
    desk: Desk
    run: Run

    async def says(self, attempt: int, *lines: LogLine) -> None:
        for first in range(0, len(lines), 400):
            batch = TelemetryBatch(
                id=new_id(), run_id=self.run.id, attempt=attempt, logs=lines[first : first + 400]
            )
            await TelemetryPublisher(self.desk.house.bus).publish(batch)

    async def says_everything(self) -> None:
        for attempt, count in NUM_LINES.items():
            places = [(attempt, seq) for seq in range(count)]
            lines = [LogLine(at=now(), text=str(it), seq=it[1], level=_level(it)) for it in places]
            await self.says(attempt, *lines)
        await self.until_last(str((2, NUM_LINES[2] - 1)))

    async def read(self, cursor: str | None = None, **wanted: Any) -> LogPage:
        request = ReadLogs(run_id=self.run.id, query=PageQuery(limit=200, cursor=cursor), **wanted)
        return await self.desk.ask(request)

    async def all_texts(self, level: Level = "debug") -> list[str]:
        page = await self.read(level=level)
        texts = [line.text for line in page.items]
        while page.next_cursor is not None:
            page = await self.read(page.next_cursor, level=level)
            texts += [line.text for line in page.items]
        return texts

    async def until_last(self, said: str) -> None:
        async with asyncio.timeout(WAIT_SECONDS):
            while [line.text for line in (await self.read(tail=1)).items] != [said]:
                await asyncio.sleep(0.1)

    async def until_put_away(self) -> None:
        statement = text("SELECT count(*) FROM trainer.logs WHERE run_id = :run_id")
        async with asyncio.timeout(WAIT_SECONDS):
            while True:
                async with self.desk.house.database.transaction() as session:
                    if not await session.scalar(statement, {"run_id": self.run.id}):
                        return
                await asyncio.sleep(0.2)

    async def assert_everything_is_read(self, *more: str) -> None:
        texts = [str((attempt, seq)) for attempt, count in NUM_LINES.items() for seq in range(count)]
        texts += more
        assert await self.all_texts() == texts
        assert await self.all_texts("warning") == [str(place) for place in sorted(WARNINGS | ERRORS)]
        assert await self.all_texts("error") == [str(place) for place in ERRORS]
        assert [line.text for line in (await self.read(tail=200)).items] == texts[-200:]
        assert [line.text for line in (await self.read(tail=3, level="warning")).items] == [
            str(place) for place in sorted(WARNINGS | ERRORS)[-3:]
        ]


async def test_a_log_reads_the_same_after_it_was_put_away_and_goes_with_its_run(desk: Desk) -> None:
    experiment = await desk.experiment("Talkative")
    speaker = Speaker(desk, await desk.begin(experiment))
    await speaker.says_everything()
    await speaker.assert_everything_is_read()

    await desk.ask(CancelRun(run_id=speaker.run.id))
    await speaker.until_put_away()

    await speaker.assert_everything_is_read()
    files = await desk.keys_of(speaker.run.id)
    assert {key.rpartition("/")[2] for key in files} == {"log-0.jsonl.gz"}
    assert len(files) == len(NUM_LINES)

    # A last word that comes late is found behind the others, and is put away as well.
    await speaker.says(2, LogLine(at=now(), text="late", seq=NUM_LINES[2]))
    await speaker.until_last("late")
    await speaker.assert_everything_is_read("late")
    await speaker.until_put_away()
    await speaker.assert_everything_is_read("late")
    assert len(await desk.keys_of(speaker.run.id)) == len(NUM_LINES) + 1

    await desk.ask(DeleteExperiment(experiment_id=experiment.id))
    async with asyncio.timeout(WAIT_SECONDS):
        while await desk.keys_of(speaker.run.id):
            await asyncio.sleep(0.2)


async def test_who_has_seen_all_asks_on_from_there(desk: Desk) -> None:
    speaker = Speaker(desk, await desk.begin())
    assert (await speaker.read()).seen is None
    await speaker.says(1, LogLine(at=now(), text="one", seq=0))
    await speaker.until_last("one")
    seen = (await speaker.read()).seen
    assert seen is not None and (await speaker.read(seen)).items == ()

    await speaker.says(1, LogLine(at=now(), text="two", seq=1))
    await speaker.until_last("two")

    page = await speaker.read(seen)
    assert ([line.text for line in page.items], page.next_cursor) == (["two"], None)
    for cursor in ("1", "1.x", "-1.0", "9" * 30 + ".1"):
        with pytest.raises(BadInput):
            await speaker.read(cursor)
    await desk.ask(CancelRun(run_id=speaker.run.id))
