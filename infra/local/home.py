"""What a stack remembers between starts: its folder, its ports, its secrets."""

import json
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from fcntl import LOCK_EX, flock
from pathlib import Path

from infra.local.ports import LOOPBACK, choose_ports

ROOT = Path(__file__).parents[2]
TOOLS = ROOT / ".tools"
ROOMS = ("gateway", "datasets", "trainer", "evaluator", "exporter", "inference", "notifier")
PROCESSES = (*ROOMS, "worker", "console")
PORTS = ("postgres", "nats", "s3", "triton_http", "triton_grpc", "triton_metrics", *PROCESSES)
SECRETS = ("postgres_password", "nats_password", "s3_access_key", "s3_secret_key", "admin_token", "token_key")


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
    def models(self) -> Path:
        return self.home / "triton" / "models"

    @property
    def logs(self) -> Path:
        return self.home / "logs"

    @property
    def run(self) -> Path:
        """What exists only while the stack runs."""
        return self.home / "run"

    def url(self, name: str) -> str:
        return f"http://{LOOPBACK}:{self.ports[name]}"


def default_home() -> Path:
    return Path(os.environ.get("MODELYARD_HOME", ROOT / ".modelyard")).absolute()


def is_made(home: Path) -> bool:
    return (home / "stack.json").is_file()


def open_stack(home: Path) -> Stack:
    """Makes what is missing: folders for the owner alone, secrets once, ports once."""
    home.mkdir(parents=True, exist_ok=True)
    for folder in (home, home / "secrets", home / "run", home / "logs", home / "triton" / "models"):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    kept = json.loads((home / "stack.json").read_text())["ports"] if is_made(home) else {}
    stack = Stack(home, kept, {name: _secret(home / "secrets" / name) for name in SECRETS})
    return stack if kept.keys() >= set(PORTS) else with_free_ports(stack)


def with_free_ports(stack: Stack) -> Stack:
    """Keeps the ports it had, unless the settings say otherwise or somebody took one meanwhile."""
    stack = replace(stack, ports=choose_ports(PORTS, stack.ports))
    (stack.home / "stack.json").write_text(json.dumps({"ports": stack.ports}, indent=2))
    client = {"url": stack.gateway_url, "token_file": str(stack.token_file)}
    (stack.home / "client.json").write_text(json.dumps(client, indent=2))
    return stack


@contextmanager
def one_at_a_time(stack: Stack) -> Iterator[None]:
    """A second `up` or `down` of the same home waits for the first."""
    with (stack.home / "lock").open("w") as file:
        flock(file, LOCK_EX)
        yield


def _secret(path: Path) -> str:
    if not path.exists():
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(("my_" if path.name == "admin_token" else "") + secrets.token_hex(24))
    return path.read_text()
