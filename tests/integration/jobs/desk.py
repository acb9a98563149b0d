"""The scheduler's answers on a real queue with no bus between, so that tests can take it away at will."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from pydantic import TypeAdapter

from libs.common.contracts.base import Request
from libs.common.contracts.jobs import Beat, BeatJob, ClaimJob, FailJob, FinishJob, ReleaseJob
from libs.common.db import Database
from libs.common.errors import Unavailable
from libs.common.jobs import JobQueue

LEASE_SECONDS = 6.0


class Desk:
    def __init__(self, database: Database) -> None:
        self.is_open = True
        self.asked: list[Request[Any]] = []
        self._database = database
        self._hints: asyncio.Queue[bytes] = asyncio.Queue()

    async def ask(self, request: Request[Any], timeout_seconds: float = 5.0) -> Any:
        if not self.is_open:
            raise Unavailable("nobody is at the desk")
        self.asked.append(request)
        async with self._database.transaction() as session:
            answer = await self._answer(request, JobQueue(session, lease_seconds=LEASE_SECONDS))
        adapter = TypeAdapter(request.answer_type)
        return adapter.validate_json(adapter.dump_json(answer))

    async def listen(self, subject: str) -> AsyncIterator[bytes]:
        while True:
            yield await self._hints.get()

    def wake(self) -> None:
        self._hints.put_nowait(b"")

    async def _answer(self, request: Request[Any], queue: JobQueue) -> Any:
        match request:
            case ClaimJob():
                row = await queue.claim(request.worker, request.token)
                return row and row.lease(LEASE_SECONDS)
            case BeatJob(job_id=job_id, token=token, progress=progress, message=message, checkpoint=data):
                return Beat(desired=await queue.beat(job_id, token, progress, message, data))
            case FinishJob(job_id=job_id, token=token, result=result):
                return (await queue.finish(job_id, token, result)).view()
            case FailJob(job_id=job_id, token=token, code=code, detail=detail, retryable=retryable):
                return (await queue.fail(job_id, token, code, detail, retryable=retryable)).view()
            case ReleaseJob(job_id=job_id, token=token):
                return (await queue.release(job_id, token)).view()
        raise AssertionError(f"workers do not ask {type(request).__name__}")
