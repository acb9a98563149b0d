"""Which loopback ports a stack uses: fixed by settings, else free ones that stay the same."""

import os
import random
import socket
from collections.abc import Mapping, Sequence
from pathlib import Path

LOOPBACK = "127.0.0.1"
LOWEST = 20_000
# Linux' default, where the kernel does not say.
EPHEMERAL = 32_768


class PortIsTaken(Exception):
    """A port that the settings ask for belongs to somebody else."""


def choose_ports(names: Sequence[str], kept: Mapping[str, int]) -> dict[str, int]:
    """MODELYARD_PORTS__GATEWAY=8080 fixes one; of the others, those kept stay if they are still free."""
    ports = {name: port for name in names if (port := _given(name))}
    for name in names:
        if name not in ports:
            taken = set(ports.values())
            port = kept.get(name)
            stays = port is not None and port not in taken and _is_free(port)
            ports[name] = port if port is not None and stays else _free_port({*taken, *kept.values()})
    return ports


def _given(name: str) -> int | None:
    variable = f"MODELYARD_PORTS__{name.upper()}"
    if not (value := os.environ.get(variable)):
        return None
    if not _is_free(int(value)):
        raise PortIsTaken(f"{variable}={value}: another process listens on that port")
    return int(value)


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        # As the servers do: connections of an earlier life that still fade away do not count.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


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
