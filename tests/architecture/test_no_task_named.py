"""What serves every task names none of them: a new task is one folder or one package, and nothing else."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from libs.tasks import registry

ROOT = Path(__file__).parents[2]
# Beside the rooms, what they share, and the console, which draws what a task says of itself.
SERVES_ALL = ("services", "libs/common", "frontend-streamlit", "infra")


def lines(folder: Path) -> Iterator[tuple[str, str]]:
    """Where and what, of code and prose alike."""
    for path in sorted(folder.rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            for number, line in enumerate(path.read_text(errors="ignore").splitlines(), start=1):
                yield f"{path.relative_to(ROOT)}:{number}", line


@pytest.mark.parametrize("folder", SERVES_ALL)
@pytest.mark.parametrize("task", sorted(registry.tasks()))
def test_no_task_is_named_in(folder: str, task: str):
    named = re.compile(rf"(?<![a-z]){re.escape(task)}(?![a-z])", re.IGNORECASE)

    assert [place for place, line in lines(ROOT / folder) if named.search(line)] == []
