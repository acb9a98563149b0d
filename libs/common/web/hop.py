"""Requests that cannot be led astray: redirects are checked, and only checked addresses are connected to."""

from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

import httpx

from libs.common.web.addresses import check_literal, resolve
from libs.common.web.errors import SourceIsMalformed, SourceIsNotAllowed, SourceUnavailable

MOST_REDIRECTS = 5
TIMEOUT = httpx.Timeout(30, connect=10)
PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True)
class _Wanted:
    method: str
    url: httpx.URL
    headers: Mapping[str, str]
    content: bytes | None = None


def parsed(text: str, allowed_hosts: Collection[str]) -> httpx.URL:
    """Raises what its words alone tell."""
    try:
        url = httpx.URL(text)
    except httpx.InvalidURL as error:
        raise SourceIsMalformed(f"not a URL: {error}") from error
    if url.port is not None and not 0 < url.port < 2**16:
        raise SourceIsMalformed(f"there is no port {url.port}")
    if url.scheme not in PORTS or not url.host:
        raise SourceIsNotAllowed("a URL begins with http:// or https:// and names a host")
    if url.userinfo:
        raise SourceIsNotAllowed("no names and passwords in URLs: they would be stored and shown")
    check_literal(host_of(url), allowed_hosts)
    return url


def host_of(url: httpx.URL) -> str:
    """As it is asked for and sent."""
    return url.raw_host.decode("ascii")


@asynccontextmanager
async def get(
    url: httpx.URL, headers: Mapping[str, str], allowed_hosts: Collection[str]
) -> AsyncIterator[httpx.Response]:
    """The answer behind the redirects, its body not read yet."""
    for _ in range(MOST_REDIRECTS + 1):
        async with _answer(_Wanted("GET", url, headers), allowed_hosts) as response:
            if not response.has_redirect_location:
                yield response
                return
            url = _next(url, response.headers["location"], allowed_hosts)
    raise SourceUnavailable(f"more than {MOST_REDIRECTS} redirects")


@asynccontextmanager
async def post(
    url: httpx.URL, headers: Mapping[str, str], content: bytes, allowed_hosts: Collection[str]
) -> AsyncIterator[httpx.Response]:
    """The answer of whom the URL names, its body not read yet: a redirect is one, too."""
    async with _answer(_Wanted("POST", url, headers, content), allowed_hosts) as response:
        yield response


def _next(url: httpx.URL, location: str, allowed_hosts: Collection[str]) -> httpx.URL:
    try:
        joined = str(url.join(location))
    except httpx.InvalidURL as error:
        raise SourceIsMalformed(f"a redirect to what is no URL: {error}") from error
    return parsed(joined, allowed_hosts)


@asynccontextmanager
async def _answer(wanted: _Wanted, allowed_hosts: Collection[str]) -> AsyncIterator[httpx.Response]:
    """No proxy, no cookies, no passwords of the machine: nothing but this request."""
    url = wanted.url
    addresses = await resolve(host_of(url), url.port or PORTS[url.scheme], allowed_hosts)
    tls = httpx.create_ssl_context()
    async with httpx.AsyncClient(trust_env=False, verify=tls, timeout=TIMEOUT) as client:
        response = await _first(client, wanted, addresses)
        try:
            yield response
        finally:
            await response.aclose()


async def _first(client: httpx.AsyncClient, wanted: _Wanted, addresses: list[str]) -> httpx.Response:
    """Of the addresses the first that can be connected to."""
    *before, last = addresses
    for address in before:
        try:
            return await client.send(_request(client, wanted, address), stream=True)
        except (httpx.ConnectError, httpx.ConnectTimeout):
            continue
    return await client.send(_request(client, wanted, last), stream=True)


def _request(client: httpx.AsyncClient, wanted: _Wanted, address: str) -> httpx.Request:
    """To the address, in the name of the host: for its virtual hosts, and for its certificate."""
    return client.build_request(
        wanted.method,
        wanted.url.copy_with(host=address),
        content=wanted.content,
        headers={
            "host": wanted.url.netloc.decode("ascii"),
            "user-agent": "modelyard",
            "accept-encoding": "identity",
            **wanted.headers,
        },
        extensions={"sni_hostname": host_of(wanted.url)},
    )
