"""Which ports a stack gets."""

import socket
from collections.abc import Iterator

import pytest

from infra.local.ports import LOOPBACK, LOWEST, PortIsUnusable, choose_ports

NAMES = ("gateway", "nats")


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.socket() as other:
        other.bind((LOOPBACK, 0))
        other.listen()
        yield other.getsockname()[1]


def test_free_ports_lie_below_those_of_outgoing_connections_and_differ():
    ports = choose_ports([f"part{number}" for number in range(50)], {})
    assert len(set(ports.values())) == 50
    assert all(LOWEST <= port < 61_000 for port in ports.values())


def test_ports_that_were_kept_stay():
    first = choose_ports(NAMES, {})
    assert choose_ports(NAMES, first) == first


def test_a_kept_port_that_somebody_took_is_replaced_and_the_others_stay(taken):
    first = choose_ports(NAMES, {})
    second = choose_ports(NAMES, {**first, "nats": taken})
    assert second["nats"] != taken
    assert second["gateway"] == first["gateway"]


def test_a_part_that_came_with_an_update_gets_a_port_beside_those_kept():
    first = choose_ports(NAMES, {})
    second = choose_ports([*NAMES, "new"], first)
    assert second | first == second
    assert second["new"] not in first.values()


def test_a_setting_wins_over_what_was_kept(monkeypatch):
    first = choose_ports(NAMES, {})
    wanted = choose_ports(["other"], first)["other"]
    monkeypatch.setenv("MODELYARD_PORTS__GATEWAY", str(wanted))
    assert choose_ports(NAMES, first) == {**first, "gateway": wanted}


def test_a_kept_port_gives_way_to_a_part_that_is_fixed_to_it(monkeypatch):
    first = choose_ports(NAMES, {})
    monkeypatch.setenv("MODELYARD_PORTS__GATEWAY", str(first["nats"]))
    second = choose_ports(NAMES, first)
    assert second["gateway"] == first["nats"]
    assert second["nats"] not in first.values()


def test_an_empty_setting_is_none(monkeypatch):
    monkeypatch.setenv("MODELYARD_PORTS__GATEWAY", "")
    assert set(choose_ports(NAMES, {})) == set(NAMES)


@pytest.mark.parametrize("value", ["0", "-1", "65536", "http", "80.5", "²"])
def test_a_setting_that_is_no_port_is_told(monkeypatch, value):
    monkeypatch.setenv("MODELYARD_PORTS__GATEWAY", value)
    with pytest.raises(PortIsUnusable, match=f"^MODELYARD_PORTS__GATEWAY={value}: a port is a number"):
        choose_ports(NAMES, {})


def test_a_setting_for_no_part_is_told_with_those_there_are(monkeypatch):
    monkeypatch.setenv("MODELYARD_PORTS__GATEWEY", "8080")
    with pytest.raises(PortIsUnusable, match="GATEWEY: there is no such port; there are gateway, nats"):
        choose_ports(NAMES, {})


def test_two_parts_at_one_port_are_told(monkeypatch):
    port = str(choose_ports(["any"], {})["any"])
    for name in ("GATEWAY", "NATS"):
        monkeypatch.setenv(f"MODELYARD_PORTS__{name}", port)
    with pytest.raises(PortIsUnusable, match="another part is to have that port"):
        choose_ports(NAMES, {})


def test_a_port_of_another_process_is_told(monkeypatch, taken):
    monkeypatch.setenv("MODELYARD_PORTS__GATEWAY", str(taken))
    with pytest.raises(PortIsUnusable, match=f"GATEWAY={taken}: Address already in use"):
        choose_ports(NAMES, {})
