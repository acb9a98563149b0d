"""Predictions over HTTP, all the time: what came of each, and when."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import httpx

NUM_CALLERS = 2
PAUSE_SECONDS = 0.1
PATIENT = ("503", "504")


@dataclass(frozen=True)
class Asked:
    """`outcome` is the status, or the name of what the line itself did."""

    at: float
    ended_at: float
    outcome: str
    asks_for_patience: bool
    words: str = ""

    @property
    def is_answered(self) -> bool:
        return self.outcome == "200"

    @property
    def is_in_words(self) -> bool:
        """Refused as a caller can deal with it: come again, and when."""
        return self.outcome in PATIENT and self.asks_for_patience


@dataclass
class Load:
    asked: list[Asked] = field(default_factory=list)

    @property
    def lost(self) -> list[Asked]:
        return [each for each in self.asked if not each.is_answered]

    def lost_by_outcome(self) -> dict[str, int]:
        return dict(Counter(each.outcome for each in self.lost))

    @property
    def last_error_at(self) -> float | None:
        return max((each.ended_at for each in self.lost), default=None)

    async def until_answered(self, number: int = 20, seconds: float = 180) -> None:
        """That many answers in a row from now on."""
        start = len(self.asked)
        async with asyncio.timeout(seconds):
            while not _is_well(self.asked[start:][-number:], number):
                await asyncio.sleep(0.1)


def _is_well(last: list[Asked], number: int) -> bool:
    return len(last) == number and all(each.is_answered for each in last)


@asynccontextmanager
async def predicting(url: str, token: str, deployment: str, image: bytes) -> AsyncIterator[Load]:
    load = Load()
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "image/png"}
    async with httpx.AsyncClient(base_url=url, headers=headers, timeout=60) as client:

        async def call() -> None:
            while True:
                load.asked.append(await _ask(client, f"/v1/deployments/{deployment}/predict", image))
                await asyncio.sleep(PAUSE_SECONDS)

        callers = [asyncio.create_task(call()) for _ in range(NUM_CALLERS)]
        try:
            yield load
        finally:
            for caller in callers:
                caller.cancel()
            await asyncio.gather(*callers, return_exceptions=True)


async def _ask(client: httpx.AsyncClient, path: str, image: bytes) -> Asked:
    at = time.monotonic()
    try:
        answer = await client.post(path, content=image)
    except httpx.TransportError as error:
        return Asked(at, time.monotonic(), type(error).__name__, False)
    words = "" if answer.status_code == 200 else answer.text[:300]
    patience = "Retry-After" in answer.headers
    return Asked(at, time.monotonic(), str(answer.status_code), patience, words)
