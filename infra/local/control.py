"""Up, down, status: the stack as a whole."""

import signal
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from infra.local.health import check_of, wait_until_ready
from infra.local.home import PROCESSES, Stack, open_stack
from infra.local.processes import process_programs
from infra.local.servers import SERVERS, server_programs
from infra.local.supervision import Supervisor

# Rooms need these to start; Triton they can wait for.
NEEDED = ("postgres", "nats", "s3")
Tell = Callable[[str], None]


class LocalStack:
    """A stack that can be started, hurt on purpose, and stopped; the tests use it too."""

    def __init__(self, home: Path | None = None) -> None:
        self.stack: Stack = open_stack(home)
        self._supervisor = Supervisor(self.stack)

    def up(self, names: Sequence[str] = (*SERVERS, *PROCESSES), tell: Tell = print) -> None:
        """Returns when every named part answers; what runs already is left alone."""
        if not self._supervisor.is_running():
            self._supervisor.launch([*server_programs(self.stack), *process_programs(self.stack)])
        servers = [name for name in SERVERS if name in names]
        processes = [name for name in PROCESSES if name in names]
        self._supervisor.start(servers)
        for name in (name for name in servers if name in NEEDED):
            self.wait_ready(name)
        self._supervisor.start(processes)
        for name in [*servers, *processes]:
            self.wait_ready(name)
            tell(f"{name:<10} ready")

    def down(self) -> None:
        self._supervisor.shut_down()

    def is_up(self) -> bool:
        return self._supervisor.is_running()

    def wait_ready(self, name: str, timeout_seconds: float = 90) -> None:
        wait_until_ready(self.stack, name, timeout_seconds)

    def is_ready(self, name: str) -> bool:
        return check_of(self.stack, name)()

    def restart(self, name: str) -> None:
        self._supervisor.stop(name)
        self._supervisor.start([name])
        self.wait_ready(name)

    def stop(self, name: str) -> None:
        self._supervisor.stop(name)

    def start(self, name: str) -> None:
        self._supervisor.start([name])

    def kill(self, name: str, number: signal.Signals = signal.SIGKILL) -> None:
        """For tests of what happens then; supervisord starts it again."""
        self._supervisor.send_signal(name, number)

    def pid(self, name: str) -> int:
        return int(self._supervisor.states()[name]["pid"])

    def status(self) -> list[tuple[str, str, str, bool]]:
        """(name, state, address, ready) of every part."""
        states = self._supervisor.states() if self.is_up() else {}
        ports = {**self.stack.ports, "triton": self.stack.ports["triton_http"]}
        rows = []
        for name in (*SERVERS, *PROCESSES):
            state = states[name]["statename"].lower() if name in states else "stopped"
            ready = state == "running" and self.is_ready(name)
            rows.append((name, state, f"127.0.0.1:{ports[name]}", ready))
        return rows

    def log(self, name: str, num_lines: int = 100) -> str:
        with suppress(FileNotFoundError):
            lines = (self.stack.logs / f"{name}.log").read_text(errors="replace").splitlines()
            return "\n".join(lines[-num_lines:])
        return ""
