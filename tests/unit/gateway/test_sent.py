"""Files of a request, in every form and in none."""

import base64
import io
import json
import zipfile

import pytest
from fastapi import Request
from pydantic import SecretStr

from libs.common.errors import BadInput, Forbidden, ModelyardError
from libs.common.web.errors import SourceIsNotAllowed
from services.gateway.errors import BodyTooLarge, ContentTypeIsUnknown, TooManyFiles, UrlsAreNotFetched
from services.gateway.sent.fetching import Fetching
from services.gateway.sent.files import SentFile, SentFiles
from services.gateway.sent.images import MOST_IMAGES, images_of
from services.gateway.sent.multipart import MultipartIsBroken
from services.gateway.sent.spool import IN_MEMORY_BYTES
from services.gateway.settings import Settings
from tests.unit.datasets.sources.web import web, whole

BOUNDARY = "xyz"
MULTIPART = f"multipart/form-data; boundary={BOUNDARY}"


def settings(**changes: object) -> Settings:
    return Settings.model_validate({"admin_token": SecretStr("-"), "token_key": SecretStr("-")} | changes)


def request(body: bytes, content_type: str, chunk_bytes: int = 7) -> Request:
    """As it arrives: in small pieces."""
    starts = iter(range(0, max(1, len(body)), chunk_bytes))

    async def receive() -> dict[str, object]:
        start = next(starts)
        return {
            "type": "http.request",
            "body": body[start : start + chunk_bytes],
            "more_body": start + chunk_bytes < len(body),
        }

    headers = [(b"content-type", content_type.encode())]
    return Request({"type": "http", "method": "POST", "headers": headers}, receive)


def part(content: bytes, filename: str | None = "a.png", name: str = "images") -> bytes:
    more = "" if filename is None else f'; filename="{filename}"'
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"{more}\r\n\r\n'
    return head.encode() + content + b"\r\n"


def multipart(*parts: bytes) -> bytes:
    return b"".join(parts) + f"--{BOUNDARY}--\r\n".encode()


def zipped(*files: tuple[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as target:
        for name, content in files:
            target.writestr(name, content)
    return buffer.getvalue()


def as_json(*images: object) -> bytes:
    return json.dumps({"images": images}).encode()


async def images(body: bytes, content_type: str, **changes: object) -> list[tuple[str, bytes]]:
    found = await images_of(request(body, content_type), Fetching(settings(**changes)))
    return [(image.name, image.data) for image in found]


async def files(body: bytes, content_type: str, **changes: object) -> list[tuple[str, bytes]]:
    """All of a batch, with what is wrong in place of what cannot be read."""
    with SentFiles(settings(**changes)) as sent:
        return [(file.name, read(file)) for file in await sent.receive(request(body, content_type, 4096))]


def read(file: SentFile) -> bytes:
    try:
        return file.read()
    except BadInput as error:
        return error.code.encode()


class TestImagesOfOnePrediction:
    @pytest.mark.parametrize("content_type", ["image/png", "IMAGE/JPEG; q=1", "application/octet-stream"])
    async def test_the_body_is_an_image(self, content_type):
        assert await images(b"\x89PNG", content_type) == [("image", b"\x89PNG")]

    async def test_files_come_in_order_and_fields_do_not(self):
        tricky = b"\r\n--xy\r\n--\r\n\r\n"
        body = multipart(part(tricky, "ü.png"), part(b"no file", None, "note"), part(b"2", "", "other"))

        assert await images(body, MULTIPART) == [("ü.png", tricky), ("file", b"2")]

    async def test_base64_with_and_without_what_browsers_put_in_front(self):
        text = base64.b64encode(b"1234").decode()

        found = await images(as_json(text, f"data:image/png;base64,{text}"), "application/json")

        assert [data for _, data in found] == [b"1234", b"1234"]

    @pytest.mark.parametrize(
        ("body", "field"),
        [
            (b"", "body"),
            (b"\x89PNG", "body"),
            (b"[" * 100_000, "body"),
            (b'{"images": ' + b"[" * 100_000, "body"),
            (b'{"images": [' + b"1" * 5000 + b"]}", "body"),
            (b'{"images": [1e999999]}', "images.0"),
            (b'{"images": [{"url": "' + b"x" * 100_000 + b'"}]}', "images.0"),
            (b'{"images": [null]}', "images.0"),
            (b'{"images": "abcd"}', "images"),
            (b'{"images": [], "more": 1}', "images"),
        ],
    )
    async def test_json_that_is_no_such_form_is_named_by_field(self, body: bytes, field: str):
        with pytest.raises(BadInput) as refused:
            await images(body, "application/json")

        assert refused.value.errors[0].field == field
        assert len(refused.value.errors[0].message) < 500

    @pytest.mark.parametrize("text", ["no base64!", "abc", "data:image/png;base64,???", "ÄÄÄÄ", "data:,"])
    async def test_what_is_no_base64_is_named_by_row(self, text: str):
        with pytest.raises(BadInput) as refused:
            await images(as_json("abcd", text), "application/json")

        assert [problem.row for problem in refused.value.errors] == [1]

    @pytest.mark.parametrize("content_type", ["text/plain", "", "application/zip", "application/jsonl"])
    async def test_another_content_type_is_415(self, content_type: str):
        with pytest.raises(ContentTypeIsUnknown) as refused:
            await images(b"1", content_type)

        assert refused.value.status == 415

    @pytest.mark.parametrize(
        ("body", "content_type"),
        [
            (multipart(part(b"1")), "multipart/form-data"),
            (multipart(part(b"1")), "multipart/form-data; boundary="),
            (multipart(part(b"1")), "multipart/form-data; boundary=other"),
            (multipart(part(b"1"))[:-10], MULTIPART),
            (b"garbage", MULTIPART),
            (b"", MULTIPART),
            (b"--xyz\r\n" + b"A" * 100_000 + b": b\r\n\r\n", MULTIPART),
            (b"--xyz\r\n" + b"A: b\r\n" * 1000 + b"\r\n", MULTIPART),
        ],
    )
    async def test_a_broken_multipart_body_is_told(self, body: bytes, content_type: str):
        with pytest.raises(MultipartIsBroken):
            await images(body, content_type)

    async def test_none_and_empty_ones_are_told(self):
        with pytest.raises(BadInput, match="at least one"):
            await images(multipart(part(b"1", None)), MULTIPART)
        with pytest.raises(BadInput) as refused:
            await images(multipart(part(b"1"), part(b"")), MULTIPART)

        assert [problem.row for problem in refused.value.errors] == [1]

    @pytest.mark.parametrize(
        ("body", "content_type"),
        [
            (multipart(*[part(b"1")] * (MOST_IMAGES + 1)), MULTIPART),
            (as_json(*["abcd"] * (MOST_IMAGES + 1)), "application/json"),
        ],
    )
    async def test_too_many_are_413(self, body: bytes, content_type: str):
        with pytest.raises(TooManyFiles, match=str(MOST_IMAGES + 1)) as refused:
            await images(body, content_type)

        assert refused.value.status == 413


class TestImagesByUrl:
    async def test_are_off_unless_an_operator_allows_them(self):
        with pytest.raises(UrlsAreNotFetched) as refused:
            await images(as_json({"url": "https://example.org/a.png"}), "application/json")

        assert refused.value.status == 403

    @pytest.mark.parametrize(
        "url", ["http://127.0.0.1/", "http://169.254.169.254/latest", "file:///etc/passwd", "http://[::1]/"]
    )
    async def test_never_lead_to_the_inside(self, url: str):
        with pytest.raises(Forbidden) as refused:
            await images(as_json("abcd", {"url": url}), "application/json", predict_urls=True)

        assert isinstance(refused.value, SourceIsNotAllowed)
        assert [problem.row for problem in refused.value.errors] == [1]

    async def test_are_fetched_in_their_places(self):
        async with web(whole(b"fetched")) as server:
            body = as_json("abcd", {"url": server.url("/a.png")})
            found = await images(
                body, "application/json", predict_urls=True, predict_url_hosts=("127.0.0.1",)
            )

        assert [data for _, data in found] == [base64.b64decode("abcd"), b"fetched"]

    async def test_may_not_be_larger_than_a_body_could_be(self):
        async with web(whole(bytes(5000))) as server:
            allowed = {"predict_urls": True, "predict_url_hosts": ("127.0.0.1",), "max_predict_bytes": 4096}
            with pytest.raises(BodyTooLarge):
                await images(as_json({"url": server.url("/a.png")}), "application/json", **allowed)


class TestFilesOfABatch:
    async def test_archives_are_opened_in_their_places(self):
        archive = zipped(("x/1.png", b"one"), ("x/2.png", b"two"))
        body = multipart(part(b"first", "0.png"), part(archive, "more.zip"), part(b"last", "3.png"))

        assert await files(body, MULTIPART) == [
            ("0.png", b"first"),
            ("x/1.png", b"one"),
            ("x/2.png", b"two"),
            ("3.png", b"last"),
        ]

    @pytest.mark.parametrize("content_type", ["application/zip", "application/octet-stream", "image/png"])
    async def test_an_archive_is_told_by_its_bytes(self, content_type: str):
        large = bytes(range(256)) * (2 * IN_MEMORY_BYTES // 256)

        found = await files(zipped(("1.png", b"one"), ("2.png", large)), content_type)

        assert found == [("1.png", b"one"), ("2.png", large)]

    async def test_an_archive_inside_is_not_opened(self):
        inner = zipped(("1.png", b"one"))

        assert await files(zipped(("inner.zip", inner)), "application/zip") == [("inner.zip", inner)]

    async def test_a_damaged_file_is_named_and_the_others_are_read(self):
        archive = zipped(("1.png", b"first one"), ("2.png", b"second")).replace(b"first one", b"fiXst one")

        assert await files(archive, "application/zip") == [
            ("1.png", b"archive_entry_damaged"),
            ("2.png", b"second"),
        ]

    @pytest.mark.parametrize(
        ("body", "content_type"),
        [
            (multipart(*[part(b"1")] * 5000), MULTIPART),
            (zipped(*((f"{number}.png", b"1") for number in range(5000))), "application/zip"),
            (multipart(*[part(zipped(("1.png", b"1"), ("2.png", b"2")))] * 2), MULTIPART),
            (as_json(*["abcd"] * 4), "application/json"),
        ],
        ids=["files", "zipped files", "files of several archives", "JSON"],
    )
    async def test_too_many_files_are_413(self, body: bytes, content_type: str):
        with pytest.raises(ModelyardError) as refused:
            await files(body, content_type, max_batch_images=3)

        assert refused.value.status == 413

    async def test_json_is_read_in_memory_and_must_be_small(self):
        with pytest.raises(BodyTooLarge):
            await files(as_json("abcd" * 2000), "application/json", max_predict_bytes=4096)

    @pytest.mark.parametrize("body", [b"PK\x03\x04", zipped(), zipped(("../1.png", b"1"))])
    async def test_an_archive_that_cannot_be_used_is_told(self, body: bytes):
        with pytest.raises(BadInput):
            await files(body, "application/zip")


class TestLabelledSamples:
    """What is stored for the inference room."""

    @pytest.mark.parametrize(
        ("body", "content_type"),
        [
            (zipped(("cats/1.png", b"1"), ("a.csv", b"2")), "application/zip"),
            (multipart(part(zipped(("cats/1.png", b"1"), ("a.csv", b"2")), "a.zip")), MULTIPART),
            (multipart(part(b"1", "cats/1.png"), part(b"2", "a.csv")), MULTIPART),
        ],
        ids=["an archive", "an archive as a file", "files"],
    )
    async def test_are_one_archive_however_they_are_sent(self, body: bytes, content_type: str):
        with SentFiles(settings()) as sent:
            file, size_bytes = await sent.archive(request(body, content_type, 4096))
            content = file.read(size_bytes)

        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            found = {name: archive.read(name) for name in archive.namelist()}
        assert found == {"cats/1.png": b"1", "a.csv": b"2"}

    @pytest.mark.parametrize("body", [multipart(), multipart(part(b"1", None))])
    async def test_at_least_one_file_is_asked_for(self, body: bytes):
        with SentFiles(settings()) as sent, pytest.raises(BadInput, match="at least one"):
            await sent.archive(request(body, MULTIPART))

    async def test_json_is_none(self):
        with SentFiles(settings()) as sent, pytest.raises(ContentTypeIsUnknown):
            await sent.archive(request(b"{}", "application/json"))
