"""The name of a file of the web, made harmless: it is shown and may tell the format, never where to write."""

import unicodedata
from email.message import Message

import httpx

LONGEST = 200
NAMELESS = "download"


def filename_of(response: httpx.Response, url: httpx.URL) -> str:
    """As the server calls it, else the end of the URL that was asked for, or of that which answered."""
    message = Message()
    message["content-disposition"] = response.headers.get("content-disposition", "")
    given = [harmless(name) for name in (message.get_filename(""), url.path, response.url.path)]
    return next((name for name in given if "." in name), next(filter(None, given), NAMELESS))


def harmless(name: str) -> str:
    """The last part of a path without what cannot be seen; its ending survives."""
    last = name.replace("\\", "/").rpartition("/")[2]
    seen = "".join(letter for letter in last if unicodedata.category(letter)[0] != "C")
    return seen.strip(" .")[-LONGEST:]
