"""Sent images as pixels, off the event loop, and never more of them in memory than there is room for."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass

import numpy as np

from libs.common.errors import BadInput, Problem
from libs.tasks.codec import Codec
from libs.tasks.images import ImageIsTooLarge

NUM_THREADS = 4
# Small files can be huge pictures: a request is decoded in slices of so many bytes, or of one image that has
# more.
SLICE_BYTES = 48 * 2**20
# Of all requests together; beyond it nothing more is decoded until some have their answers.
MOST_BYTES = 512 * 2**20


@dataclass(frozen=True)
class Slice:
    """`rows` of the request with their `pixels`, and what is wrong with others; the next begins at `end`."""

    rows: tuple[int, ...]
    pixels: tuple[np.ndarray, ...]
    problems: tuple[Problem, ...]
    are_too_large: bool
    end: int

    @property
    def size_bytes(self) -> int:
        return sum(image.nbytes for image in self.pixels)


class Decoder:
    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(NUM_THREADS, thread_name_prefix="decode")
        self._held_bytes = 0
        self._released = asyncio.Event()

    @asynccontextmanager
    async def slice(self, codec: Codec, images: Sequence[bytes], start: int) -> AsyncIterator[Slice]:
        """From this row on; its pixels count as held until the context is left."""
        while self._held_bytes >= MOST_BYTES:
            self._released.clear()
            await self._released.wait()
        loop = asyncio.get_running_loop()
        decoded = await loop.run_in_executor(self._threads, _decoded, codec, images, start)
        self._held_bytes += decoded.size_bytes
        try:
            yield decoded
        finally:
            self._held_bytes -= decoded.size_bytes
            self._released.set()


def _decoded(codec: Codec, images: Sequence[bytes], start: int) -> Slice:
    rows: list[int] = []
    pixels: list[np.ndarray] = []
    problems: list[Problem] = []
    num_too_large = size_bytes = 0
    row = start
    while row < len(images) and size_bytes < SLICE_BYTES:
        try:
            pixels.append(codec.receive(images[row]))
            rows.append(row)
            size_bytes += pixels[-1].nbytes
        except BadInput as error:
            num_too_large += isinstance(error, ImageIsTooLarge)
            problems.append(Problem(row=row, message=error.detail))
        row += 1
    are_too_large = 0 < num_too_large == len(problems)
    return Slice(tuple(rows), tuple(pixels), tuple(problems), are_too_large, row)
