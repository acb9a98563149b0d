"""How often properties are tried, and which tests stay together when two processes share the suite."""

from pathlib import Path

import pytest
from hypothesis import settings

HERE = Path(__file__).parent

# Other examples in every run, so that many runs see much; `--hypothesis-profile thorough` sees much in one.
settings.register_profile("usual", max_examples=30, deadline=None)
settings.register_profile("thorough", max_examples=300, deadline=None)
settings.load_profile("usual")


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Bytes go by the argument's name: what is compressed differs from process to process by its time."""
    return argname if isinstance(val, bytes) else None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        item.add_marker(pytest.mark.xdist_group(group_of(item.path.relative_to(HERE))))


def group_of(path: Path) -> str:
    """Those that share servers, which a process starts once; the longest of these packages is two groups."""
    match path.parts:
        case ("e2e", name):
            return "console" if name.startswith("test_console") else "e2e"
        case ("integration", package, _, *_):
            return package
        case _:
            return path.parts[0]
