"""URLs: downloads that break and lie, and the defence against addresses of the inside."""

import asyncio
import re
import ssl
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from libs.common.contracts.sources import UrlSource
from libs.common.errors import ModelyardError
from libs.common.web.addresses import resolve
from services.datasets.errors import (
    SourceIsMalformed,
    SourceIsNotAllowed,
    SourceIsTooLarge,
    SourceNotFound,
    SourceUnavailable,
)
from services.datasets.settings import ArchiveLimits, Settings
from services.datasets.sources import check, download, fetch
from services.datasets.sources.download import Download
from tests.unit.datasets.sources.reaching import Told, resources
from tests.unit.datasets.sources.web import Answer, Asked, head, redirect, web, whole

HERE = ("127.0.0.1",)
MIB = 2**20
CONTENT = bytes(range(256)) * 4 * 4096


async def fetched(url: str, folder: Path, **settings: object) -> tuple[bytes, str]:
    found = await fetch(UrlSource(url=url), folder, resources(**{"import_hosts": HERE, **settings}), Told())
    assert found.path.parent == folder / "source"
    return found.path.read_bytes(), found.filename


async def impatient(url: str, folder: Path) -> str:
    """Tries as often as the real one, without its pauses."""
    download = Download(
        httpx.URL(url), folder / "download", ArchiveLimits(), HERE, Told(), pause_seconds=0.01
    )
    return await download.run()


async def test_a_file_comes_with_its_name_and_the_job_hears_how_far(tmp_path):
    told = Told()
    async with web(whole(CONTENT)) as server:
        source = UrlSource(url=server.url("/sets/animals.zip?key=1#top"))
        found = await fetch(source, tmp_path, resources(import_hosts=HERE), told)
    assert found.path.read_bytes() == CONTENT
    assert found.filename == "animals.zip"
    assert server.asked[0].path == "/sets/animals.zip?key=1"
    assert told.fractions[-1] == 1.0
    assert told.messages[-1] == "fetching: 5 of 5 MB"


async def test_nothing_of_this_machine_is_sent_along(tmp_path, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    async with web(whole(b"1")) as server:
        await fetched(server.url(), tmp_path)
    sent = server.asked[0].headers
    assert set(sent) <= {"host", "user-agent", "accept", "accept-encoding", "connection"}
    assert sent["accept-encoding"] == "identity"


REFUSED = [
    "http://127.0.0.1/", "http://127.1/", "http://2130706433/", "http://0x7f000001/",
    "http://0.0.0.0/", "http://10.1.2.3/", "http://172.16.0.1/", "http://192.168.1.1/",
    "http://169.254.169.254/latest/meta-data", "http://100.100.100.200/", "http://168.63.129.16/",
    "http://192.0.0.192/", "http://198.18.0.1/", "http://224.0.0.1/", "http://240.0.0.1/",
    "http://255.255.255.255/", "http://[::1]/", "http://[::]/", "http://[fe80::1]/", "http://[fc00::1]/",
    "http://[fd00:ec2::254]/", "http://[ff02::1]/", "http://[::ffff:127.0.0.1]/", "http://[::ffff:8.8.8.8]/",
    "http://[64:ff9b::7f00:1]/", "http://[2002:7f00:1::]/", "http://[2001:0:4136:e378:8000:63bf:3fff:fdd2]/",
    "http://[2001:db8::1]/", "http://[fec0::1]/", "http://localhost/", "http://LOCALHOST./",
    "http://api.localhost:8000/", "http://user:secret@example.org/", "http://user@example.org/",
    "http://127.0.0.1:80@127.0.0.1/",
]  # fmt: skip


@pytest.mark.parametrize("url", REFUSED)
async def test_what_is_inside_is_refused_before_anybody_is_asked(url):
    with pytest.raises(SourceIsNotAllowed) as refused:
        await check(UrlSource(url=url), Settings())
    assert "secret" not in refused.value.detail


@pytest.mark.parametrize(
    "url",
    [
        "http://",
        "http://[::1",
        "http://0177.0.0.1/",
        "http://a:0/",
        "http://a\nb/",
        "http://a:99999/",
        "http:///a.zip",
    ],
)
async def test_what_is_no_url_is_said(url):
    with pytest.raises((SourceIsMalformed, SourceIsNotAllowed)):
        await check(UrlSource(url=url), Settings())


@pytest.mark.parametrize(
    "url", ["https://example.org/a.zip", "http://8.8.8.8/a.zip", "http://[2606:4700::1]/a"]
)
async def test_what_is_outside_is_let_through(url):
    await check(UrlSource(url=url), Settings())


async def test_a_listed_host_may_be_private(tmp_path):
    async with web(whole(b"yes")) as server:
        await check(UrlSource(url=server.url()), Settings(import_hosts=HERE))
        with pytest.raises(SourceIsNotAllowed, match="may list it"):
            await fetched(server.url(), tmp_path, import_hosts=())
        assert server.asked == []
        assert await fetched(server.url(), tmp_path) == (b"yes", "data.zip")


async def test_a_name_that_leads_here_is_refused_by_what_it_resolves_to():
    with pytest.raises(SourceIsNotAllowed):
        await resolve("localhost", 80, ())
    assert "127.0.0.1" in await resolve("localhost", 80, ("LocalHost",))


async def test_a_name_that_leads_nowhere_is_said(tmp_path):
    with pytest.raises((SourceNotFound, SourceUnavailable), match=re.escape("nobody.invalid")):
        await fetched("http://nobody.invalid/a.zip", tmp_path)


async def test_the_server_is_spoken_to_by_the_name_of_the_url(tmp_path):
    async with web(whole(b"yes")) as server:
        url = server.url(host="localhost")
        assert (await fetched(url, tmp_path, import_hosts=("localhost",)))[0] == b"yes"
    assert server.asked[0].headers["host"] == f"localhost:{server.port}"


def leading_to(location: str, content: bytes = b"there") -> Answer:
    async def answer(asked: Asked) -> AsyncIterator[bytes]:
        if asked.path == "/start":
            yield redirect(location)
        else:
            yield head(content_length=len(content)) + content

    return answer


async def test_redirects_are_followed(tmp_path):
    async with web(leading_to("/sets/animals.zip")) as server:
        assert await fetched(server.url("/start"), tmp_path) == (b"there", "animals.zip")


@pytest.mark.parametrize(
    "location",
    ["http://localhost:{port}/secret", "http://0.0.0.0:{port}/secret", "http://[::1]:{port}/secret",
     "http://169.254.169.254/", "file:///etc/passwd", "ftp://example.org/a", "//localhost:{port}/secret",
     "http://me:secret@127.0.0.1:{port}/secret"],
)  # fmt: skip
async def test_a_redirect_leads_no_further_inside_than_the_first_url(tmp_path, location):
    places: list[str] = []

    async def answer(asked: Asked) -> AsyncIterator[bytes]:
        yield redirect(places[0])

    async with web(answer) as server:
        places.append(location.format(port=server.port))
        with pytest.raises(SourceIsNotAllowed):
            await fetched(server.url("/start"), tmp_path)
    assert [asked.path for asked in server.asked] == ["/start"]


async def test_redirects_in_a_circle_end(tmp_path):
    async def answer(asked: Asked) -> AsyncIterator[bytes]:
        yield redirect(asked.path)

    async with web(answer) as server:
        with pytest.raises(SourceUnavailable, match="redirects"):
            await fetched(server.url(), tmp_path)
    assert len(server.asked) == 6


def certificate(folder: Path, name: str) -> Path:
    """For the name alone, signed by itself; key and certificate in one file."""
    file = folder / f"{name}.pem"
    made = subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
         "-days", "2", "-subj", f"/CN={name}", "-addext", f"subjectAltName=DNS:{name}", "-keyout", "-"],
        capture_output=True,
        check=True,
    )  # fmt: skip
    file.write_bytes(made.stdout)
    return file


@pytest.mark.parametrize(("name", "is_right"), [("localhost", True), ("example.org", False)])
async def test_the_certificate_has_to_be_that_of_the_name(tmp_path, monkeypatch, name, is_right):
    file = certificate(tmp_path, name)
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    monkeypatch.setattr(download, "MOST_TRIES", 1)
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(file)
    async with web(whole(b"safe"), tls) as server:
        getting = fetched(server.url(host="localhost", scheme="https"), tmp_path, import_hosts=("localhost",))
        if is_right:
            assert (await getting)[0] == b"safe"
        else:
            with pytest.raises(SourceUnavailable, match="certificate"):
                await getting


def breaking(at: list[int], content: bytes = CONTENT, **headers: object) -> Answer:
    """Each answer ends after so many bytes; ranges are served where `etag` or `last_modified` is told."""
    cuts = iter(at)

    async def answer(asked: Asked) -> AsyncIterator[bytes]:
        start = 0
        if "range" in asked.headers:
            start = int(asked.headers["range"].removeprefix("bytes=").removesuffix("-"))
        rest = content[start:]
        length: dict[str, object] = {"content_length": len(rest), **headers}
        if start:
            span = f"bytes {start}-{len(content) - 1}/{len(content)}"
            yield head("206 Partial Content", content_range=span, **length)
        else:
            yield head(**length)
        yield rest[: next(cuts, len(rest))]

    return answer


async def test_a_broken_download_goes_on_where_it_broke(tmp_path):
    async with web(breaking([MIB + 5, MIB + 5], etag='"1"')) as server:
        assert await impatient(server.url(), tmp_path) == "data.zip"
    assert (tmp_path / "download").read_bytes() == CONTENT
    told = [(asked.headers.get("range"), asked.headers.get("if-range")) for asked in server.asked]
    assert told == [(None, None), (f"bytes={MIB}-", '"1"'), (f"bytes={2 * MIB}-", '"1"')]


async def test_without_a_sign_that_the_file_is_the_same_it_begins_anew(tmp_path):
    async with web(breaking([MIB + 5], etag='W/"1"')) as server:
        await impatient(server.url(), tmp_path)
    assert (tmp_path / "download").read_bytes() == CONTENT
    assert [asked.headers.get("range") for asked in server.asked] == [None, None]


async def test_a_file_that_changed_meanwhile_is_taken_whole(tmp_path):
    async def answer(asked: Asked) -> AsyncIterator[bytes]:
        if "if-range" in asked.headers:
            yield head(content_length=3, etag='"2"') + b"new"
        else:
            yield head(content_length=len(CONTENT), etag='"1"') + CONTENT[: 2 * MIB]

    async with web(answer) as server:
        await impatient(server.url(), tmp_path)
    assert (tmp_path / "download").read_bytes() == b"new"


@pytest.mark.parametrize("odd", [{"content_range": "bytes 7-9/10"}, {"etag": '"2"'}, {"content_range": "?"}])
async def test_a_part_that_does_not_fit_is_not_glued_on(tmp_path, odd):
    async def answer(asked: Asked) -> AsyncIterator[bytes]:
        if "range" in asked.headers:
            span = f"bytes {2 * MIB}-{len(CONTENT) - 1}/{len(CONTENT)}"
            headers = {"content_length": 3, "content_range": span, "etag": '"1"', **odd}
            yield head("206 Partial Content", **headers) + b"odd"
        else:
            end = 2 * MIB + 9 if len(server.asked) == 1 else None
            yield head(content_length=len(CONTENT), etag='"1"') + CONTENT[:end]

    async with web(answer) as server:
        await impatient(server.url(), tmp_path)
    assert (tmp_path / "download").read_bytes() == CONTENT
    assert len(server.asked) == 3


async def test_a_length_that_is_never_reached_is_given_up(tmp_path):
    async def answer(asked: Asked) -> AsyncIterator[bytes]:
        yield head(content_length=1000) + b"short"

    async with web(answer) as server:
        with pytest.raises(SourceUnavailable) as away:
            await impatient(server.url(), tmp_path)
    assert len(server.asked) == download.MOST_TRIES
    assert away.value.retryable


async def test_a_busy_server_is_asked_again(tmp_path):
    async def answer(asked: Asked) -> AsyncIterator[bytes]:
        if len(server.asked) < 3:
            yield head("503 Busy", content_length=0)
        else:
            yield head(content_length=2) + b"ok"

    async with web(answer) as server:
        await impatient(server.url(), tmp_path)
    assert (tmp_path / "download").read_bytes() == b"ok"


async def test_more_than_was_told_is_not_taken(tmp_path):
    async def answer(asked: Asked) -> AsyncIterator[bytes]:
        yield head(content_length=3) + b"abcdef"

    async with web(answer) as server:
        assert (await fetched(server.url(), tmp_path))[0] == b"abc"


async def test_what_is_too_long_is_refused_before_it_comes(tmp_path):
    async def answer(asked: Asked) -> AsyncIterator[bytes]:
        yield head(content_length=10**15)

    async with web(answer) as server:
        with pytest.raises(SourceIsTooLarge):
            await fetched(server.url(), tmp_path)
    assert not (tmp_path / "source" / "download").exists()


async def test_a_body_without_an_end_is_cut_off_at_the_limit(tmp_path):
    async def answer(asked: Asked) -> AsyncIterator[bytes]:
        yield head(transfer_encoding="chunked")
        while True:
            yield b"10000\r\n" + bytes(0x10000) + b"\r\n"

    limits = {"max_unpacked_bytes": 3 * MIB}
    async with web(answer) as server:
        with pytest.raises(SourceIsTooLarge):
            await fetched(server.url(), tmp_path, archive=limits)
    assert (tmp_path / "source" / "download").stat().st_size <= 3 * MIB


async def test_a_server_that_drips_is_not_waited_for(tmp_path, monkeypatch):
    monkeypatch.setattr(download, "PATIENCE_SECONDS", 0.2)

    async def answer(asked: Asked) -> AsyncIterator[bytes]:
        yield head(content_length=10**6)
        while True:
            yield b"."
            await asyncio.sleep(0.02)

    async with web(answer) as server:
        with pytest.raises(SourceUnavailable, match="TimeoutError"):
            await impatient(server.url(), tmp_path)


@pytest.mark.parametrize(
    ("status", "error"),
    [("404 Not Found", SourceNotFound), ("410 Gone", SourceNotFound), ("204 No Content", SourceNotFound),
     ("401 Unauthorized", SourceIsNotAllowed), ("403 Forbidden", SourceIsNotAllowed),
     ("304 Not Modified", SourceNotFound)],
)  # fmt: skip
async def test_what_the_server_refuses_is_said_at_once(tmp_path, status, error):
    async def answer(asked: Asked) -> AsyncIterator[bytes]:
        yield head(status)

    async with web(answer) as server:
        with pytest.raises(error, match=status[:3]):
            await fetched(server.url(), tmp_path)
    assert len(server.asked) == 1


async def test_what_is_packed_on_its_way_is_refused(tmp_path):
    async with web(whole(b"x", content_encoding="gzip")) as server:
        with pytest.raises(SourceIsMalformed, match="gzip"):
            await fetched(server.url(), tmp_path)


async def test_an_answer_that_is_no_http_is_a_server_that_does_not_answer(tmp_path):
    async def answer(asked: Asked) -> AsyncIterator[bytes]:
        yield b"SSH-2.0-OpenSSH\r\n\r\n"

    async with web(answer) as server:
        with pytest.raises(ModelyardError) as away:
            await impatient(server.url(), tmp_path)
    assert isinstance(away.value, SourceUnavailable)
