"""A gateway and the rooms that data needs on real servers, with a line to the store that can be broken."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from libs.client import Connection, Modelyard
from tests.integration.client.line import Line, open_line
from tests.stack import TestStack, running_stack


@pytest.fixture(scope="package")
def lines() -> Iterator[Line]:
    with open_line() as opened:
        yield opened


@pytest.fixture(scope="package")
def house(lines: Line) -> Iterator[TestStack]:
    changes = {"datasets": {"MODELYARD_STORAGE__PUBLIC_ENDPOINT": lines.address}}
    with running_stack(("postgres", "nats", "s3", "gateway", "datasets", "trainer"), changes) as running:
        lines.store = ("127.0.0.1", running.stack.ports["s3"])
        yield running


@pytest.fixture
def line(lines: Line) -> Iterator[Line]:
    yield lines
    lines.restore()


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where this user's begun uploads are remembered."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return tmp_path / "state" / "modelyard" / "uploads"


@pytest.fixture
def yard(house: TestStack, state: Path) -> Iterator[Modelyard]:
    with Modelyard(Connection(house.gateway_url, house.token)) as connected:
        yield connected
