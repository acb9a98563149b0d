"""What a stack remembers between starts: its folder, its ports, its secrets."""

import json
import os
import secrets
import socket
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
TOOLS = ROOT / ".tools"
LOOPBACK = "127.0.0.1"
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

    def url(self, name: str) -> str:
        return f"http://{LOOPBACK}:{self.ports[name]}"


def default_home() -> Path:
    return Path(os.environ.get("MODELYARD_HOME", ROOT / ".modelyard")).absolute()


def open_stack(home: Path | None = None) -> Stack:
    """Makes what is missing: folders for the owner alone, secrets once, ports once (or as the settings say)."""
    home = home or default_home()
    for folder in (home, home / "secrets", home / "run", home / "logs", home / "triton" / "models"):
        folder.mkdir(parents=True, exist_ok=True)
    (home / "secrets").chmod(0o700)
    stack = Stack(home, _ports(home), {name: _secret(home / "secrets" / name) for name in SECRETS})
    client = {"url": stack.gateway_url, "token_file": str(stack.token_file)}
    (home / "client.json").write_text(json.dumps(client, indent=2))
    return stack


def _secret(path: Path) -> str:
    if not path.exists():
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            prefix = "my_" if path.name == "admin_token" else ""
            file.write(prefix + secrets.token_urlsafe(32).replace("-", "x").replace("_", "y"))
    return path.read_text()


def _ports(home: Path) -> dict[str, int]:
    """MODELYARD_PORTS__GATEWAY=8080 fixes one; the others are free ones, kept from the first start on."""
    path = home / "stack.json"
    kept: dict[str, int] = json.loads(path.read_text())["ports"] if path.exists() else {}
    taken = set(kept.values())
    for name in PORTS:
        given = os.environ.get(f"MODELYARD_PORTS__{name.upper()}")
        kept[name] = int(given) if given else kept.get(name) or _free_port(taken)
        taken.add(kept[name])
    path.write_text(json.dumps({"ports": kept}, indent=2))
    return kept


def _free_port(taken: set[int]) -> int:
    while True:
        with socket.socket() as probe:
            probe.bind((LOOPBACK, 0))
            port = probe.getsockname()[1]
        if port not in taken:
            return port
