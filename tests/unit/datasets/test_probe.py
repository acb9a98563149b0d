"""Looking at one image: whatever the bytes are, the answer is an image or a named refusal."""

import io
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from libs.common.errors import ModelyardError
from libs.tasks.images import ImageIsUnreadable
from services.datasets.probe import probe
from tests.integration.datasets.archives import image, turned_image

TIFF_STRIP_OFFSETS, TIFF_TEXT = 273, 2
KINDS = ("PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP", "PPM")
IMAGES = {kind: image(1, 40, 30, kind) for kind in KINDS}


@pytest.mark.parametrize("kind", KINDS)
def test_every_format_is_seen_with_its_size_and_type(kind: str) -> None:
    seen = probe(IMAGES[kind])

    assert (seen.width, seen.height) == (40, 30)
    assert seen.media_type == Image.MIME[kind]
    assert Image.open(io.BytesIO(seen.thumbnail)).size == (40, 30)


def test_an_image_that_lies_on_its_side_is_seen_upright() -> None:
    seen = probe(turned_image(60, 40))

    assert (seen.width, seen.height) == (60, 40)


@pytest.mark.parametrize("mode", ["1", "L", "P", "LA", "RGBA", "I;16"])
def test_every_kind_of_pixel_gets_a_thumbnail(mode: str) -> None:
    buffer = io.BytesIO()
    Image.new(mode, (600, 200)).save(buffer, "PNG")

    seen = probe(buffer.getvalue())

    opened = Image.open(io.BytesIO(seen.thumbnail))
    assert (opened.size, opened.mode) == ((256, 85), "RGB")


def test_a_decoder_that_breaks_is_a_broken_image() -> None:
    content = bytearray(IMAGES["TIFF"])
    (directory,) = struct.unpack_from("<I", content, 4)
    (num_tags,) = struct.unpack_from("<H", content, directory)
    for place in range(directory + 2, directory + 2 + 12 * num_tags, 12):
        if struct.unpack_from("<H", content, place) == (TIFF_STRIP_OFFSETS,):
            struct.pack_into("<H", content, place + 2, TIFF_TEXT)

    with pytest.raises(ImageIsUnreadable):
        probe(bytes(content))


@pytest.mark.filterwarnings("ignore")
@given(st.sampled_from(KINDS), st.data())
def test_damaged_bytes_are_refused_by_name_or_still_an_image(kind: str, data: st.DataObject) -> None:
    content = bytearray(IMAGES[kind])
    # Headers are where a decoder goes wrong in other ways than it says.
    places = st.integers(0, min(len(content), 200) - 1)
    for place, value in data.draw(st.lists(st.tuples(places, st.integers(0, 255)), max_size=8)):
        content[place] = value
    length = data.draw(st.integers(0, len(content)) | st.just(len(content)))

    try:
        seen = probe(bytes(content[:length]))
    except ModelyardError as error:
        assert error.code in ("image_unreadable", "image_too_large")
    else:
        assert seen.thumbnail
