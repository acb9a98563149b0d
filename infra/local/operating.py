"""Backup, restore and upgrade of this stack: servers up, its settings handed to `infra.operations`."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from infra.local.control import LocalStack
from infra.local.environment import environment
from infra.local.home import PROCESSES, ROOT, Stack, default_home

NEEDED = ("postgres", "s3")
# Passwords of servers stay with the servers.
CARRIED = ("admin_token", "admin_password", "token_key", "channel_key")


class OperationFailed(Exception):
    """What went wrong was told already."""


def back_up(local: LocalStack, folder: Path, keep: int) -> None:
    """The stack goes on running; one that is down is started as far as is needed."""
    with _servers_up(local):
        _operate("backup", folder, f"--keep={keep}", stack=local.stack)


def verify(folder: Path, snapshot: tuple[str, ...]) -> None:
    _operate("verify", folder, *snapshot)


def restore(folder: Path, snapshot: tuple[str, ...]) -> None:
    """The home gets the backup's secrets before anything is made in it."""
    home = default_home()
    home.parent.mkdir(parents=True, exist_ok=True)
    for closed in (home, home / "secrets"):
        closed.mkdir(mode=0o700, exist_ok=True)
    _operate("secrets", folder, f"--into={home / 'secrets'}", *snapshot)
    local = LocalStack()
    with _servers_up(local):
        _operate("restore", folder, *snapshot, stack=local.stack)


def upgrade(local: LocalStack, folder: Path, keep: int) -> None:
    """Rooms end for it and start again; where it fails they stay down, for they would try the same."""
    with _servers_up(local):
        states = {part.name: part.state for part in local.status()}
        at_work = [name for name in PROCESSES if states[name] not in ("stopped", "exited", "fatal")]
        local.stop(*at_work)
        _operate("upgrade", folder, f"--keep={keep}", stack=local.stack)
        if at_work:
            local.up(at_work)


@contextmanager
def _servers_up(local: LocalStack) -> Iterator[None]:
    was_up = local.is_up()
    local.up(NEEDED, tell=lambda _: None)
    try:
        yield
    finally:
        if not was_up:
            local.down()


def _operate(verb: str, folder: Path, *options: str, stack: Stack | None = None) -> None:
    command = [sys.executable, "-m", "infra.operations", verb, str(folder.resolve()), *options]
    own = {key: value for key, value in os.environ.items() if not key.startswith("MODELYARD_")}
    around = {**own, "PYTHONPATH": str(ROOT), **(_settings(stack) if stack else {})}
    if subprocess.run(command, env=around, check=False).returncode:
        raise OperationFailed(f"{verb} failed")


def _settings(stack: Stack) -> dict[str, str]:
    """As the owner of everything, which no room is; with the secrets that belong to the rows."""
    carried = {f"MODELYARD_{name.upper()}": " ".join(stack.secrets[name].split()) for name in CARRIED}
    return {**environment(stack, "owner"), **carried}
