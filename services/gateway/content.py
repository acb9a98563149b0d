"""A stored range of bytes as an HTTP answer: kept by browsers for ever, read in parts, never executed."""

from collections.abc import AsyncIterator

from fastapi import Request, Response
from starlette.responses import StreamingResponse

from libs.common.bus import current_context
from libs.common.contracts.samples import StoredBytes
from libs.common.storage import Storage
from services.gateway.errors import RangeIsOutside
from services.gateway.problems import problem_response
from services.gateway.ranges import is_known, wanted_range

# A sample's bytes never change under its id; private, because they belong to members of the project.
CACHE = "private, max-age=31536000, immutable"
# Shown by browsers without running anything; all others are only downloaded.
SHOWN = {
    **{f"image/{kind}": f"image/{kind}" for kind in ("jpeg", "png", "webp", "gif", "bmp", "tiff")},
    "text/plain": "text/plain; charset=utf-8",
    "application/json": "application/json; charset=utf-8",
}


async def content_response(request: Request, stored: StoredBytes, storage: Storage) -> Response:
    """Its beginning is read before the headers go out: what is not there any more is a 404."""
    headers = _headers(stored)
    if is_known(request.headers, headers["ETag"]):
        return Response(status_code=304, headers=headers)
    if request.method == "HEAD":
        await storage.stat(stored.key)
        return Response(headers=headers | {"Content-Length": str(stored.size_bytes)} | _kind(stored))
    try:
        wanted = wanted_range(request.headers, headers["ETag"], stored.size_bytes)
    except RangeIsOutside as error:
        refused = problem_response(error.problem(current_context().request_id))
        refused.headers["Content-Range"] = f"bytes */{stored.size_bytes}"
        return refused
    headers |= _kind(stored)
    if wanted is None:
        return await _read(storage, stored.key, stored.offset, stored.size_bytes, 200, headers)
    headers["Content-Range"] = f"bytes {wanted.start}-{wanted.stop - 1}/{stored.size_bytes}"
    return await _read(storage, stored.key, stored.offset + wanted.start, len(wanted), 206, headers)


async def _read(
    storage: Storage, key: str, offset: int, size_bytes: int, status: int, headers: dict[str, str]
) -> Response:
    chunks = storage.stream(key, offset, size_bytes)
    first = await anext(chunks, b"")
    if len(first) == size_bytes:
        return Response(first, status, headers)
    return StreamingResponse(_rest(first, chunks), status, headers | {"Content-Length": str(size_bytes)})


async def _rest(first: bytes, chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield first
    async for chunk in chunks:
        yield chunk


def _headers(stored: StoredBytes) -> dict[str, str]:
    return {"Cache-Control": CACHE, "ETag": f'"{stored.etag}"', "Accept-Ranges": "bytes"}


def _kind(stored: StoredBytes) -> dict[str, str]:
    shown = SHOWN.get(stored.media_type)
    if shown is None:
        return {"Content-Type": "application/octet-stream", "Content-Disposition": "attachment"}
    return {"Content-Type": shown}
