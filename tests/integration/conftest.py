"""A really trained tiny model, once for all tests that need one."""

import pytest

from libs.tasks.registry import tasks
from tests.toy import Toy, train_toy


@pytest.fixture(scope="session")
def toy(tmp_path_factory: pytest.TempPathFactory) -> Toy:
    return train_toy(next(iter(tasks())), tmp_path_factory.mktemp("toy"))
