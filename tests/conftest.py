"""Real servers for tests: `servers` (PostgreSQL, NATS, S3, Triton) and `stack` (everything)."""

from collections.abc import Iterator

import pytest
from hypothesis import settings

from infra.local.home import PROCESSES
from infra.local.servers import SERVERS
from tests.stack import TestStack, running_stack

# Other examples in every run, so that many runs see much; `--hypothesis-profile thorough` sees much in one.
settings.register_profile("usual", max_examples=30, deadline=None)
settings.register_profile("thorough", max_examples=300, deadline=None)
settings.load_profile("usual")


@pytest.fixture(scope="session")
def servers() -> Iterator[TestStack]:
    with running_stack(SERVERS) as running:
        yield running


@pytest.fixture(scope="session")
def stack() -> Iterator[TestStack]:
    with running_stack((*SERVERS, *PROCESSES), packages=("brightness",)) as running:
        yield running


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]):
    """A failure on the stack comes with the last lines of every room's log."""
    report = yield
    running = getattr(item, "funcargs", {}).get("stack") or getattr(item, "funcargs", {}).get("servers")
    if report.failed and isinstance(running, TestStack):
        for name in (*SERVERS, *PROCESSES):
            if lines := running.log(name, 15):
                report.sections.append((f"log of {name}", lines))
    return report
