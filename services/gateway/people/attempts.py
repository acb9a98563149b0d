"""How often somebody may try to sign in: counted in PostgreSQL, for every gateway of the house together.

A try counts before it is known how it ends, so that many at once are not more than the limit.
"""

import math
from datetime import datetime, timedelta
from ipaddress import IPv6Address, IPv6Network, ip_address

from libs.common.contracts.base import now
from services.gateway.people.digests import digest
from services.gateway.repository.sessions import Attempts
from services.gateway.settings import LoginSettings


class AttemptCounter:
    """Names are kept as digests: people type their password where the name belongs."""

    def __init__(self, attempts: Attempts, key: str) -> None:
        self._attempts = attempts
        self._key = key

    async def count(self, limits: LoginSettings, account: str | None, address: str) -> int:
        """How many seconds must pass before another try; 0: go on."""
        allowed = {self._of_address(address): limits.tries_per_address}
        if account is not None:
            allowed[self._of_account(account)] = limits.tries_per_account
        within = timedelta(seconds=limits.within_seconds)
        counted = await self._attempts.add(sorted(allowed), within)
        over = [since for key, (count, since) in counted.items() if count > allowed[key]]
        return max((_seconds_until(since + within) for since in over), default=0)

    async def succeeded(self, account: str | None, address: str) -> None:
        """Many people may share an address: only their failures count."""
        await self._attempts.take_back(self._of_address(address))
        if account is not None:
            await self._attempts.forget(self._of_account(account))

    def _of_account(self, name: str) -> bytes:
        return digest(f"account {name}", self._key)

    def _of_address(self, address: str) -> bytes:
        return digest(f"address {_network(address)}", self._key)


def _network(address: str) -> str:
    """Whoever has an IPv6 address has 2^64 of them."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    return str(IPv6Network((parsed, 64), strict=False)) if isinstance(parsed, IPv6Address) else address


def _seconds_until(moment: datetime) -> int:
    return max(1, math.ceil((moment - now()).total_seconds()))
