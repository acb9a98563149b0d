"""A second machine for a test: a worker of its own beside the stack's."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from infra.local.leftovers import MARK
from tests.stack import TestStack

END_SECONDS = 20


@contextmanager
def another_machine(stack: TestStack) -> Iterator[int]:
    """Gives the worker's process; whatever becomes of the test, the stack's end finds it by its mark."""
    home = stack.stack.home
    own = {
        "MODELYARD_NODE": "other",
        "MODELYARD_SCRATCH": str(home / "scratch/other"),
        "MODELYARD_HTTP__PORT": "0",
        MARK: str(home),
    }
    log = stack.log_file("other-worker").open("wb")
    with (
        log,
        subprocess.Popen(
            [sys.executable, "-m", "services.trainer.worker"],
            env={**os.environ, **stack.environment("worker"), **own},
            stdout=log,
            stderr=log,
        ) as worker,
    ):
        try:
            yield worker.pid
        finally:
            worker.terminate()
            try:
                worker.wait(END_SECONDS)
            except subprocess.TimeoutExpired:
                worker.kill()
