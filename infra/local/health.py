"""Waiting until a part answers, with a limit and in words when it does not."""

import asyncio
import socket
import time
import urllib.error
import urllib.request
from collections.abc import Callable

import asyncpg

from infra.local.home import LOOPBACK, Stack

POLL_SECONDS = 0.1


class NotReady(Exception):
    """Which part did not answer in time, and where its log is."""


def wait_until_ready(stack: Stack, name: str, timeout_seconds: float = 60) -> None:
    check = check_of(stack, name)
    deadline = time.monotonic() + timeout_seconds
    while not check():
        if time.monotonic() > deadline:
            raise NotReady(f"{name} is not ready after {timeout_seconds:.0f} s; see {stack.logs}/{name}.log")
        time.sleep(POLL_SECONDS)


def check_of(stack: Stack, name: str) -> Callable[[], bool]:
    match name:
        case "postgres":
            return lambda: asyncio.run(_has_database(stack))
        case "nats" | "s3":
            return lambda: _listens(stack.ports[name])
        case "triton":
            return lambda: _answers(stack.url("triton_http") + "/v2/health/ready")
        case "console":
            return lambda: _answers(stack.url(name) + "/_stcore/health")
        case _:
            return lambda: _answers(stack.url(name) + "/readyz")


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex((LOOPBACK, port)) == 0


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:  # noqa: S310 — our own loopback address
            return answer.status == 200
    except (urllib.error.URLError, OSError):
        return False


async def _has_database(stack: Stack) -> bool:
    """Ready means that the rooms' database is there; the first time it is made."""
    where = {
        "host": LOOPBACK,
        "port": stack.ports["postgres"],
        "user": "postgres",
        "password": stack.secrets["postgres_password"],
    }
    try:
        connection = await asyncpg.connect(**where, database="postgres", timeout=2)
    except (OSError, TimeoutError, asyncpg.PostgresError):
        return False
    try:
        if not await connection.fetchval("SELECT 1 FROM pg_database WHERE datname = 'modelyard'"):
            await connection.execute("CREATE DATABASE modelyard")
    finally:
        await connection.close()
    return True
