"""The parts of one upload on their way to the store: several side by side, each again until it is there."""

import re
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed

import httpx

from libs.client.uploads.content import Content
from libs.common.contracts.uploads import Upload, UploadedPart
from libs.common.errors import ModelyardError, Unavailable

Progress = Callable[[int, int], None]
PARTS_SIDE_BY_SIDE = 4
# About a minute in all: a line that comes back is not noticed, one that stays away is told.
PAUSES_SECONDS = (0.5, 1, 2, 4, 8, 16, 30)


class PartDidNotArrive(Unavailable):
    code, title = "part_did_not_arrive", "The object store did not take a part"


class _Stopped(Exception):
    """Another part failed for good, or the user stopped."""


class Sending:
    """Memory holds a chunk per part in flight. `look` asks the gateway what is missing, with fresh URLs."""

    def __init__(
        self,
        store: httpx.Client,
        content: Content,
        upload: Upload,
        look: Callable[[], Upload],
        progress: Progress | None = None,
        *,
        pauses_seconds: Sequence[float] = PAUSES_SECONDS,
    ) -> None:
        self._store = store
        self._content = content
        self._part_bytes = upload.part_size_bytes
        self._look = look
        self._progress = progress
        self._pauses_seconds = pauses_seconds
        self._urls = {part.number: part.url for part in upload.parts}
        self._looked_at = time.monotonic()
        self._looking, self._counting, self._stop = threading.Lock(), threading.Lock(), threading.Event()
        self._sent_bytes = content.size_bytes - sum(map(self._length, self._urls))

    def run(self) -> tuple[UploadedPart, ...]:
        """What the store said to each part that was sent here. Raises PartDidNotArrive, ContentChanged."""
        self._count(0)
        with ThreadPoolExecutor(PARTS_SIDE_BY_SIDE, thread_name_prefix="upload") as pool:
            sending = [pool.submit(self._send, number) for number in self._urls]
            try:
                sent = [each.result() for each in as_completed(sending)]
            except BaseException:
                self._stop.set()
                pool.shutdown(cancel_futures=True)
                raise
        return tuple(part for part in sent if part)

    def _send(self, number: int) -> UploadedPart | None:
        """None when it had arrived and only the answer was lost: some stores refuse to take a part twice."""
        for pause in (*self._pauses_seconds, None):
            try:
                return UploadedPart(number=number, etag=self._put(number, self._urls[number]))
            except PartDidNotArrive:
                if pause is None:
                    raise
            failed_at = time.monotonic()
            if self._stop.wait(pause):
                raise _Stopped
            self._look_again(failed_at)
            if number not in self._urls:
                self._count(self._length(number))
                return None
        raise AssertionError("the last attempt returns or raises")

    def _put(self, number: int, url: str) -> str:
        length = self._length(number)
        counted = _Counted(self._content.chunks((number - 1) * self._part_bytes, length), self._check)
        try:
            response = self._store.put(url, content=counted, headers={"Content-Length": str(length)})
        except httpx.TransportError as error:
            said = f"the line broke ({type(error).__name__})"
            raise self._lost(number, counted.size_bytes, said) from error
        if response.is_error:
            raise self._lost(number, counted.size_bytes, f"it answered {_answer(response)}")
        return response.headers["etag"].strip('"')

    def _lost(self, number: int, counted_bytes: int, said: str) -> PartDidNotArrive:
        self._count(-counted_bytes)
        return PartDidNotArrive(
            f"part {number} did not reach the object store: {said}; send it again to go on"
        )

    def _look_again(self, failed_at: float) -> None:
        """Once for all parts that failed before it began."""
        with self._looking:
            if self._looked_at > failed_at:
                return
            began_at = time.monotonic()
            try:
                upload = self._look()
            except ModelyardError as error:
                if not error.retryable:
                    raise
                return
            self._urls = {part.number: part.url for part in upload.parts}
            self._looked_at = began_at

    def _check(self, size_bytes: int) -> None:
        if self._stop.is_set():
            raise _Stopped
        self._count(size_bytes)

    def _count(self, size_bytes: int) -> None:
        with self._counting:
            self._sent_bytes += size_bytes
            if self._progress:
                self._progress(self._sent_bytes, self._content.size_bytes)

    def _length(self, number: int) -> int:
        return min(self._part_bytes, self._content.size_bytes - (number - 1) * self._part_bytes)


class _Counted:
    """Tells how many bytes went out."""

    def __init__(self, chunks: Iterator[bytes], tell: Callable[[int], None]) -> None:
        self._chunks = chunks
        self._tell = tell
        self.size_bytes = 0

    def __iter__(self) -> Iterator[bytes]:
        for chunk in self._chunks:
            self._tell(len(chunk))
            self.size_bytes += len(chunk)
            yield chunk


def _answer(response: httpx.Response) -> str:
    """Its status, and its own word for what is wrong."""
    code = re.search(r"<Code>(\w{1,60})</Code>", response.text[:2000])
    return f"{response.status_code} {code[1]}" if code else str(response.status_code)
