"""supervisord keeps the processes; here it is started, asked and stopped over its control socket."""

import hashlib
import http.client
import os
import subprocess
import sys
import tempfile
import time
import xmlrpc.client  # nosec B411 # our own supervisord answers, over a socket of ours
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from supervisor.xmlrpc import Faults, SupervisorTransport

from infra.local.configuration import configuration
from infra.local.home import Stack
from infra.local.leftovers import MARK, lives
from infra.local.programs import Program

# A Unix socket's path may have about 100 characters.
LONGEST_SOCKET_PATH = 90
START_SECONDS = 10
STOP_SECONDS = 8
# The caller's own settings and Python options stay outside.
NOT_INHERITED = ("MODELYARD_", "PYTHON", "VIRTUAL_ENV")


class SupervisorFailed(Exception):
    """supervisord did not start, does not answer, or refuses; its log says why."""


@dataclass(frozen=True)
class State:
    """One process as supervisord sees it; `pid` is 0 while it does not run."""

    name: str
    pid: int

    @property
    def is_given_up(self) -> bool:
        return self.name == "FATAL"

    @property
    def is_stopped(self) -> bool:
        return self.name in ("STOPPED", "EXITED", "FATAL")


class Supervisor:
    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self._config = stack.run / "supervisord.conf"
        self._pid_file = stack.run / "supervisord.pid"
        self._log = stack.logs / "supervisord.log"

    @property
    def socket(self) -> Path:
        path = self._stack.run / "supervisor.sock"
        if len(str(path)) <= LONGEST_SOCKET_PATH:
            return path
        digest = hashlib.sha256(str(self._stack.home).encode()).hexdigest()[:16]
        return Path(tempfile.gettempdir()) / f"modelyard-{digest}.sock"

    def is_running(self) -> bool:
        try:
            with self._rpc() as rpc:
                return bool(rpc.getState()["statename"] == "RUNNING")
        except SupervisorFailed:
            return False

    def launch(self, programs: Iterable[Program]) -> None:
        """Starts supervisord with every program stopped."""
        self.socket.unlink(missing_ok=True)
        self._config.touch(mode=0o600)
        self._config.write_text(configuration(self._stack, programs, self.socket, self._pid_file))
        kept = {key: value for key, value in os.environ.items() if not key.startswith(NOT_INHERITED)}
        kept[MARK] = str(self._stack.home)
        command = [sys.executable, "-m", "supervisor.supervisord", "-c", str(self._config)]
        started = subprocess.run(command, env=kept, capture_output=True, text=True, check=False)
        if started.returncode:
            raise SupervisorFailed(started.stderr or started.stdout)
        self._until(self.is_running, START_SECONDS)

    def start(self, names: Sequence[str]) -> None:
        with self._rpc() as rpc:
            for name in names:
                with _unless(Faults.ALREADY_STARTED):
                    rpc.startProcess(name, False)

    def stop(self, names: Sequence[str]) -> None:
        """All at once; supervisord kills those that do not listen."""
        with self._rpc() as rpc:
            for name in names:
                with _unless(Faults.NOT_RUNNING):
                    rpc.stopProcess(name, False)
        self._until(lambda: self._are_stopped(names), STOP_SECONDS)

    def states(self) -> dict[str, State]:
        with self._rpc() as rpc:
            found = rpc.getAllProcessInfo()
        return {each["name"]: State(each["statename"], each["pid"]) for each in found}

    def shut_down(self) -> None:
        """Ends supervisord itself; its processes were stopped before, in their order."""
        with self._rpc() as rpc:
            pid = rpc.getPID()
            rpc.shutdown()
        # It leaves one program at each turn of its loop, which takes a second unless somebody asks something.
        self._until(lambda: not self.is_running() and not lives(pid), STOP_SECONDS)

    def forget(self) -> None:
        """Removes what exists only while the stack runs; the configurations hold passwords."""
        for left in (self.socket, *self._stack.run.iterdir()):
            left.unlink(missing_ok=True)

    @contextmanager
    def _rpc(self) -> Iterator[Any]:
        # The proxy's own closing leaves the transport's socket open.
        transport = SupervisorTransport(None, None, f"unix://{self.socket}")
        try:
            yield xmlrpc.client.ServerProxy("http://local", transport=transport).supervisor
        except (ConnectionError, FileNotFoundError) as error:
            raise SupervisorFailed(
                f"the stack in {self._stack.home} is not up: run `modelyard up` or `make up`"
            ) from error
        except xmlrpc.client.Fault as fault:
            raise SupervisorFailed(f"supervisord refuses: {fault.faultString}; see {self._log}") from fault
        except (OSError, http.client.HTTPException, xmlrpc.client.Error) as error:
            raise SupervisorFailed(f"supervisord does not answer: {error!r}; see {self._log}") from error
        finally:
            transport.close()

    def _are_stopped(self, names: Sequence[str]) -> bool:
        states = self.states()
        return all(states[name].is_stopped for name in names)

    def _until(self, is_so: Callable[[], bool], seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while not is_so():
            if time.monotonic() > deadline:
                raise SupervisorFailed(f"supervisord does not do it within {seconds:.0f} s; see {self._log}")
            time.sleep(0.05)


@contextmanager
def _unless(code: int) -> Iterator[None]:
    try:
        yield
    except xmlrpc.client.Fault as fault:
        if fault.faultCode != code:
            raise
