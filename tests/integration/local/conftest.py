"""Stacks in folders of their own, driven as a user drives them: by the command line."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from infra.local.control import LocalStack


@dataclass(frozen=True)
class Said:
    code: int
    text: str


@dataclass(frozen=True)
class Yard:
    """A home and the commands on it."""

    home: Path

    def run(self, *arguments: str, **environment: str) -> Said:
        ran = self.start(*arguments, **environment)
        text, _ = ran.communicate()
        return Said(ran.returncode, text)

    def start(self, *arguments: str, **environment: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "infra.local", *arguments],
            env={**os.environ, "MODELYARD_HOME": str(self.home), "COLUMNS": "200", **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    @property
    def local(self) -> LocalStack:
        return LocalStack(self.home)

    @property
    def supervisor_pid(self) -> int:
        return int((self.home / "run" / "supervisord.pid").read_text())


@pytest.fixture
def yard() -> Iterator[Yard]:
    yield from _yard()


@pytest.fixture(scope="module")
def lasting() -> Iterator[Yard]:
    """One home for the tests that need no new one; each leaves it up or down as it likes."""
    yield from _yard()


@pytest.fixture(scope="module")
def running() -> Iterator[Yard]:
    """The servers and one room, up once for all tests of a file."""
    for yard in _yard():
        said = yard.run("up", "postgres", "nats", "s3", "triton", "notifier")
        assert said.code == 0, said.text
        yield yard


def _yard() -> Iterator[Yard]:
    folder = Path(tempfile.mkdtemp(prefix="modelyard-local-"))
    yard = Yard(folder / "home")
    try:
        yield yard
    finally:
        yard.local.down()
        shutil.rmtree(folder, ignore_errors=True)
