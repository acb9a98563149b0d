"""Files on their way out: straight from the object store, gone on with where the line broke, checked."""

import hashlib
import time
from collections.abc import Callable
from io import BufferedRandom
from pathlib import Path

import httpx

from libs.client.transport import Transport
from libs.common.errors import ModelyardError, Unavailable

Progress = Callable[[int, int], None]
PAUSES_SECONDS = (0.5, 1, 2, 4, 8, 16, 30)


class DownloadDiffers(Unavailable):
    code, title = "download_differs", "What arrived is not what was announced"


def download(
    transport: Transport,
    path: str,
    file: Path,
    *,
    sha256: str | None = None,
    progress: Progress | None = None,
) -> Path:
    """To `file`, which appears when it is whole. Raises DownloadDiffers, and what the gateway says."""
    draft = file.with_name(f"{file.name}.part")
    try:
        with draft.open("wb+") as target:
            _until_whole(transport, path, target, progress)
            if sha256 and _digest(target) != sha256:
                raise DownloadDiffers(f"{file.name} does not have the SHA-256 {sha256}; fetch it again")
        return draft.replace(file)
    finally:
        draft.unlink(missing_ok=True)


def _until_whole(transport: Transport, path: str, target: BufferedRandom, progress: Progress | None) -> None:
    for pause in PAUSES_SECONDS:
        try:
            return _fetch(transport, path, target, progress)
        except ModelyardError as error:
            if not error.retryable:
                raise
        time.sleep(pause)
    return _fetch(transport, path, target, progress)


def _fetch(transport: Transport, path: str, target: BufferedRandom, progress: Progress | None) -> None:
    """From where `target` stands; each time with a fresh URL, which the gateway redirects to."""
    url = transport.send("GET", path, follow_redirects=False).headers["location"]
    headers = {"Accept-Encoding": "identity"}
    if target.tell():
        headers["Range"] = f"bytes={target.tell()}-"
    try:
        # Another client than the gateway's: the store must not see our token.
        with httpx.stream("GET", url, headers=headers, timeout=120) as response:
            _write(response, target, progress)
    except httpx.TransportError as error:
        raise Unavailable("the line to the object store broke") from error


def _write(response: httpx.Response, target: BufferedRandom, progress: Progress | None) -> None:
    if response.is_error:
        raise Unavailable(f"the object store answered {response.status_code}")
    # Some stores send the range with 200; the header tells what comes.
    if not response.headers.get("content-range", "").startswith(f"bytes {target.tell()}-"):
        target.seek(0)
        target.truncate()
    total = target.tell() + int(response.headers.get("content-length", 0))
    for chunk in response.iter_bytes():
        target.write(chunk)
        if progress:
            progress(target.tell(), total)


def _digest(target: BufferedRandom) -> str:
    target.seek(0)
    return hashlib.file_digest(target, "sha256").hexdigest()
