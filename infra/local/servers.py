"""The four servers in the order of their start, and the two that need no file of their own."""

import shlex
import shutil

from infra.local.home import TOOLS, Stack
from infra.local.ports import LOOPBACK
from infra.local.postgres import postgres_program
from infra.local.programs import Program, ToolIsMissing
from infra.local.triton import triton_program
from infra.nats.authorization import authorization, quoted

SERVERS = ("postgres", "nats", "s3", "triton")


def server_programs(stack: Stack) -> list[Program]:
    return [postgres_program(stack), _nats(stack), _s3(stack), triton_program(stack)]


def _nats(stack: Stack) -> Program:
    places = f"{TOOLS}/bin:/usr/local/bin:/usr/sbin"
    program = shutil.which("nats-server") or shutil.which("nats-server", path=places)
    if program is None:
        raise ToolIsMissing(
            "nats-server is not installed: apt-get install nats-server, brew install nats-server, "
            "or put a release binary of nats-io/nats-server on PATH"
        )
    config = stack.run / "nats.conf"
    config.touch(mode=0o600)
    config.write_text(
        f"listen: {LOOPBACK}:{stack.ports['nats']}\n"
        "max_payload: 8MB\n"
        f'jetstream {{ store_dir: "{stack.home}/nats", max_memory_store: 256MB, max_file_store: 20GB }}\n'
        f"{authorization(lambda user: quoted(stack.nats_password(user)))}"
    )
    return Program("nats", [program, "-c", str(config)])


def _s3(stack: Stack) -> Program:
    program = TOOLS / "bin" / "rclone"
    if not program.is_file():
        raise ToolIsMissing("rclone is missing: run `make env`")
    folder = stack.home / "s3"
    # A script of the owner's alone sets the keys: a command line every user of the machine may read, and
    # supervisord strips the quotes that rclone's list needs. rclone knows no rights: each key may all,
    # but each can be taken away alone.
    keys = ",".join(f'"{access_key},{secret_key}"' for access_key, secret_key in stack.store_keys().values())
    address = f"{LOOPBACK}:{stack.ports['s3']}"
    script = stack.run / "s3.sh"
    script.touch(mode=0o700)
    script.write_text(
        "#!/bin/sh\n"
        f"export RCLONE_AUTH_KEY={shlex.quote(keys)}\n"
        f"exec {shlex.quote(str(program))} serve s3 --addr {address} --vfs-cache-mode off "
        f"--config /dev/null {shlex.quote(str(folder))}\n"
    )
    return Program("s3", [str(script)])
