"""Programs to measure ourselves against, each in an environment of its own: none is installed with us."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
import venv
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

PLACE = Path(__file__).parents[1] / ".modelyard" / "peers"
START_SECONDS = 180.0


def installed(name: str, *packages: str) -> Path:
    """The folder of its programs; installed once, from the package index."""
    home = PLACE / name
    mark = home / "installed"
    if not mark.exists() or mark.read_text() != "\n".join(packages):
        shutil.rmtree(home, ignore_errors=True)
        venv.create(home, with_pip=True)
        subprocess.run([home / "bin" / "pip", "install", "-qq", *packages], check=True)
        mark.write_text("\n".join(packages))
    return home / "bin"


@contextmanager
def serving(command: Sequence[str | Path], health: str, environment: Mapping[str, str]) -> Iterator[None]:
    """Answers at `health` when the block begins; ended with all it started afterwards."""
    with tempfile.TemporaryFile("w+") as said:
        process = subprocess.Popen(
            list(map(str, command)),
            env=dict(environment),
            stdout=said,
            stderr=said,
            start_new_session=True,
        )
        try:
            if not _answers(process, health):
                said.seek(0)
                sys.exit(f"nothing answers at {health}:\n{said.read()[-2000:]}")
            yield
        finally:
            _end(process)


def _answers(process: subprocess.Popen[bytes], health: str) -> bool:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        with suppress(OSError), urllib.request.urlopen(health, timeout=2):
            return True
        time.sleep(0.2)
    return False


def _end(process: subprocess.Popen[bytes]) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
