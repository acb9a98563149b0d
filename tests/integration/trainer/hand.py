"""A worker's part played by a test: it takes runs, and asks what a worker asks."""

import asyncio
from dataclasses import dataclass
from typing import Literal
from uuid import uuid4

from libs.common.contracts.attempts import AttemptStart, SignAccess, StartAttempt
from libs.common.contracts.jobs import ClaimJob, Lease, WorkerIdentity
from libs.common.contracts.runs import Run
from tests.house import House

CLAIM_SECONDS = 20


@dataclass(frozen=True)
class Hand:
    house: House

    async def claims(self) -> Lease | None:
        """Each time as another worker with a device of its own, so that none waits for another."""
        node = f"hand-{uuid4().hex[:8]}"
        identity = WorkerIdentity(
            id=f"{node}:1", node=node, kinds=("run.train",), capabilities=("cpu",), device="cpu"
        )
        return await self.house.bus.ask(ClaimJob(worker=identity, token=uuid4()))

    async def takes(self, run: Run) -> tuple[Run, Lease]:
        """The next in the queue, which must be this one."""
        async with asyncio.timeout(CLAIM_SECONDS):
            while (lease := await self.claims()) is None:
                await asyncio.sleep(0.1)
        assert lease.job_id == run.job_id
        return run, lease

    async def starts(self, lease: Lease) -> AttemptStart:
        return await self.house.bus.ask(StartAttempt(job_id=lease.job_id, token=lease.token))

    async def signs(self, lease: Lease, access: Literal["read", "write"], *keys: str) -> dict[str, str]:
        request = SignAccess(job_id=lease.job_id, token=lease.token, access=access, keys=keys)
        return {each.key: each.url for each in await self.house.bus.ask(request)}
