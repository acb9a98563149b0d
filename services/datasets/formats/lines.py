"""Text files of any length as lines, decoded piece by piece; the first byte that is wrong is named."""

import codecs
import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from libs.common.errors import BadInput
from services.datasets.files import Entry, Files

UTF_8 = "utf-8"
# Nobody's row is longer; a file without line ends may not fill the memory.
LONGEST_LINE = 32 * 2**20
PIECE_BYTES = 2**20
BYTE_ORDER_MARKS = {codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
# The decoders of these take a time that grows with the square of the length.
SLOW = frozenset({"idna", "punycode"})


class EncodingIsWrong(BadInput):
    code, title = "encoding_wrong", "The file is not in the encoding that it should have"


class EncodingIsUnknown(BadInput):
    code, title = "encoding_unknown", "There is no such encoding"


@dataclass(frozen=True, slots=True)
class Line:
    """`number` counts from 1; `data` is None for a line longer than is allowed."""

    number: int
    data: bytes | None


def encoding_of(name: str | None) -> str:
    """UTF-8 when nobody named another; raises EncodingIsUnknown."""
    try:
        codec = codecs.lookup(name or UTF_8)
        "a".encode(codec.name)
    except (LookupError, UnicodeError) as error:
        raise EncodingIsUnknown(f"{name!r} is no encoding of text") from error
    if codec.name in SLOW:
        raise EncodingIsUnknown(f"{name!r} is no encoding of files")
    return codec.name


def text_lines(files: Files, entry: Entry, encoding: str) -> Iterator[str]:
    """With their ends as they are; a line that is too long comes in parts. Raises EncodingIsWrong."""
    try:
        with files.open(entry) as stream, io.TextIOWrapper(stream, _with_mark(encoding), newline="") as text:
            while line := text.readline(LONGEST_LINE):
                yield line
    except UnicodeError as error:
        raise _wrong(files, entry, encoding) from error


def byte_lines(files: Files, entry: Entry, encoding: str) -> Iterator[Line]:
    """In UTF-8 as far as the file is: a line that is not is for the reader to refuse, alone."""
    if encoding != UTF_8:
        lines = text_lines(files, entry, encoding)
        yield from (Line(number, line.encode()) for number, line in enumerate(lines, 1))
        return
    with files.open(entry) as stream:
        yield from _split(stream)


def _split(stream: BinaryIO) -> Iterator[Line]:
    number = 0
    while line := stream.readline(LONGEST_LINE):
        number += 1
        is_whole = line.endswith(b"\n") or len(line) < LONGEST_LINE
        if number == 1:
            line = line.removeprefix(codecs.BOM_UTF8)
        yield Line(number, line if is_whole else None)
        while not is_whole and (line := stream.readline(LONGEST_LINE)):
            is_whole = line.endswith(b"\n")


def _with_mark(encoding: str) -> str:
    return "utf-8-sig" if encoding == UTF_8 else encoding


def _wrong(files: Files, entry: Entry, encoding: str) -> EncodingIsWrong:
    """Looks again, from the beginning: the decoder that failed knows its own piece only."""
    decoder = codecs.getincrementaldecoder(encoding)()
    position = 0
    with files.open(entry) as stream:
        start = stream.read(2)
        hint = BYTE_ORDER_MARKS.get(start, "windows-1252")
        piece = start + stream.read(PIECE_BYTES)
        while piece:
            num_waiting = len(decoder.getstate()[0])
            try:
                decoder.decode(piece)
            except UnicodeDecodeError as error:
                position += error.start - num_waiting
                break
            except UnicodeError:
                break
            position += len(piece)
            piece = stream.read(PIECE_BYTES)
    return EncodingIsWrong(
        f"{entry.path} is not in {encoding}: it is wrong from byte {position} on. "
        f"Name its encoding in the options, for example {hint!r}"
    )
