"""Up, down, status: the stack as a whole."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from infra.local.health import is_ready
from infra.local.home import PROCESSES, Stack, default_home, one_at_a_time, open_stack, with_free_ports
from infra.local.leftovers import end_leftovers
from infra.local.ports import LOOPBACK
from infra.local.processes import process_programs
from infra.local.roles import make_roles
from infra.local.servers import SERVERS, server_programs
from infra.local.supervision import Supervisor, SupervisorFailed
from infra.local.triton import remove_shared_memory

PARTS = (*SERVERS, *PROCESSES)
# Rooms need these to start; Triton they can wait for.
NEEDED = ("postgres", "nats", "s3")
READY_SECONDS = 90
POLL_SECONDS = 0.05
LAST_LINES = 15
Tell = Callable[[str], None]


class NotReady(Exception):
    """Which part did not answer in time, and the end of its log."""


@dataclass(frozen=True)
class Part:
    """One line of the status."""

    name: str
    state: str
    address: str
    is_ready: bool


class LocalStack:
    """A stack that can be started, looked at, and stopped."""

    def __init__(self, home: Path | None = None) -> None:
        self.stack: Stack = open_stack(home or default_home())

    def up(self, names: Sequence[str] = PARTS, tell: Tell = print) -> None:
        """Returns when every named part answers; what runs already is left alone."""
        with one_at_a_time(self.stack):
            # Whoever had the turn before may have chosen ports.
            self.stack = open_stack(self.stack.home)
            if not self.is_up():
                self._launch()
            servers = [name for name in SERVERS if name in names]
            processes = [name for name in PROCESSES if name in names]
            self._supervisor.start(servers)
            for name in (name for name in NEEDED if name in names):
                self.wait_ready(name)
            if "postgres" in names:
                make_roles(self.stack)
            self._supervisor.start(processes)
            for name in [*servers, *processes]:
                self.wait_ready(name)
                tell(f"{name:<10} ready")

    def down(self) -> None:
        """Rooms first: they finish what they hold while the servers are still there."""
        with one_at_a_time(self.stack):
            try:
                if self.is_up():
                    self._supervisor.stop(PROCESSES)
                    self._supervisor.stop(SERVERS)
                    self._supervisor.shut_down()
            except SupervisorFailed:
                pass  # whatever is wrong with it, it ends below
            self._clear()

    def is_up(self) -> bool:
        return self._supervisor.is_running()

    def is_ready(self, name: str) -> bool:
        return is_ready(self.stack, name)

    def wait_ready(self, name: str, timeout_seconds: float = READY_SECONDS) -> None:
        deadline = time.monotonic() + timeout_seconds
        while not self.is_ready(name):
            if self._supervisor.states()[name].is_given_up:
                raise NotReady(f"{name} ends as soon as it starts:\n{self.log(name, LAST_LINES)}")
            if time.monotonic() > deadline:
                last = self.log(name, LAST_LINES)
                raise NotReady(f"{name} does not answer after {timeout_seconds:.0f} s:\n{last}")
            time.sleep(POLL_SECONDS)

    def restart(self, name: str) -> None:
        with one_at_a_time(self.stack):
            self.stop(name)
            self.start(name)
            self.wait_ready(name)

    def stop(self, *names: str) -> None:
        self._supervisor.stop(names)

    def start(self, *names: str) -> None:
        self._supervisor.start(names)

    def pid(self, name: str) -> int:
        """0 while it does not run."""
        return self._supervisor.states()[name].pid

    def status(self) -> list[Part]:
        states = self._supervisor.states() if self.is_up() else {}
        ports = {**self.stack.ports, "triton": self.stack.ports["triton_http"]}
        return [
            Part(
                name,
                states[name].name.lower() if name in states else "stopped",
                f"{LOOPBACK}:{ports[name]}",
                name in states and not states[name].is_stopped and self.is_ready(name),
            )
            for name in PARTS
        ]

    def log_file(self, name: str) -> Path:
        return self.stack.logs / f"{name}.log"

    def log(self, name: str, num_lines: int = 100) -> str:
        """The last lines; nothing for what never ran."""
        if not self.log_file(name).exists():
            return ""
        return "\n".join(self.log_file(name).read_text(errors="replace").splitlines()[-num_lines:])

    @property
    def _supervisor(self) -> Supervisor:
        return Supervisor(self.stack)

    def _launch(self) -> None:
        self._clear()
        self.stack = with_free_ports(self.stack)
        self._supervisor.launch([*server_programs(self.stack), *process_programs(self.stack)])

    def _clear(self) -> None:
        """After a clean end this finds nothing; after a killed supervisord it ends its processes."""
        end_leftovers(self.stack)
        remove_shared_memory(self.stack)
        self._supervisor.forget()
