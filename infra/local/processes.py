"""Our own processes: the rooms, the worker, the console."""

import sys
from pathlib import Path

from infra.local.environment import environment
from infra.local.home import ROOMS, ROOT, Stack
from infra.local.ports import LOOPBACK
from infra.local.programs import Program

CONSOLE = ROOT / "frontend-streamlit"


def process_programs(stack: Stack) -> list[Program]:
    rooms = [_python(stack, name, "-m", f"services.{name}") for name in ROOMS]
    return [*rooms, _python(stack, "worker", "-m", "services.trainer.worker"), _console(stack)]


def _python(stack: Stack, name: str, *arguments: str, directory: Path = ROOT) -> Program:
    return Program(name, [sys.executable, *arguments], environment(stack, name), directory)


def _console(stack: Stack) -> Program:
    address = (f"--server.address={LOOPBACK}", f"--server.port={stack.ports['console']}")
    return _python(stack, "console", "-m", "streamlit", "run", "asgi.py", *address, directory=CONSOLE)
