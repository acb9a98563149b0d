"""A really trained tiny model, a PostgreSQL and a plain object store, once for all tests that need one."""

from collections.abc import Iterator

import pytest

from libs.tasks.registry import tasks
from tests.postgres import postgres_server
from tests.stack import TestStack, running_stack
from tests.toy import Toy, train_toy

__all__ = ["postgres_server", "s3", "toy"]


@pytest.fixture(scope="session")
def toy(tmp_path_factory: pytest.TempPathFactory) -> Toy:
    return train_toy(next(iter(tasks())), tmp_path_factory.mktemp("toy"))


@pytest.fixture(scope="session")
def s3() -> Iterator[TestStack]:
    with running_stack(("s3",)) as running:
        yield running
