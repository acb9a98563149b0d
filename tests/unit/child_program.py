"""A child that does as its spec says; started by test_child as `python -m tests.unit.child_program`."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from pydantic import BaseModel

from libs.common.child import Reporter
from libs.common.errors import BadInput


class Play(BaseModel):
    """`act` names a function below; `note` is where an act writes what it wants to be known."""

    act: str
    note: str = ""


class Result(BaseModel):
    epochs: int


def work(reporter: Reporter, _: Play) -> None:
    reporter.progress(0.25, "a quarter")
    reporter.metrics(3, {"loss": float("nan"), "accuracy": 0.5}, epoch=1)
    reporter.steps(1, {"train/loss": [3.0] * 3000}, epoch=0)
    print("printed")
    reporter.checkpoint(Result(epochs=1))
    reporter.finished(Result(epochs=2))


def until_stopped(reporter: Reporter, _: Play) -> None:
    reporter.progress(0.0, "ready")
    reporter.stop.wait()
    reporter.finished(Result(epochs=1))


def linger(reporter: Reporter, play: Play) -> None:
    helper = subprocess.Popen(["sleep", "600"])
    Path(play.note).write_text(f"{os.getpid()} {helper.pid}")
    reporter.progress(0.0, "ready")
    time.sleep(600)


def ignore_terminate(reporter: Reporter, _: Play) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    reporter.progress(0.0, "ready")
    time.sleep(600)


def leave_someone_behind(reporter: Reporter, play: Play) -> None:
    helper = subprocess.Popen(["sleep", "600"])
    Path(play.note).write_text(str(helper.pid))
    reporter.finished()


def refuse(_: Reporter, __: Play) -> None:
    raise BadInput("the picture is upside down")


def crash(_: Reporter, __: Play) -> None:
    print("about to divide", flush=True)
    raise ZeroDivisionError("by nought")


def kill_itself(_: Reporter, __: Play) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def eat_memory(_: Reporter, __: Play) -> None:
    _ = bytearray(2**32)


def look_around(reporter: Reporter, _: Play) -> None:
    seen = ("MODELYARD_DATABASE", "GOMP_")
    reporter.log(" ".join(f"{name}={value}" for name, value in os.environ.items() if name.startswith(seen)))
    reporter.finished()


if __name__ == "__main__":
    with Reporter.from_environment() as child_reporter:
        chosen = Play.model_validate_json(Path(sys.argv[1]).read_bytes())
        globals()[chosen.act](child_reporter, chosen)
