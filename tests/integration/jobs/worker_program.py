"""A worker process on a real bus, to be killed by test_worker_process; it counts to five, slowly."""

import asyncio
import sys
from pathlib import Path
from types import SimpleNamespace

from pydantic import BaseModel, SecretStr

from libs.common.bus import Bus
from libs.common.contracts.base import JobSpec
from libs.common.jobs import JobDoor, Work, Worker
from libs.common.settings import BusSettings

COUNT = 5
jobs = JobDoor()


class CountSheep(JobSpec, kind="test.sheep.count", needs_device=True):
    pass


class Counted(BaseModel):
    sheep: int
    began_at: int


@jobs.does
async def count_sheep(spec: CountSheep, work: Work[None]) -> None:
    began_at = (work.job.checkpoint or {}).get("sheep", 0)
    for sheep in range(began_at, COUNT):
        await work.checkpoint(Counted(sheep=sheep + 1, began_at=began_at))
        await work.progress((sheep + 1) / COUNT, f"{sheep + 1} sheep")
        await asyncio.sleep(1.1)
    work.finish_with(Counted(sheep=COUNT, began_at=began_at))


async def main(url: str, user: str, password: str, scratch: Path) -> None:
    bus = await Bus.connect(BusSettings(url=url, user=user, password=SecretStr(password)), name="shepherd")
    await Worker(bus, SimpleNamespace(), jobs, node="meadow", device="cpu", scratch=scratch).run()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:4], Path(sys.argv[4])))
