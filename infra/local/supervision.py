"""supervisord keeps the processes; here its configuration is written and its control socket spoken to."""

import hashlib
import os
import signal
import subprocess
import sys
import tempfile
import time
import xmlrpc.client
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, cast

from supervisor.xmlrpc import Faults, SupervisorTransport

from infra.local.home import Stack
from infra.local.servers import Program

# A Unix socket's path may have about 100 characters.
LONGEST_SOCKET_PATH = 90
STOP_SECONDS = 12
START_SECONDS = 10


class SupervisorFailed(Exception):
    """supervisord did not start or does not answer; its log says why."""


class Supervisor:
    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self._run = stack.home / "run"
        self._config = self._run / "supervisord.conf"
        self._pid_file = self._run / "supervisord.pid"

    @property
    def socket(self) -> Path:
        path = self._run / "supervisor.sock"
        if len(str(path)) <= LONGEST_SOCKET_PATH:
            return path
        digest = hashlib.sha256(str(self._stack.home).encode()).hexdigest()[:16]
        return Path(tempfile.gettempdir()) / f"modelyard-{digest}.sock"

    def is_running(self) -> bool:
        try:
            return bool(self._ask("getState")["statename"] == "RUNNING")
        except (OSError, xmlrpc.client.Error):
            return False

    def launch(self, programs: Iterable[Program]) -> None:
        """Starts supervisord with every program stopped; ends what an earlier, killed one left behind."""
        self._end_orphans()
        self.socket.unlink(missing_ok=True)
        self._config.touch(mode=0o600)
        self._config.write_text(self._configuration(programs))
        command = [sys.executable, "-m", "supervisor.supervisord", "-c", str(self._config)]
        started = subprocess.run(command, capture_output=True, text=True, check=False)
        if started.returncode:
            raise SupervisorFailed(started.stderr or started.stdout)
        deadline = time.monotonic() + START_SECONDS
        while not self.is_running():
            if time.monotonic() > deadline:
                raise SupervisorFailed((self._stack.logs / "supervisord.log").read_text()[-2000:])
            time.sleep(0.05)

    def start(self, names: Sequence[str]) -> None:
        for name in names:
            with suppress_fault(Faults.ALREADY_STARTED):
                self._ask("startProcess", name, False)

    def stop(self, name: str) -> None:
        with suppress_fault(Faults.NOT_RUNNING):
            self._ask("stopProcess", name, True)

    def send_signal(self, name: str, number: signal.Signals) -> None:
        self._ask("signalProcess", name, number.name.removeprefix("SIG"))

    def states(self) -> dict[str, dict[str, Any]]:
        return {state["name"]: state for state in cast(Any, self._ask("getAllProcessInfo"))}

    def shut_down(self) -> None:
        """Stops every program and supervisord itself; kills what does not listen."""
        pid = self._pid()
        if self.is_running():
            self._ask("shutdown")
        deadline = time.monotonic() + STOP_SECONDS
        while pid and _lives(pid):
            if time.monotonic() > deadline:
                self._end_orphans()
                break
            time.sleep(0.05)
        for left in (self.socket, self._pid_file, self._config):
            left.unlink(missing_ok=True)

    def _ask(self, method: str, *arguments: Any) -> Any:
        """Each question on a connection of its own, closed with the answer."""
        transport = SupervisorTransport(None, None, f"unix://{self.socket}")
        try:
            proxy = xmlrpc.client.ServerProxy("http://local", transport=transport)
            return getattr(proxy.supervisor, method)(*arguments)
        finally:
            transport.close()

    def _pid(self) -> int | None:
        with suppress(OSError, ValueError):
            return int(self._pid_file.read_text())
        return None

    def _end_orphans(self) -> None:
        """Processes of this home only: each carries the home's path in its environment."""
        mark = f"MODELYARD_STACK={self._stack.home}".encode()
        for pid in _processes_with(mark):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def _configuration(self, programs: Iterable[Program]) -> str:
        logs = self._stack.logs
        head = f"""
[unix_http_server]
file={self.socket}
chmod=0700

[rpcinterface:supervisor]
supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface

[supervisord]
logfile={logs}/supervisord.log
logfile_maxbytes=5MB
pidfile={self._pid_file}
directory={self._stack.home}
environment=MODELYARD_STACK={_quoted(str(self._stack.home))}
umask=022
"""
        return head + "".join(self._section(program) for program in programs)

    def _section(self, program: Program) -> str:
        environment = ",".join(f"{key}={_quoted(value)}" for key, value in program.environment.items())
        user = f"user={program.user}\n" if program.user and os.geteuid() == 0 else ""
        directory = f"directory={program.directory}\n" if program.directory else ""
        return f"""
[program:{program.name}]
command={" ".join(_quoted(word) for word in program.command)}
environment={environment}
{user}{directory}autostart=false
autorestart=true
startsecs=0
startretries=1000
stopsignal={program.stop_signal}
stopwaitsecs=8
stopasgroup={str(program.name not in ("postgres", "triton")).lower()}
killasgroup=true
redirect_stderr=true
stdout_logfile={self._stack.logs}/{program.name}.log
stdout_logfile_maxbytes=20MB
stdout_logfile_backups=3
"""


@contextmanager
def suppress_fault(code: int) -> Iterator[None]:
    try:
        yield
    except xmlrpc.client.Fault as fault:
        if fault.faultCode != code:
            raise


def _quoted(word: str) -> str:
    """supervisord knows no escapes inside quotes: the kind of quote is chosen by what is inside."""
    quote = "'" if '"' in word else '"'
    return quote + word.replace("%", "%%") + quote


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def _processes_with(mark: bytes) -> list[int]:
    found: list[int] = []
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if mark in (folder / "environ").read_bytes().split(b"\0"):
                found.append(int(folder.name))
    return [pid for pid in found if pid != os.getpid()]
