"""A real nats-server that tests may kill, restart and rob of its store."""

import asyncio
import shutil
import socket
from asyncio.subprocess import DEVNULL, Process
from pathlib import Path

from libs.common.settings import BusSettings


class Broker:
    def __init__(self, directory: Path) -> None:
        self.store = directory / "jetstream"
        self.port = _free_port()
        self._process: Process | None = None

    @property
    def settings(self) -> BusSettings:
        return BusSettings(url=f"nats://127.0.0.1:{self.port}")

    async def start(self) -> None:
        self._process = await asyncio.create_subprocess_exec(
            *("nats-server", "-a", "127.0.0.1", "-p", str(self.port), "-js", "-sd", str(self.store)),
            stdout=DEVNULL,
            stderr=DEVNULL,
        )
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", self.port)
            except OSError:
                await asyncio.sleep(0.02)
            else:
                writer.close()
                await writer.wait_closed()
                return

    async def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            await self._process.wait()
            self._process = None

    def lose_store(self) -> None:
        shutil.rmtree(self.store)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
