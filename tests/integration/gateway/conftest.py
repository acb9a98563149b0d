"""The gateway as its own process on real servers, and a small room that answers it."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import httpx
import pytest
import pytest_asyncio

from infra.local.home import ROOT
from tests.house import House, open_house
from tests.integration.gateway.room import SmallRoom, answering
from tests.stack import TestStack, running_stack

MAX_BODY_BYTES = 4096
ASK_TIMEOUT_SECONDS = 1.0
TRIES_PER_ACCOUNT = 4


@dataclass
class Gateway:
    process: subprocess.Popen[bytes]
    url: str
    metrics_url: str
    token: str
    console: str

    def client(self, token: str | None = None, **options) -> httpx.AsyncClient:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return httpx.AsyncClient(base_url=self.url, headers=headers, timeout=15, **options)


@pytest.fixture(scope="package")
def stores() -> Iterator[TestStack]:
    with running_stack(("postgres", "nats", "s3")) as running:
        yield running


@pytest.fixture(scope="package")
def gateway(stores: TestStack) -> Iterator[Gateway]:
    ports = stores.stack.ports
    with running_gateway(stores, ports["gateway"], ports["gateway_metrics"]) as running:
        yield running


@contextmanager
def running_gateway(
    stores: TestStack, port: int, metrics_port: int, settings: Mapping[str, str] | None = None
) -> Iterator[Gateway]:
    variables = stores.environment("gateway") | {
        "MODELYARD_HTTP__PORT": str(port),
        "MODELYARD_METRICS__PORT": str(metrics_port),
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "services.gateway"],
        cwd=ROOT,
        env=os.environ
        | variables
        | {
            "MODELYARD_MAX_BODY_BYTES": str(MAX_BODY_BYTES),
            "MODELYARD_LOGIN__TRIES_PER_ACCOUNT": str(TRIES_PER_ACCOUNT),
            "MODELYARD_ASK_TIMEOUT_SECONDS": str(ASK_TIMEOUT_SECONDS),
            **(settings or {}),
        },
    )
    url = f"http://127.0.0.1:{port}"
    try:
        _wait_until_ready(process, url)
    except AssertionError:
        process.kill()
        process.wait()
        raise
    yield Gateway(process, url, f"http://127.0.0.1:{metrics_port}", stores.token, stores.console_url)
    process.terminate()
    # Uvicorn shuts down in order and then hands the signal on.
    assert process.wait(15) == -signal.SIGTERM


def _wait_until_ready(process: subprocess.Popen[bytes], url: str) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        assert process.poll() is None, "the gateway ended while starting"
        try:
            if httpx.get(f"{url}/readyz").status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.1)
    raise AssertionError("the gateway is not ready after 60 s")


@pytest_asyncio.fixture(scope="package")
async def house(stores: TestStack) -> AsyncIterator[House]:
    async with open_house(stores) as opened:
        yield opened


@pytest.fixture
async def room(house: House) -> AsyncIterator[SmallRoom]:
    async with answering(house.bus) as opened:
        yield opened


@pytest.fixture
async def api(gateway: Gateway) -> AsyncIterator[httpx.AsyncClient]:
    """As the admin."""
    async with gateway.client(gateway.token) as client:
        yield client
