"""What a stack remembers between starts: its folder, its ports, its secrets."""

import json
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from fcntl import LOCK_EX, flock
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

from infra.local.ports import LOOPBACK, choose_ports
from infra.nats.users import OWNER, USERS

ROOT = Path(__file__).parents[2]
TOOLS = ROOT / ".tools"
ROOMS = ("gateway", "datasets", "trainer", "evaluator", "exporter", "inference", "notifier")
PROCESSES = (*ROOMS, "worker", "console")
PORTS = (
    "postgres",
    "nats",
    "s3",
    "triton_http",
    "triton_grpc",
    "triton_metrics",
    "gateway_metrics",
    *PROCESSES,
)
# Each has its own key of the object store; `imports` reads what people put there to import it.
STORE_PURPOSES = (*ROOMS, "imports")
SECRETS = (
    # Of the servers' owner: people and tools that look after them, no process of ours.
    "postgres_password",
    "nats_password",
    "s3_access_key",
    "s3_secret_key",
    "admin_password",
    "admin_token",
    "token_key",
    "channel_key",
    *(f"nats_{user.name}" for user in USERS if user.name != OWNER),
    *(f"postgres_{room}" for room in ROOMS),
    *(f"s3_{purpose}" for purpose in STORE_PURPOSES),
)

# Supervisord's and NATS' files would read these as something else; neither knows an escape for all of them.
UNUSABLE = frozenset("\"'%;\\\n")


class HomeIsUnusable(Exception):
    """The folder's name cannot stand in the servers' configurations."""


@dataclass(frozen=True)
class Stack:
    """One stack; two may live side by side in different homes."""

    home: Path
    ports: dict[str, int]
    secrets: dict[str, str]

    @property
    def gateway_url(self) -> str:
        return self.url("gateway")

    @property
    def console_url(self) -> str:
        return self.url("console")

    @property
    def token_file(self) -> Path:
        return self.home / "secrets" / "admin_token"

    @property
    def password_file(self) -> Path:
        """Of the first account; whoever changes the password there leaves this as it was."""
        return self.home / "secrets" / "admin_password"

    @property
    def models(self) -> Path:
        return self.home / "triton" / "models"

    @property
    def imports(self) -> Path:
        """What people put here can be imported by its path."""
        return self.home / "imports"

    @property
    def logs(self) -> Path:
        return self.home / "logs"

    @property
    def run(self) -> Path:
        """What exists only while the stack runs."""
        return self.home / "run"

    def nats_password(self, user: str) -> str:
        return self.secrets["nats_password" if user == OWNER else f"nats_{user}"]

    def store_keys(self) -> dict[str, tuple[str, str]]:
        """By purpose: access key and secret key. `owner` is for those who look after the store."""
        keys = {
            purpose: (f"modelyard-{purpose}", self.secrets[f"s3_{purpose}"]) for purpose in STORE_PURPOSES
        }
        return {"owner": (self.secrets["s3_access_key"], self.secrets["s3_secret_key"]), **keys}

    def url(self, name: str) -> str:
        return f"http://{LOOPBACK}:{self.ports[name]}"


def default_home() -> Path:
    return Path(os.environ.get("MODELYARD_HOME") or ROOT / ".modelyard").resolve()


def is_made(home: Path) -> bool:
    return (home / "stack.json").is_file()


def open_stack(home: Path) -> Stack:
    """Makes what is missing: folders for the owner alone, secrets once. Ports are chosen as it starts."""
    home = home.resolve()
    if UNUSABLE & set(str(home)):
        raise HomeIsUnusable(f"{home}: use a folder without quotes, %, ; or \\ in its path")
    home.parent.mkdir(parents=True, exist_ok=True)
    for folder in ("", "secrets", "run", "logs", "imports", "s3", "triton", "triton/models"):
        (home / folder).mkdir(mode=0o700, exist_ok=True)
    ports = json.loads((home / "stack.json").read_text())["ports"] if is_made(home) else {}
    return Stack(home, ports, {name: _secret(home / "secrets" / name) for name in SECRETS})


def with_free_ports(stack: Stack) -> Stack:
    """Keeps the ports it had, unless the settings say otherwise or somebody took one meanwhile."""
    stack = replace(stack, ports=choose_ports(PORTS, stack.ports))
    _write(stack.home / "stack.json", {"ports": stack.ports})
    _write(stack.home / "client.json", {"url": stack.gateway_url, "token_file": str(stack.token_file)})
    return stack


def first_sign_in(stack: Stack) -> str | None:
    """The password of the first account, for who asks first; afterwards its file alone has it."""
    try:
        (stack.home / "password_shown").touch(mode=0o600, exist_ok=False)
    except FileExistsError:
        return None
    return stack.secrets["admin_password"]


@contextmanager
def one_at_a_time(stack: Stack) -> Iterator[None]:
    """A second `up` or `down` of the same home waits for the first."""
    with (stack.home / "lock").open("w") as file:
        flock(file, LOCK_EX)
        yield


def _write(path: Path, content: dict[str, Any]) -> None:
    """Whole or not at all: who is killed here leaves a stack that still opens."""
    draft = path.with_suffix(".draft")
    draft.write_text(json.dumps(content, indent=2))
    draft.replace(path)


def _secret(path: Path) -> str:
    """Appears whole, so that of two first starts at once both read the same one."""
    if not path.exists():
        with NamedTemporaryFile("w", dir=path.parent) as draft:
            draft.write(("my_" if path.name == "admin_token" else "") + secrets.token_hex(24))
            draft.flush()
            with suppress(FileExistsError):
                os.link(draft.name, path)
    return path.read_text()
