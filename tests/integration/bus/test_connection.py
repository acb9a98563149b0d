"""The connection itself: refused entry, an end for good, and listeners that are too slow."""

import asyncio
import signal
import sys
from pathlib import Path

import pytest
from pydantic import SecretStr

from libs.common.bus import Bus
from libs.common.bus import client as client_module
from libs.common.bus.client import BusUnavailable, ListenerIsSlow
from libs.common.settings import BusSettings
from tests.nats import NatsServer

PROGRAM = Path(__file__).with_name("closed_for_good_program.py")


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client_module, "CONNECT_SECONDS", 1)


async def test_no_server_at_the_address_is_told_and_not_waited_for_without_end(impatient: None):
    async with asyncio.timeout(10):
        with pytest.raises(BusUnavailable, match="no NATS server"):
            await Bus.connect(BusSettings(url="nats://127.0.0.1:1"), "lonely")


async def test_a_wrong_password_is_told_as_what_it_is(server: NatsServer, impatient: None):
    settings = server.settings.model_copy(update={"password": SecretStr("guessed")})
    with pytest.raises(BusUnavailable, match="Authorization"):
        await Bus.connect(settings, "stranger")


async def test_a_process_whose_connection_is_closed_for_good_ends(server: NatsServer):
    """A message past the limit, sent around our check, is what closes it here."""
    assert server.settings.password is not None
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, str(PROGRAM), server.settings.url, server.settings.password.get_secret_value()),
        stderr=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(30):
        _, said = await process.communicate()
    assert process.returncode == 70, said.decode()


async def test_a_frozen_server_is_left_after_unanswered_pings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(client_module, "PING_SECONDS", 0.2)
    server = NatsServer(tmp_path)
    server.start()
    assert server.process is not None
    bus = await Bus.connect(server.settings, "caller")
    server.process.send_signal(signal.SIGSTOP)
    async with asyncio.timeout(10):
        while bus.is_connected:
            await asyncio.sleep(0.05)
    server.process.send_signal(signal.SIGCONT)
    await bus.close()
    server.stop()


async def test_a_listener_that_is_too_slow_is_told_so_after_what_it_has_without_a_hole(bus: Bus):
    heard = bus.listen("some.where", queue_size=3)
    first = asyncio.ensure_future(anext(heard))
    await asyncio.sleep(0.05)
    for number in range(20):
        await bus.publish("some.where", str(number).encode())
    await bus.client.flush()
    assert [(await first).data, (await anext(heard)).data, (await anext(heard)).data] == [b"0", b"1", b"2"]
    with pytest.raises(ListenerIsSlow):
        await anext(heard)
