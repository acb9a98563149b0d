"""The datasets room as a process of its own, with settings of the test's choice, killed and restarted."""

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

from libs.common.contracts.projects import ListProjects
from libs.common.errors import ModelyardError
from tests.house import House

ROOT = Path(__file__).parents[3]
LONGEST_LINE = 3000
SETTINGS = {
    "MODELYARD_SWEEP_SECONDS": "0.2",
    "MODELYARD_IMPORT_PROCESSES": "2",
    "MODELYARD_ARCHIVE__MAX_ENTRY_BYTES": str(2**20),
    # Where tests serve files.
    "MODELYARD_IMPORT_HOSTS": '["127.0.0.1"]',
}


class RoomProcess:
    def __init__(self, house: House) -> None:
        self._house = house
        self._log = house.stack.log_file("datasets")
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @property
    def scratch(self) -> Path:
        return Path(self._house.stack.environment("datasets")["MODELYARD_SCRATCH"])

    async def start(self, **settings: str) -> None:
        """Returns when it answers."""
        inherited = {key: value for key, value in os.environ.items() if not key.startswith("MODELYARD_")}
        variables = {**inherited, **self._house.stack.environment("datasets"), **SETTINGS, **settings}
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "services.datasets"], env=variables, stdout=log, stderr=log, cwd=ROOT
            )
        async with asyncio.timeout(60):
            while not await self._answers():
                assert self._process.poll() is None, self.last_words()
                await asyncio.sleep(0.1)

    async def stop(self) -> None:
        await self._end(signal.SIGTERM)

    async def kill(self) -> None:
        await self._end(signal.SIGKILL)

    def children(self) -> list[int]:
        """All processes below it."""
        return _below(self.pid)

    def last_words(self, num_lines: int = 30) -> str:
        lines = self._house.stack.log("datasets", num_lines).splitlines()
        return "\n".join(line[:LONGEST_LINE] for line in lines)

    async def _answers(self) -> bool:
        try:
            await self._house.bus.ask(ListProjects(), timeout_seconds=1)
        except ModelyardError:
            return False
        return True

    async def _end(self, number: signal.Signals) -> None:
        if self._process is not None:
            self._process.send_signal(number)
            await asyncio.to_thread(self._process.wait, 20)
            self._process = None


def _below(pid: int) -> list[int]:
    found: list[int] = []
    for listing in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in map(int, listing.read_text().split()):
            found += [child, *_below(child)]
    return found
