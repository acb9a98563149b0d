"""One sample looked at: is it what it should be, how large, of what type; its thumbnail, hash, language."""

import json
from dataclasses import dataclass
from io import BytesIO

from PIL import Image

from libs.common.contracts.imports import Modality
from libs.common.errors import BadInput, ModelyardError
from libs.tasks.images import ImageIsTooLarge, ImageIsUnreadable, glance
from services.datasets.hashing import perceptual_hash

THUMBNAIL_SIDE = 256
THUMBNAIL_QUALITY = 82
# What browsers are told; MPO is the JPEG with extra pictures that phones write.
MEDIA_TYPES = {"MPO": "image/jpeg"}
EXCERPT_CHARACTERS = 500
# A language shows early.
LANGUAGE_CHARACTERS = 1000


class TextIsUnreadable(BadInput):
    code, title = "text_unreadable", "This is no text in UTF-8"


@dataclass(frozen=True)
class Probe:
    """Size in pixels of the upright image, 0 of what is none; `thumbnail` is a JPEG."""

    media_type: str
    width: int = 0
    height: int = 0
    thumbnail: bytes = b""
    hash: int | None = None
    language: str | None = None
    excerpt: str | None = None


def probe(data: bytes, modality: Modality = "image") -> Probe:
    """Reads all of it, so that a cut-off one is found now; raises a BadInput that says what is wrong."""
    match modality:
        case "image" | "image_text":
            return _image(data)
        case "text":
            return _text(data)
        case "tabular":
            return _row(data)


def _image(data: bytes) -> Probe:
    try:
        seen = glance(data, THUMBNAIL_SIDE)
        thumbnail = BytesIO()
        seen.image.save(thumbnail, "JPEG", quality=THUMBNAIL_QUALITY)
        return Probe(
            media_type=MEDIA_TYPES.get(seen.kind) or Image.MIME.get(seen.kind, "application/octet-stream"),
            width=seen.width,
            height=seen.height,
            thumbnail=thumbnail.getvalue(),
            hash=perceptual_hash(seen.image),
        )
    except ModelyardError:
        raise
    except MemoryError as error:
        raise ImageIsTooLarge("decoding it takes more memory than a process may have") from error
    except Exception as error:
        # Hostile bytes break decoders in ways of their own: a TIFF with offsets of text is a TypeError.
        raise ImageIsUnreadable(f"a broken image: {error}") from error


def _text(data: bytes) -> Probe:
    text = _decoded(data)
    if not text.strip():
        raise TextIsUnreadable("the text is empty")
    return Probe("text/plain", language=_language(text), excerpt=text[:EXCERPT_CHARACTERS])


def _row(data: bytes) -> Probe:
    text = _decoded(data)
    try:
        json.loads(text)
    except (ValueError, RecursionError) as error:
        raise TextIsUnreadable(f"not a row in JSON: {error}") from error
    return Probe("application/json", excerpt=text[:EXCERPT_CHARACTERS])


def _decoded(data: bytes) -> str:
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        raise TextIsUnreadable(f"no UTF-8 from byte {error.start} on") from error
    if "\0" in text:
        raise TextIsUnreadable("the text holds a NUL character")
    return text


def _language(text: str) -> str:
    # Loaded where there are texts only: its model takes 100 MB.
    from py3langid import classify

    return classify(text[:LANGUAGE_CHARACTERS])[0]
