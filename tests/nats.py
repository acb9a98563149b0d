"""A real nats-server with JetStream and a password, which tests may kill and start again."""

import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

from pydantic import SecretStr

from libs.common.settings import BusSettings

PASSWORD = "only-in-tests"


class NatsServer:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = _free_port()
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def settings(self) -> BusSettings:
        return BusSettings(
            url=f"nats://127.0.0.1:{self.port}", user="modelyard", password=SecretStr(PASSWORD)
        )

    def start(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        config = self.folder / "nats.conf"
        config.write_text(
            f"port: {self.port}\nhost: 127.0.0.1\nmax_payload: 1MB\n"
            f'jetstream {{ store_dir: "{self.folder}/store" }}\n'
            f'authorization {{ user: modelyard, password: "{PASSWORD}" }}\n'
        )
        program = shutil.which("nats-server")
        assert program, "nats-server is not on PATH"
        self.process = subprocess.Popen([program, "-c", config], stderr=subprocess.DEVNULL)
        _wait_for(self.port)

    def kill(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            self.process.wait(10)

    def lose_store(self) -> None:
        shutil.rmtree(self.folder / "store")


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
