"""A PostgreSQL role per room, made or renewed whenever the database starts."""

import json
import os
import subprocess
from collections.abc import Mapping

from infra.local.home import ROOMS, ROOT, Stack
from infra.local.ports import LOOPBACK
from infra.local.postgres import DATABASE, ClusterFailed, binaries

SCRIPT = ROOT / "infra" / "postgres" / "roles.sql"


def role(room: str) -> str:
    return f"modelyard_{room}"


def make_roles(stack: Stack) -> None:
    """Safe to repeat; a home that an earlier version made is handed over to them."""
    passwords = {room: stack.secrets[f"postgres_{room}"] for room in ROOMS}
    address = f"postgresql://postgres@{LOOPBACK}:{stack.ports['postgres']}/{DATABASE}"
    run_script(address, passwords, owner_password=stack.secrets["postgres_password"])


def run_script(address: str, passwords: Mapping[str, str], owner_password: str = "") -> None:
    """Passwords go by the environment: a command line every user of the machine may read."""
    ran = subprocess.run(
        [binaries() / "psql", "--no-psqlrc", "--quiet", "-d", address, "-f", SCRIPT],
        env={
            **os.environ,
            "PGPASSWORD": owner_password,
            "MODELYARD_POSTGRES_PASSWORDS": json.dumps(passwords),
        },
        check=False,
        capture_output=True,
        text=True,
    )
    if ran.returncode:
        raise ClusterFailed(f"the rooms' roles cannot be made in PostgreSQL, psql says:\n{ran.stderr}")
