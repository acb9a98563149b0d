"""The set-up: quick when all is there, and clear about what is not."""

import os
import shutil
import subprocess
import time
from pathlib import Path

import pytest

from infra.local.home import ROOT

SETUP = Path("infra/local/setup.sh")


def run(root: Path, *arguments: str, path: str = os.environ["PATH"]) -> subprocess.CompletedProcess[str]:
    command = ["bash", str(root / SETUP), *arguments]
    return subprocess.run(
        command, env={**os.environ, "PATH": path}, capture_output=True, text=True, check=False
    )


@pytest.fixture
def bare(tmp_path) -> Path:
    """A checkout on a machine without Python packages, whose user may install none."""
    (tmp_path / SETUP).parent.mkdir(parents=True)
    shutil.copy2(ROOT / SETUP, tmp_path / SETUP)
    says(tmp_path, "id", "echo 1000")
    says(tmp_path, "python3", "exit 1")
    return tmp_path


def says(root: Path, program: str, what: str) -> None:
    (root / "bin").mkdir(exist_ok=True)
    file = root / "bin" / program
    file.write_text(f"#!/bin/sh\n{what}\n")
    file.chmod(0o755)


def test_once_all_is_there_it_says_nothing_and_is_quick():
    started = time.monotonic()
    done = run(ROOT)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert time.monotonic() - started < 2


def test_who_may_not_install_is_told_what_to_install(bare):
    done = run(bare, path=f"{bare}/bin:/usr/bin:/bin")
    assert done.returncode == 1
    assert done.stderr.startswith("setup: missing: python3-venv")
    assert "sudo apt-get install python3-venv" in done.stderr
    assert not (bare / ".venv").exists()


def test_a_machine_that_the_servers_are_not_built_for_is_refused(bare):
    says(bare, "uname", "echo Darwin arm64")
    done = run(bare, path=f"{bare}/bin:/usr/bin:/bin")
    assert done.returncode == 1
    assert "elsewhere use docker compose" in done.stderr
