"""The child's side: reports to the parent, hears its wish to stop, dies when it dies."""

import ctypes
import os
import resource
import signal
import sys
import threading
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any, Literal

from pydantic import BaseModel

from libs.common.child.messages import (
    MAX_LINE_BYTES,
    MAX_LOG_CHARACTERS,
    CheckpointMessage,
    ChildMessage,
    FailedMessage,
    FinishedMessage,
    LogMessage,
    MetricsMessage,
    ProgressMessage,
    StepsMessage,
)
from libs.common.contracts.telemetry import Progress
from libs.common.errors import ModelyardError

REPORT_FD = "MODELYARD_CHILD_REPORT_FD"
PARENT_PID = "MODELYARD_CHILD_PARENT_PID"
MEMORY_LIMIT = "MODELYARD_CHILD_MEMORY_LIMIT_BYTES"
# Whatever the parent says means stop: it has nothing else to say.
STOP = b"."
STDIN_FD = 0
PR_SET_PDEATHSIG = 1
# Far below what a line may hold.
STEPS_PER_MESSAGE = 2000


class Reporter:
    """`with Reporter.from_environment() as reporter:` around all the child does, before heavy imports.

    A ModelyardError or MemoryError that leaves the block is reported as `failed`; any other exception is a
    crash, and the parent shows its last lines. `stop` is set when the parent wants an early, clean end.
    """

    def __init__(self, report_fd: int) -> None:
        self.stop = threading.Event()
        self._fd = report_fd
        self._lock = threading.Lock()

    @staticmethod
    def is_awaited() -> bool:
        """Whether a parent listens; not so where a person has started this process."""
        return REPORT_FD in os.environ

    @classmethod
    def from_environment(cls) -> "Reporter":
        parent = int(os.environ[PARENT_PID])
        _die_with(parent)
        if limit := os.environ.get(MEMORY_LIMIT):
            _limit_memory(int(limit))
        reporter = cls(int(os.environ[REPORT_FD]))
        threading.Thread(target=reporter._follow_parent, name="follow-parent", daemon=True).start()
        return reporter

    def __enter__(self) -> "Reporter":
        return self

    def __exit__(
        self, _: type[BaseException] | None, error: BaseException | None, __: TracebackType | None
    ) -> bool:
        if isinstance(error, ModelyardError):
            self.failed(error.code, error.detail, retryable=error.retryable)
        elif isinstance(error, MemoryError):
            self.failed("out_of_memory", "the process reached its memory limit")
        else:
            return False
        return True

    def progress(self, fraction: float, message: str = "") -> None:
        self.tell_progress(Progress(fraction=min(max(fraction, 0.0), 1.0), message=message))

    def tell_progress(self, progress: Progress) -> None:
        """With epochs, speed and the time left."""
        self._send(ProgressMessage(**progress.model_dump()))

    def metrics(self, step: int, values: Mapping[str, float], epoch: int | None = None) -> None:
        self._send(MetricsMessage(step=step, values=dict(values), epoch=epoch))

    def steps(self, first_step: int, values: Mapping[str, Sequence[float]], epoch: int | None = None) -> None:
        """A message for many steps: a fast training has thousands a second."""
        count = max(map(len, values.values()), default=0)
        for start in range(0, count, STEPS_PER_MESSAGE):
            part = {key: list(series[start : start + STEPS_PER_MESSAGE]) for key, series in values.items()}
            self._send(StepsMessage(first_step=first_step + start, values=part, epoch=epoch))

    def log(self, text: str, level: Literal["debug", "info", "warning", "error"] = "info") -> None:
        self._send(LogMessage(text=text[:MAX_LOG_CHARACTERS], level=level))

    def checkpoint(self, data: BaseModel) -> None:
        self._send(CheckpointMessage(data=data.model_dump(mode="json")))

    def finished(self, result: BaseModel | None = None) -> None:
        data: dict[str, Any] = {} if result is None else result.model_dump(mode="json")
        self._send(FinishedMessage(result=data))

    def failed(self, code: str, detail: str, *, retryable: bool = False) -> None:
        self._send(FailedMessage(code=code, detail=detail[:MAX_LOG_CHARACTERS], retryable=retryable))

    def _send(self, message: ChildMessage) -> None:
        line = message.model_dump_json().encode() + b"\n"
        if len(line) > MAX_LINE_BYTES:
            raise ValueError(f"a report of {len(line)} bytes; {MAX_LINE_BYTES} are allowed, use a file")
        with self._lock:
            while line:
                line = line[os.write(self._fd, line) :]

    def _follow_parent(self) -> None:
        """Standard input is the parent's voice; its end is the parent's end, however that came about.

        Read past Python's buffer, whose lock would break the interpreter's own clean end.
        """
        while os.read(STDIN_FD, 1):
            self.stop.set()
        os.killpg(0, signal.SIGKILL)


def _die_with(parent: int) -> None:
    """The kernel's own way, at once and without the interpreter's help; elsewhere the pipe alone must do."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


def _limit_memory(limit_bytes: int) -> None:
    """RLIMIT_DATA counts what is really private; RLIMIT_AS would count the address space CUDA reserves."""
    kind = resource.RLIMIT_DATA if sys.platform == "linux" else resource.RLIMIT_AS
    resource.setrlimit(kind, (limit_bytes, limit_bytes))
