"""Conditions and ranges of RFC 9110, as far as they make sense for bytes that never change."""

import re
from collections.abc import Mapping

from services.gateway.errors import RangeIsOutside

# Enough digits for any size; what is longer is no range.
_RANGE = re.compile(r"bytes=\s*([0-9]{0,18})-([0-9]{0,18})\s*", re.IGNORECASE)
_ETAG = re.compile(r'(?:W/)?("[^"]*")')


def is_known(headers: Mapping[str, str], etag: str) -> bool:
    """Whether If-None-Match, a list or `*`, names what the caller would get."""
    given = headers.get("if-none-match", "")
    return given.strip() == "*" or etag in _ETAG.findall(given)


def wanted_range(headers: Mapping[str, str], etag: str, size_bytes: int) -> range | None:
    """The bytes that Range asks for, None for all of them; raises RangeIsOutside.

    As the standard allows, several ranges and what is no range get all; so does a range of another content.
    """
    if headers.get("if-range", etag).strip() != etag:
        return None
    found = _RANGE.fullmatch(headers.get("range", ""))
    if found is None or found.group(1, 2) == ("", ""):
        return None
    first, last = found.group(1, 2)
    if not first:
        return _from(max(0, size_bytes - int(last)), size_bytes - 1, size_bytes)
    if last and int(last) < int(first):
        return None
    return _from(int(first), int(last or size_bytes - 1), size_bytes)


def _from(first: int, last: int, size_bytes: int) -> range:
    if first >= size_bytes:
        raise RangeIsOutside(f"there are {size_bytes} bytes")
    return range(first, min(last, size_bytes - 1) + 1)
