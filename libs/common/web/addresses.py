"""Which addresses a URL may lead to: public ones, or those of hosts that the operator lists."""

import asyncio
import socket
from collections.abc import Collection, Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Any

from libs.common.web.errors import SourceIsNotAllowed, SourceNotFound, SourceUnavailable

Address = IPv4Address | IPv6Address

# All of IPv6 that is given out; what lies elsewhere stands for something else, often for an IPv4 address.
UNICAST = ip_network("2000::/3")
# Public by their numbers to the library: protocols and cloud metadata, relays of 6to4, metadata of Azure.
NOT_PUBLIC = tuple(map(ip_network, ("192.0.0.0/24", "192.88.99.0/24", "168.63.129.16/32")))


def check_literal(host: str, allowed: Collection[str]) -> None:
    """Without asking anybody: an address in any spelling, or a name of this machine."""
    if _is_listed(host, allowed):
        return
    if f".{_plain(host)}".endswith(".localhost"):
        raise _refused(host)
    try:
        found = socket.getaddrinfo(host, None, flags=socket.AI_NUMERICHOST)
    except (OSError, UnicodeError):
        return
    _check(host, _addresses(found))


async def resolve(host: str, port: int, allowed: Collection[str]) -> list[str]:
    """Asked once; only these may be connected to, since the next answer may be another."""
    loop = asyncio.get_running_loop()
    try:
        found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (socket.gaierror, UnicodeError) as error:
        if isinstance(error, socket.gaierror) and error.errno == socket.EAI_AGAIN:
            raise SourceUnavailable(f"nobody can say now where {host} is") from error
        raise SourceNotFound(f"there is no host {host}") from error
    addresses = _addresses(found)
    if not _is_listed(host, allowed):
        _check(host, addresses)
    return addresses


def is_public(address: Address) -> bool:
    """Not of this machine, of a private network, of a tunnel, or of nobody."""
    if isinstance(address, IPv6Address) and (
        address not in UNICAST or address.sixtofour is not None or address.teredo is not None
    ):
        return False
    if address.is_multicast or address.is_reserved or any(address in network for network in NOT_PUBLIC):
        return False
    return address.is_global


def _addresses(found: Sequence[tuple[Any, ...]]) -> list[str]:
    """In the resolver's order, each once."""
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def _check(host: str, addresses: Sequence[str]) -> None:
    """One private address among public ones is an attack or an accident, too."""
    if not all(is_public(ip_address(address)) for address in addresses):
        raise _refused(host)


def _refused(host: str) -> SourceIsNotAllowed:
    """Says nothing of the address: that would tell strangers about the inside."""
    return SourceIsNotAllowed(
        f"{host} is not on the public internet; an operator may list it as one that may be fetched from"
    )


def _is_listed(host: str, allowed: Collection[str]) -> bool:
    return _plain(host) in map(_plain, allowed)


def _plain(host: str) -> str:
    return host.lower().rstrip(".")
