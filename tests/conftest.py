"""How often properties are tried, which tests stay together in one process, and how their threads wait."""

import os
from pathlib import PurePath, PurePosixPath

import pytest
from hypothesis import settings
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

# PyTorch's threads spin while they wait for each other: where others want the processors too, an epoch of the
# digits takes 40 s instead of 4 s. It is read as PyTorch is loaded, here and in all that is started here.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

# Other examples in every run, so that many runs see much; `--hypothesis-profile thorough` sees much in one.
settings.register_profile("usual", max_examples=30, deadline=None)
settings.register_profile("thorough", max_examples=300, deadline=None)
settings.load_profile("usual")


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Bytes go by the argument's name: what is compressed differs from process to process by its time."""
    return argname if isinstance(val, bytes) else None


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadScopeScheduling:
    return ByServers(config, log)


class ByServers(LoadScopeScheduling):
    """Tests that share servers run in one process, which starts them once.

    In place of `--dist loadgroup`, whose marks pytest 9.2 no longer lets into the names of tests.
    """

    def _split_scope(self, nodeid: str) -> str:
        return group_of(PurePosixPath(nodeid.partition("::")[0]).relative_to("tests"))


def group_of(path: PurePath) -> str:
    """The package; the longest of them is two groups."""
    match path.parts:
        case ("e2e", name):
            return "console" if name.startswith("test_console") else "e2e"
        case ("integration" | "unit" as kind, package, _, *_):
            return f"{kind} {package}"
        case _:
            return path.parts[0]
