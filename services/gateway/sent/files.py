"""Many files of one request: multipart files, archives among them opened, or one archive as the body."""

import asyncio
import shutil
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from tempfile import TemporaryFile
from typing import BinaryIO, cast

from fastapi import Request

from libs.common.errors import BadInput, Problem
from libs.common.zips import Zip, ZipLimits
from services.gateway.errors import ContentTypeIsUnknown, TooManyFiles
from services.gateway.sent.images import body_of, is_one_image, media_type_of, schema_of
from services.gateway.sent.json_images import ImageByUrl, read_json
from services.gateway.sent.multipart import receive_files
from services.gateway.sent.spool import Piece, PieceFile, Spool
from services.gateway.settings import Settings

ZIP_MARKS = (b"PK\x03\x04", b"PK\x05\x06")
ZIP_TYPES = ("application/zip", "application/x-zip-compressed")
COPY_BYTES = 2**20
BINARY = {"schema": {"type": "string", "format": "binary"}}
BATCH_BODY = schema_of({"application/zip": BINARY})
LABELLED_BODY = schema_of({"application/zip": BINARY}, has_json=False)


@dataclass(frozen=True)
class SentFile:
    """`read` blocks; it raises BadInput for what cannot be unpacked."""

    name: str
    size_bytes: int
    read: Callable[[], bytes]


class SentFiles:
    """Of one request; closes what they are read from."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._open = ExitStack()
        self._spool = self._open.enter_context(Spool())

    async def archive(self, request: Request) -> tuple[BinaryIO, int]:
        """The one archive that was sent, or one made of the files; with its length."""
        if media_type_of(request) == "application/json":
            raise ContentTypeIsUnknown("send application/zip or multipart/form-data")
        pieces = await self._pieces(request)
        if not pieces:
            raise BadInput("send at least one file", errors=[Problem(field="files", message="empty")])
        is_body = media_type_of(request) != "multipart/form-data"
        if is_body or (len(pieces) == 1 and self._is_zip(pieces[0])):
            return cast(BinaryIO, PieceFile(self._spool, pieces[0])), pieces[0].size_bytes
        return await asyncio.to_thread(self._packed, pieces)

    def _packed(self, pieces: Sequence[Piece]) -> tuple[BinaryIO, int]:
        """Not compressed: images are already, and the archive is gone in a minute."""
        file = self._open.enter_context(TemporaryFile())  # noqa: SIM115 — closed with the others
        with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as target:
            for piece in pieces:
                with target.open(zipfile.ZipInfo(piece.filename), "w") as entry:
                    shutil.copyfileobj(PieceFile(self._spool, piece), entry, COPY_BYTES)
        size_bytes = file.tell()
        file.seek(0)
        return cast(BinaryIO, file), size_bytes

    def _is_zip(self, piece: Piece) -> bool:
        return self._spool.read(piece.offset, 4) in ZIP_MARKS

    async def receive(self, request: Request) -> list[SentFile]:
        """Raises BadInput, ContentTypeIsUnknown, TooManyFiles, or what the archive is refused for."""
        pieces = await self._pieces(request)
        files = await asyncio.to_thread(lambda: [file for piece in pieces for file in self._of_piece(piece)])
        most = self._settings.max_batch_images
        if len(files) > most:
            raise TooManyFiles(f"{len(files)} files; {most} are the limit of one request")
        if not files:
            raise BadInput("send at least one file", errors=[Problem(field="images", message="empty")])
        return files

    async def _pieces(self, request: Request) -> list[Piece]:
        media_type, most = media_type_of(request), self._settings.max_batch_images
        if media_type == "multipart/form-data":
            content_type = request.headers["content-type"]
            return await receive_files(content_type, request.stream(), self._spool, most)
        if media_type in ZIP_TYPES or is_one_image(media_type):
            async for chunk in request.stream():
                await self._spool.take(chunk)
            return [Piece("image", 0, self._spool.size_bytes)]
        if media_type == "application/json":
            return await self._of_json(await body_of(request, self._settings.max_predict_bytes), most)
        raise ContentTypeIsUnknown("send application/zip, multipart/form-data, application/json or image/*")

    async def _of_json(self, body: bytes, most: int) -> list[Piece]:
        pieces: list[Piece] = []
        for row, image in enumerate(read_json(body, most)):
            if isinstance(image, ImageByUrl):
                message = "a batch fetches nothing: send the files"
                raise BadInput(message, errors=[Problem(row=row, message=message)])
            pieces.append(Piece(f"image {row}", self._spool.size_bytes, len(image)))
            await self._spool.take(image)
        return pieces

    def _of_piece(self, piece: Piece) -> Iterator[SentFile]:
        if not self._is_zip(piece):
            yield SentFile(piece.filename, piece.size_bytes, partial(self._spool.piece, piece))
            return
        limits = ZipLimits(self._settings.max_batch_images, self._settings.max_batch_bytes)
        archive = self._open.enter_context(Zip(cast(BinaryIO, PieceFile(self._spool, piece)), limits))
        for file in archive.files:
            yield SentFile(file.path, file.size_bytes, partial(archive.read, file))

    def __enter__(self) -> "SentFiles":
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()
