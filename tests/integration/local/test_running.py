"""A stack that runs: it is whole, it mends itself, and only this machine reaches it."""

import asyncio
import os
import signal
import time

import asyncpg
import httpx
import pytest

from infra.local.home import PORTS
from tests.integration.local.conftest import Yard
from tests.integration.local.machine import LOOPBACK, command_lines, listening_addresses

UP = ("postgres", "nats", "s3", "triton", "notifier")
SECONDS = 30


def wait_for_another(running: Yard, name: str, pid: int) -> None:
    deadline = time.monotonic() + SECONDS
    while running.local.pid(name) in (0, pid):
        assert time.monotonic() < deadline, running.local.log(name, 15)
        time.sleep(0.05)
    running.local.wait_ready(name, SECONDS)


def test_one_call_brings_the_servers_and_the_room_up(running):
    said = running.run("status", *UP)
    assert said.code == 0, said.text
    assert said.text.count("yes") == len(UP)


def test_a_part_that_does_not_run_makes_the_status_fail(running):
    said = running.run("status")
    assert said.code == 1
    [line] = [line for line in said.text.splitlines() if "gateway" in line]
    assert "stopped" in line
    assert "no" in line.split()


def test_up_again_changes_nothing(running):
    before = [running.local.pid(name) for name in UP]
    said = running.run("up", *UP)
    assert said.code == 0, said.text
    assert [running.local.pid(name) for name in UP] == before


def test_every_socket_listens_on_loopback_only_and_at_the_port_that_is_told(running):
    addresses = listening_addresses(running.local.stack)
    assert set(addresses.values()) <= set(LOOPBACK)
    runs = [name for name in PORTS if name.startswith("triton") or name in UP]
    assert set(addresses) == {running.local.stack.ports[name] for name in runs}


async def test_no_server_talks_to_who_has_no_password(running):
    """Loopback is no password: other users and pages of this machine reach it, too."""
    ports = running.local.stack.ports
    reader, writer = await asyncio.open_connection("127.0.0.1", ports["nats"])
    writer.write(b'CONNECT {"verbose": false}\r\nPING\r\n')
    assert b"-ERR 'Authorization Violation'" in await reader.read()
    writer.close()
    for user in ("postgres", "modelyard", "gateway"):
        with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError)):
            await asyncpg.connect(host="127.0.0.1", port=ports["postgres"], user=user, password="postgres")
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{ports['s3']}") as stranger:
        for method, path in (
            ("GET", "/"),
            ("GET", "/modelyard"),
            ("PUT", "/modelyard/a"),
            ("DELETE", "/modelyard"),
        ):
            answer = await stranger.request(method, path)
            assert answer.status_code in (400, 403) and b"<Bucket" not in answer.content, (method, path)


def test_no_secret_is_told_to_other_users_of_the_machine(running):
    told = command_lines(running.local.stack) + "".join(
        running.run(*command).text
        for command in (["up", *UP], ["status"], ["logs", "s3"], ["logs", "postgres"])
    )
    for name, secret in running.local.stack.secrets.items():
        assert secret not in told, name


def test_nothing_in_the_home_is_readable_for_others(running):
    """Its own folder may be walked through, by PostgreSQL's user; what is inside is closed."""
    assert running.home.stat().st_mode & 0o076 == 0
    for path in running.home.iterdir():
        if path.is_dir():
            assert path.stat().st_mode & 0o077 == 0, path
    for path in (*(running.home / "secrets").iterdir(), *(running.home / "run").iterdir()):
        assert path.stat().st_mode & 0o077 == 0, path
    assert {path.stat().st_mode & 0o777 for path in (running.home / "secrets").iterdir()} == {0o600}


@pytest.mark.parametrize("name", UP)
def test_a_part_that_is_killed_is_started_again(running, name):
    pid = running.local.pid(name)
    os.kill(pid, signal.SIGKILL)
    wait_for_another(running, name, pid)


def test_restart_ends_the_old_process_and_waits_for_the_new_one(running):
    pid = running.local.pid("s3")
    said = running.run("restart", "s3")
    assert (said.code, said.text) == (0, "s3 ready\n")
    assert running.local.pid("s3") not in (0, pid)
    assert running.local.is_ready("s3")


def test_logs_are_the_last_lines_of_one_part(running):
    said = running.run("logs", "postgres", "-n", "3")
    assert said.code == 0
    assert len(said.text.splitlines()) == 3


@pytest.mark.parametrize("command", ["up", "status", "logs", "restart"])
def test_a_part_that_does_not_exist_is_named_beside_those_that_do(running, command):
    said = running.run(command, "postgress")
    assert said.code == 1
    assert said.text.startswith("there is no 'postgress'; there are postgres, nats, s3, triton, gateway,")
