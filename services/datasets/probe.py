"""One image looked at: is it one, how large, what is its type, and its thumbnail."""

from dataclasses import dataclass
from io import BytesIO

from PIL import Image

from libs.common.errors import ModelyardError
from libs.tasks.images import FORMATS, ImageIsUnreadable, read_image

THUMBNAIL_SIDE = 256
THUMBNAIL_QUALITY = 82
# What browsers are told; MPO is the JPEG with extra pictures that phones write.
MEDIA_TYPES = {"MPO": "image/jpeg"}


@dataclass(frozen=True)
class Probe:
    """Size in pixels of the upright image; `thumbnail` is a JPEG."""

    width: int
    height: int
    media_type: str
    thumbnail: bytes


def probe(data: bytes) -> Probe:
    """Decodes all of it, so that a cut-off one is found now; raises ImageIsUnreadable or ImageIsTooLarge."""
    try:
        image = read_image(data)
        width, height = image.size
        return Probe(width, height, _media_type(data), _thumbnail(image))
    except ModelyardError:
        raise
    except Exception as error:
        # Hostile bytes break decoders in ways of their own: a TIFF with offsets of text is a TypeError.
        raise ImageIsUnreadable(f"a broken image: {error}") from error


def _thumbnail(image: Image.Image) -> bytes:
    image.thumbnail((THUMBNAIL_SIDE, THUMBNAIL_SIDE), reducing_gap=2.0)
    buffer = BytesIO()
    image.save(buffer, "JPEG", quality=THUMBNAIL_QUALITY)
    return buffer.getvalue()


def _media_type(data: bytes) -> str:
    with Image.open(BytesIO(data), formats=FORMATS) as opened:
        kind = opened.format or ""
    return MEDIA_TYPES.get(kind) or Image.MIME.get(kind, "application/octet-stream")
