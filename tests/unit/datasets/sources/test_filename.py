"""Names of downloaded files: what a server says, made harmless."""

import unicodedata

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.datasets.sources.filename import LONGEST, filename_of

URL = httpx.URL("https://example.org/a/b.zip?c=d")


def named(disposition: str | None, url: httpx.URL = URL, answered: str = "https://example.org/x") -> str:
    headers = [] if disposition is None else [(b"content-disposition", disposition.encode("latin-1"))]
    response = httpx.Response(200, headers=headers, request=httpx.Request("GET", answered))
    return filename_of(response, url)


@pytest.mark.parametrize(
    ("disposition", "name"),
    [
        ('attachment; filename="data.tar.gz"', "data.tar.gz"),
        ("attachment; filename=data.csv", "data.csv"),
        ("attachment; filename*=UTF-8''K%C3%A4fer.zip", "Käfer.zip"),
        ("attachment; filename*=no-such-code''x.zip", "x.zip"),
        ('attachment; filename="../../etc/passwd.zip"', "passwd.zip"),
        ('attachment; filename="C:\\\\evil\\\\a.zip"', "a.zip"),
        ('attachment; filename="..."', "b.zip"),
        ('attachment; filename=""', "b.zip"),
        ("attachment", "b.zip"),
        ("", "b.zip"),
        (None, "b.zip"),
    ],
)
def test_the_server_names_the_file_else_the_url(disposition, name):
    assert named(disposition) == name


def test_the_url_that_answered_names_a_file_that_the_asked_one_does_not():
    assert named(None, httpx.URL("https://example.org/latest"), "https://example.org/v2.zip") == "v2.zip"
    assert named(None, httpx.URL("https://example.org/latest"), "https://example.org/") == "latest"
    assert named(None, httpx.URL("https://example.org/"), "https://example.org/") == "download"
    assert named(None, httpx.URL("https://example.org/..%2f..%2Fa.zip")) == "a.zip"


@given(st.text(st.characters(min_codepoint=32, max_codepoint=255), max_size=400))
def test_whatever_the_header_says_the_name_is_harmless(text: str):
    for disposition in (text, f'attachment; filename="{text}"', f"attachment; filename*=UTF-8''{text}"):
        name = named(disposition)
        assert 0 < len(name) <= LONGEST
        assert not set("/\\\0") & set(name)
        assert name not in (".", "..")
        assert not any(unicodedata.category(letter).startswith("C") for letter in name)
