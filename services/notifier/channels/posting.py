"""One POST to somebody's server, and what its answer means for a delivery."""

import email.utils
import time
from collections.abc import Collection, Mapping

import httpx

from libs.common.web.errors import SourceIsMalformed, SourceIsNotAllowed, SourceNotFound, SourceUnavailable
from libs.common.web.hop import host_of, parsed, post
from services.notifier.errors import PutOff, Refused, TargetIsNotAllowed

# Everything else from 400 to 499 says that the same request would be refused again.
WORTH_A_RETRY = frozenset({408, 425, 429})
# Nobody is believed who asks for more.
MOST_SECONDS = 6 * 3600.0
OUTSIDE_ONLY = "is not on the public internet; an operator may list it in MODELYARD_CHANNEL_HOSTS"


def checked(url: str, allowed_hosts: Collection[str]) -> httpx.URL:
    """Raises TargetIsNotAllowed for what its words alone tell. Never repeats the URL: it is a secret."""
    try:
        found = parsed(url, allowed_hosts)
    except SourceIsMalformed as error:
        raise TargetIsNotAllowed("this is no URL") from error
    except SourceIsNotAllowed as error:
        raise TargetIsNotAllowed(_words(url, error)) from error
    if found.scheme != "https" and host_of(found).lower() not in {host.lower() for host in allowed_hosts}:
        raise TargetIsNotAllowed("a URL on the internet begins with https://: it is a secret")
    return found


def _words(url: str, error: SourceIsNotAllowed) -> str:
    host = httpx.URL(url).host
    return f"{host} {OUTSIDE_ONLY}" if host and host in error.detail else error.detail


async def deliver(
    url: str, content: bytes, headers: Mapping[str, str], allowed_hosts: Collection[str]
) -> None:
    """Raises Refused or PutOff, neither with more of the URL than its host."""
    try:
        target = checked(url, allowed_hosts)
        async with post(
            target, {"content-type": "application/json", **headers}, content, allowed_hosts
        ) as response:
            _require_taken(response)
    except TargetIsNotAllowed as error:
        raise Refused(error.detail) from error
    except SourceIsNotAllowed as error:
        raise Refused(f"{httpx.URL(url).host} {OUTSIDE_ONLY}") from error
    except (SourceNotFound, SourceUnavailable) as error:
        raise PutOff(error.detail) from error
    except httpx.TimeoutException as error:
        raise PutOff("no answer came in time") from error
    except httpx.HTTPError as error:
        raise PutOff(f"the connection failed: {str(error) or type(error).__name__}") from error


def _require_taken(response: httpx.Response) -> None:
    status = response.status_code
    words = f"the receiver answered {status} {response.reason_phrase}".rstrip()
    if response.is_success:
        return
    if response.has_redirect_location:
        raise Refused(f"{words}; redirects are not followed")
    if status < 500 and status not in WORTH_A_RETRY:
        raise Refused(words)
    raise PutOff(words, _asked_for(response.headers.get("retry-after")))


def _asked_for(text: str | None) -> float | None:
    """Seconds, or a date; None for what is neither."""
    if text is None:
        return None
    try:
        seconds = float(text)
    except ValueError:
        try:
            seconds = email.utils.parsedate_to_datetime(text).timestamp() - time.time()
        except ValueError:
            return None
    # Not a number is below nothing, too.
    return min(seconds, MOST_SECONDS) if seconds > 0 else None
