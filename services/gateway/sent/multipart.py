"""The files of a multipart body, taken into a spool as they arrive: no object per file, no file per file."""

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from libs.common.errors import BadInput, Problem
from services.gateway.errors import TooManyFiles
from services.gateway.sent.spool import Piece, Spool

if TYPE_CHECKING:
    from python_multipart.multipart import MultipartCallbacks

NAMELESS = "file"


class MultipartIsBroken(BadInput):
    code, title = "multipart_broken", "The multipart body cannot be read"


async def receive_files(
    content_type: str, body: AsyncIterator[bytes], spool: Spool, most: int
) -> list[Piece]:
    """In the order of the body, fields left out. Raises MultipartIsBroken, or TooManyFiles once all of the
    body has come: many clients hear an earlier answer as a broken line only."""
    reader = _Reader(spool, most)
    boundary = parse_options_header(content_type)[1].get(b"boundary")
    if not boundary:
        raise _broken("the content type names no boundary")
    try:
        parser = MultipartParser(boundary, reader.callbacks())
        async for chunk in body:
            parser.write(chunk)
            await reader.flush()
        parser.finalize()
    except FormParserError as error:
        raise _broken(str(error)) from error
    if not reader.has_ended:
        raise _broken("it ends before its last boundary")
    if reader.num_files > most:
        raise TooManyFiles(f"{reader.num_files} files; {most} are the limit of one request")
    return reader.pieces


def _broken(message: str) -> MultipartIsBroken:
    return MultipartIsBroken(message, errors=[Problem(field="content-type", message=message)])


class _Reader:
    """Hears from the parser what it finds; the body of one chunk waits until it is flushed."""

    def __init__(self, spool: Spool, most: int) -> None:
        self._spool = spool
        self._most = most
        self._waiting = bytearray()
        self._header, self._value = bytearray(), bytearray()
        self._disposition = b""
        self._filename: str | None = None
        self._size_bytes = self._offset = 0
        self.pieces: list[Piece] = []
        self.num_files = 0
        self.has_ended = False

    def callbacks(self) -> "MultipartCallbacks":
        return {
            "on_part_begin": self._begin,
            "on_header_field": self._add_header,
            "on_header_value": self._add_value,
            "on_header_end": self._end_header,
            "on_headers_finished": self._end_headers,
            "on_part_data": self._add_data,
            "on_part_end": self._end,
            "on_end": self._end_all,
        }

    async def flush(self) -> None:
        if self._waiting:
            data, self._waiting = bytes(self._waiting), bytearray()
            await self._spool.take(data)

    def _begin(self) -> None:
        self._disposition, self._filename, self._size_bytes = b"", None, 0

    def _add_header(self, data: bytes, start: int, end: int) -> None:
        self._header += data[start:end]

    def _add_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _end_header(self) -> None:
        if self._header.lower() == b"content-disposition":
            self._disposition = bytes(self._value)
        self._header.clear()
        self._value.clear()

    def _end_headers(self) -> None:
        filename = parse_options_header(self._disposition)[1].get(b"filename")
        if filename is not None:
            self._filename = filename.decode("utf-8", "replace")
            self.num_files += 1

    def _add_data(self, data: bytes, start: int, end: int) -> None:
        if self._filename is not None and self.num_files <= self._most:
            self._waiting += data[start:end]
            self._size_bytes += end - start

    def _end(self) -> None:
        if self._filename is not None and self.num_files <= self._most:
            self.pieces.append(Piece(self._filename or NAMELESS, self._offset, self._size_bytes))
            self._offset += self._size_bytes

    def _end_all(self) -> None:
        self.has_ended = True
