"""A worker whose jobs only say when they began: what is measured is how they got there."""

import os
import socket
import time
from pathlib import Path
from types import SimpleNamespace

import uvloop

from libs.common.bus import Bus
from libs.common.contracts.base import JobSpec
from libs.common.jobs import JobDoor, Work, Worker
from libs.common.settings import BusSettings

jobs = JobDoor()


class Touch(JobSpec, kind="bench.touch"):
    """`address` is the mailbox of who measures, `sent_at` when the job was submitted."""

    address: str
    sent_at: float


@jobs.does
async def touch(spec: Touch, work: Work[None]) -> None:
    seconds = time.time() - spec.sent_at
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as out:
        out.sendto(str(seconds).encode(), spec.address)


async def main() -> None:
    given = {name.lower(): os.environ[f"MODELYARD_BUS__{name}"] for name in ("URL", "USER", "PASSWORD")}
    bus = await Bus.connect(BusSettings.model_validate(given), name="benchmark")
    scratch = Path(os.environ["MODELYARD_SCRATCH"]) / "work"
    await Worker(bus, SimpleNamespace(), jobs, node="bench", scratch=scratch).run()


if __name__ == "__main__":
    uvloop.run(main())
