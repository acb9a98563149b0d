"""The parent's side: starts the child in its own process group, yields what it reports, ends it."""

import asyncio
import os
import signal
import sys
from asyncio.subprocess import Process
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ValidationError

from libs.common.child.messages import (
    MAX_LINE_BYTES,
    MAX_LOG_CHARACTERS,
    MESSAGES,
    ChildMessage,
    FailedMessage,
    FinishedMessage,
    LogMessage,
)
from libs.common.child.reporter import MEMORY_LIMIT, PARENT_PID, REPORT_FD, STOP
from libs.common.errors import ModelyardError

TERMINATE_GRACE_SECONDS = 10.0
DRAIN_SECONDS = 5.0
NUM_LAST_LINES = 40
MAX_WAITING_MESSAGES = 1000
FROM_OUTSIDE = (-signal.SIGKILL, -signal.SIGTERM)
NO_SPACE = "No space left on device"
# How long threads of PyTorch that wait for each other spin before they sleep. By default so long that half
# of a training is lost where others want the processors, too; without, a fifth of it where nobody does.
WAITING = {"GOMP_SPINCOUNT": "2000"}


class ChildCrashed(ModelyardError):
    """Ended without saying `finished` or `failed`."""

    code, status, title = "child_crashed", 500, "The process broke off"

    def __init__(self, exit_code: int, last_lines: tuple[str, ...]) -> None:
        self.exit_code = exit_code
        self.last_lines = last_lines
        super().__init__("\n".join((_ending(exit_code), *last_lines)))


class ChildWasKilled(ChildCrashed):
    """By an administrator, or by the kernel for want of memory: another attempt may well succeed."""

    code, title, retryable = "child_killed", "The process was ended from outside", True


class ChildFoundNoRoom(ChildCrashed):
    """On the disk, at this moment."""

    code, title, retryable = "child_without_room", "There is no room left on the disk", True


def crash(exit_code: int, last_lines: tuple[str, ...]) -> ChildCrashed:
    if exit_code in FROM_OUTSIDE:
        return ChildWasKilled(exit_code, last_lines)
    if any(NO_SPACE in line for line in last_lines):
        return ChildFoundNoRoom(exit_code, last_lines)
    return ChildCrashed(exit_code, last_lines)


class Child:
    """`async with await Child.start("services.trainer.run", spec, directory) as child:`, then `messages()`.

    Leaving the block ends the child and everything it started. Start it from the thread of the event loop
    that lives as long as the process: Linux counts the starting thread as the parent.
    """

    def __init__(self, process: Process, voice_fd: int, pipes: Mapping[str, int]) -> None:
        self.last_lines: deque[str] = deque(maxlen=NUM_LAST_LINES)
        self._process = process
        self._voice: tuple[int, ...] = (voice_fd,)
        self._unread = dict(pipes)
        self._is_swept = False

    @classmethod
    async def start(
        cls,
        module: str,
        spec: BaseModel,
        directory: Path,
        *,
        environment: Mapping[str, str] | None = None,
        memory_limit_bytes: int | None = None,
    ) -> "Child":
        """Runs `python -m <module> <directory>/spec.json` with `directory` for its scratch files.

        It inherits no MODELYARD_ variable: a child holds no credentials.
        """
        path = (directory / "spec.json").resolve()
        path.write_text(spec.model_dump_json())
        hears, voice = os.pipe()
        pipes, ends = {}, {}
        for name in ("report", "stdout", "stderr"):
            pipes[name], ends[name] = os.pipe()
        variables = _environment(ends["report"], memory_limit_bytes) | dict(environment or {})
        try:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", module, str(path)),
                stdin=hears,
                stdout=ends["stdout"],
                stderr=ends["stderr"],
                pass_fds=(ends["report"],),
                start_new_session=True,
                env=variables,
            )
        except BaseException:
            for fd in (voice, *pipes.values()):
                os.close(fd)
            raise
        finally:
            for fd in (hears, *ends.values()):
                os.close(fd)
        return cls(process, voice, pipes)

    @property
    def pid(self) -> int:
        return self._process.pid

    async def __aenter__(self) -> "Child":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.terminate(grace_seconds=0)

    async def messages(self) -> AsyncIterator[ChildMessage]:
        """Until the child has ended; raises ChildCrashed when it did so without `finished` or `failed`."""
        queue: asyncio.Queue[ChildMessage | None] = asyncio.Queue(MAX_WAITING_MESSAGES)
        reading = asyncio.create_task(self._read_all(queue))
        said_its_end = False
        try:
            while (message := await queue.get()) is not None:
                said_its_end |= isinstance(message, FinishedMessage | FailedMessage)
                yield message
        finally:
            reading.cancel()
            await asyncio.wait({reading})
        if not said_its_end:
            raise crash(await self._process.wait(), tuple(self.last_lines))

    def request_stop(self) -> None:
        """Asks for an early, clean end: the child's `reporter.stop` is set."""
        with suppress(BrokenPipeError):
            for fd in self._voice:
                os.write(fd, STOP)

    async def terminate(self, grace_seconds: float = TERMINATE_GRACE_SECONDS) -> None:
        """SIGTERM to the whole group, SIGKILL after the grace; returns when the child is gone."""
        if self._process.returncode is None and grace_seconds:
            self._signal(signal.SIGTERM)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._process.wait(), grace_seconds)
        self._sweep()
        await self._process.wait()
        self._close()

    async def _read_all(self, queue: asyncio.Queue[ChildMessage | None]) -> None:
        parsers = {
            "report": self._parse,
            "stdout": self._printed("stdout"),
            "stderr": self._printed("stderr"),
        }
        readers = [
            asyncio.create_task(self._read(queue, self._unread.pop(name), parse))
            for name, parse in parsers.items()
        ]
        try:
            await self._process.wait()
            self._sweep()
            await asyncio.wait(readers, timeout=DRAIN_SECONDS)
        finally:
            for reader in readers:
                reader.cancel()
            await asyncio.wait(readers)
        await queue.put(None)

    async def _read(
        self,
        queue: asyncio.Queue[ChildMessage | None],
        fd: int,
        parse: Callable[[bytes], ChildMessage],
    ) -> None:
        stream = asyncio.StreamReader()
        protocol = asyncio.StreamReaderProtocol(stream)
        transport, _ = await asyncio.get_running_loop().connect_read_pipe(
            lambda: protocol, os.fdopen(fd, "rb", 0)
        )
        try:
            rest = b""
            while chunk := await stream.read(2**16):
                *lines, rest = (rest + chunk).split(b"\n")
                if len(rest) > MAX_LINE_BYTES:
                    lines, rest = [*lines, rest], b""
                for line in filter(None, lines):
                    await queue.put(parse(line))
            if rest:
                await queue.put(parse(rest))
        finally:
            transport.close()

    def _parse(self, line: bytes) -> ChildMessage:
        try:
            message = MESSAGES.validate_json(line)
        except ValidationError:
            message = LogMessage(text="a report that cannot be read was dropped", level="warning")
        if isinstance(message, LogMessage):
            self.last_lines.append(message.text)
        return message

    def _printed(self, stream: Literal["stdout", "stderr"]) -> Callable[[bytes], ChildMessage]:
        def parse(line: bytes) -> ChildMessage:
            text = line.decode(errors="replace").rstrip("\r").rpartition("\r")[2][:MAX_LOG_CHARACTERS]
            self.last_lines.append(text)
            return LogMessage(text=text, stream=stream)

        return parse

    def _sweep(self) -> None:
        """Ends the child and what it started and left behind; once, since the number may be given anew."""
        if not self._is_swept:
            self._is_swept = True
            self._signal(signal.SIGKILL)

    def _signal(self, number: signal.Signals) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, number)

    def _close(self) -> None:
        for fd in (*self._unread.values(), *self._voice):
            os.close(fd)
        self._unread, self._voice = {}, ()


def _environment(report_fd: int, memory_limit_bytes: int | None) -> dict[str, str]:
    kept = WAITING | {name: value for name, value in os.environ.items() if not name.startswith("MODELYARD_")}
    kept |= {REPORT_FD: str(report_fd), PARENT_PID: str(os.getpid()), "PYTHONUNBUFFERED": "1"}
    if memory_limit_bytes is not None:
        kept[MEMORY_LIMIT] = str(memory_limit_bytes)
    return kept


def _ending(exit_code: int) -> str:
    if exit_code >= 0:
        return f"the process ended with exit code {exit_code}"
    name = signal.Signals(-exit_code).name
    hint = " (perhaps for want of memory)" if name == "SIGKILL" else ""
    return f"the process was ended by {name}{hint}"
