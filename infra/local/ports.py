"""Which loopback ports a stack uses: fixed by settings, else free ones that stay the same."""

import os
import random
import socket
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

LOOPBACK = "127.0.0.1"
LOWEST = 20_000
# Linux' default, where the kernel does not say.
EPHEMERAL = 32_768


# MODELYARD_PORTS__GATEWAY=8080 fixes the gateway's.
PREFIX = "MODELYARD_PORTS__"


class PortIsUnusable(Exception):
    """A port that the settings ask for belongs to somebody else, or is none."""


def choose_ports(names: Sequence[str], kept: Mapping[str, int]) -> dict[str, int]:
    """Settings fix some; of the others, those kept stay if they are still free."""
    ports = _given_ports(names)
    for name in names:
        if name not in ports:
            taken = set(ports.values())
            port = kept.get(name)
            stays = port is not None and port not in taken and _is_free(port)
            ports[name] = port if port is not None and stays else _free_port({*taken, *kept.values()})
    return ports


def _given_ports(names: Sequence[str]) -> dict[str, int]:
    given: dict[str, int] = {}
    for variable, value in os.environ.items():
        if variable.startswith(PREFIX) and value:
            name = variable.removeprefix(PREFIX).lower()
            if name not in names:
                raise PortIsUnusable(f"{variable}: there is no such port; there are {', '.join(names)}")
            given[name] = _usable(variable, value, given.values())
    return given


def _usable(variable: str, value: str, others: Collection[int]) -> int:
    port = int(value) if value.isdecimal() else 0
    if not 0 < port < 2**16:
        raise PortIsUnusable(f"{variable}={value}: a port is a number from 1 to 65535")
    if port in others:
        raise PortIsUnusable(f"{variable}={value}: another part is to have that port")
    try:
        _bind(port)
    except OSError as error:
        raise PortIsUnusable(f"{variable}={value}: {error.strerror}") from error
    return port


def _is_free(port: int) -> bool:
    try:
        _bind(port)
    except OSError:
        return False
    return True


def _bind(port: int) -> None:
    with socket.socket() as probe:
        # As the servers do: connections of an earlier life that still fade away do not count.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind((LOOPBACK, port))


def _free_port(taken: set[int]) -> int:
    """Below the range of outgoing connections: one of those may take the port of a server that restarts,
    and a client that retries within that range can even connect to itself."""
    while True:
        port = random.randrange(LOWEST, _ephemeral_start())  # noqa: S311 — no secret
        if port not in taken and _is_free(port):
            return port


def _ephemeral_start() -> int:
    try:
        start = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    except OSError:
        return EPHEMERAL
    return start if start > LOWEST + 1000 else EPHEMERAL
