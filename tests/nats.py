"""A real nats-server with JetStream and the users of the house, which tests may kill and start again."""

import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

from pydantic import SecretStr

from infra.nats.authorization import authorization, quoted
from infra.nats.users import OWNER
from libs.common.settings import BusSettings

PASSWORD = "only-in-tests"


class NatsServer:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = _free_port()
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def settings(self) -> BusSettings:
        return self.settings_of(OWNER)

    def settings_of(self, user: str) -> BusSettings:
        return BusSettings(url=f"nats://127.0.0.1:{self.port}", user=user, password=SecretStr(PASSWORD))

    @property
    def log(self) -> Path:
        return self.folder / "log"

    def start(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        config = self.folder / "nats.conf"
        config.write_text(
            f"port: {self.port}\nhost: 127.0.0.1\nmax_payload: 1MB\n"
            f'jetstream {{ store_dir: "{self.folder}/store" }}\n'
            f"{authorization(lambda _: quoted(PASSWORD))}"
        )
        program = shutil.which("nats-server")
        assert program, "nats-server is not on PATH"
        with self.log.open("ab") as log:
            self.process = subprocess.Popen([program, "-c", config], stderr=log)
        _wait_for(self.port)

    def kill(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            self.process.wait(10)

    def violations(self) -> list[str]:
        """What the server has refused: one line each, with user and subject."""
        return [line for line in self.log.read_text().splitlines() if "Violation" in line]

    def lose_store(self) -> None:
        shutil.rmtree(self.folder / "store")


def fits(subject: str, pattern: str) -> bool:
    """As NATS matches: `*` is one token, `>` all that follow."""
    wanted, given = pattern.split("."), subject.split(".")
    for place, token in enumerate(wanted):
        if token == ">":
            return len(given) > place
        if place >= len(given) or token not in ("*", given[place]):
            return False
    return len(given) == len(wanted)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _wait_for(port: int) -> None:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.02)
    raise AssertionError(f"nothing listens on {port}")
