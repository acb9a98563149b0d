"""Every task of the registry keeps the contract; a new one is tested by existing."""

from pathlib import Path

import pytest

from libs.tasks import registry
from libs.tasks.conformance import check_task


@pytest.mark.parametrize("task", sorted(registry.tasks()))
def test_the_task_keeps_the_contract(task: str, tmp_path: Path):
    check_task(registry.task(task), tmp_path)
