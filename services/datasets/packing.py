"""From found samples to shards: which go together, and the work on each, done by several processes."""

import os
import time
import zlib
from array import array
from collections import defaultdict, deque
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from multiprocessing import active_children, get_context, parent_process
from multiprocessing.process import BaseProcess
from pathlib import Path
from threading import Thread

import numpy as np

from libs.common.contracts.imports import Modality
from libs.common.errors import ModelyardError
from services.datasets.at_work import death_among
from services.datasets.chunk import ChunkWriter
from services.datasets.files import Files, open_files
from services.datasets.formats.plan import Found
from services.datasets.handover import Depth, PackedChunk
from services.datasets.settings import ArchiveLimits

SHARD_BYTES = 64 * 2**20
SMALLEST_SHARD_BYTES = 4 * 2**20
# A header and padding per sample: thousands of tiny ones are a large shard too.
OVERHEAD_BYTES = 1024
# So many for data of middling size that every process gets several. The same on every machine: an attempt
# that goes on elsewhere packs the same shards.
USUAL_SHARDS = 24
# Finished chunks that wait to be stored, at most: the disk holds no second copy of the source.
WAITING_CHUNKS = 8
PAUSE_SECONDS = 0.01


@dataclass(frozen=True)
class Chunk:
    """What becomes one shard."""

    number: int
    samples: tuple[Found, ...]


@dataclass(frozen=True)
class Packer:
    """Sent to each process; opens the source there and writes into `directory`."""

    source: Path
    filename: str
    limits: ArchiveLimits
    directory: Path
    modality: Modality
    depth: Depth = Depth.PACKING
    known: Path | None = None

    def open(self) -> AbstractContextManager[Files]:
        return open_files(self.source, self.limits, self.directory, filename=self.filename)

    def pack(self, chunk: Chunk, files: Files) -> PackedChunk:
        return ChunkWriter(self, chunk.number, files).write(chunk.samples)


def pack(packer: Packer, waiting: Sequence[Chunk], num_processes: int) -> Iterator[PackedChunk]:
    """In the order in which they get ready; a new one begins only while few wait to be stored.

    Raises ReaderDied or ReaderWasKilled when a process of several was ended.
    """
    if len(waiting) <= 1 or num_processes == 1:
        with packer.open() as files:
            for chunk in waiting:
                _wait_for_room(packer.directory)
                yield packer.pack(chunk, files)
        return
    processes: dict[int | None, BaseProcess] = {}
    try:
        yield from _pack_side_by_side(packer, waiting, num_processes, processes)
    except BrokenProcessPool as error:
        raise death_among(processes.values(), packer.directory) from error


def _pack_side_by_side(
    packer: Packer, waiting: Sequence[Chunk], num_processes: int, processes: dict[int | None, BaseProcess]
) -> Iterator[PackedChunk]:
    """`processes` are those that were begun, for who asks how they ended."""
    # Spawned, so that nothing of this process lives on in them; its process group ends with it.
    with ProcessPoolExecutor(num_processes, get_context("spawn"), _begin, (packer,)) as pool:
        rest, running = deque(waiting), set[Future[PackedChunk]]()
        while rest or running:
            while rest and len(running) < num_processes + 1:
                _wait_for_room(packer.directory)
                running.add(pool.submit(_pack, rest.popleft()))
                processes.update({process.pid: process for process in active_children()})
            ready, running = wait(running, return_when=FIRST_COMPLETED)
            yield from (future.result() for future in ready)


def chunks(samples: Sequence[Found], files: Files) -> list[Chunk]:
    """What may be the same (same size and checksum) stays together: duplicates meet in one chunk."""
    target = min(max(_cost(samples) // USUAL_SHARDS, SMALLEST_SHARD_BYTES), SHARD_BYTES)
    filled: list[list[Found]] = [[]]
    size = 0
    for group in _alike(samples, files):
        if filled[-1] and size + _cost(group) > target:
            filled.append([])
            size = 0
        filled[-1].extend(group)
        size += _cost(group)
    return [Chunk(number, tuple(chunk)) for number, chunk in enumerate(filled) if chunk]


def _alike(samples: Sequence[Found], files: Files) -> Iterator[list[Found]]:
    """Groups in the order of their first; numbers in columns, for there may be a million of one each."""
    sums, seen = _Checksums(samples, files), array("Q")
    for found in samples:
        seen.extend((found.content.size_bytes, sums.of(found)))
    _, firsts, groups = np.unique(
        np.asarray(seen).reshape(-1, 2), axis=0, return_index=True, return_inverse=True
    )
    first_of = firsts[groups.ravel()]
    order = np.argsort(first_of, kind="stable")
    for _, places in groupby(order.tolist(), key=first_of.__getitem__):
        yield [samples[place] for place in places]


class _Checksums:
    """Those that the container does not know are counted, where two samples are of one size."""

    def __init__(self, samples: Sequence[Found], files: Files) -> None:
        self._files = files
        self._num_of_size: dict[int, int] = defaultdict(int)
        for found in samples:
            self._num_of_size[found.content.size_bytes] += 1

    def of(self, found: Found) -> int:
        content = found.content
        if content.checksum is not None:
            return content.checksum
        if self._num_of_size[content.size_bytes] == 1:
            return 0
        try:
            return zlib.crc32(content.read(self._files))
        except ModelyardError:
            # Told by name when its turn comes.
            return 0


def _cost(samples: Sequence[Found]) -> int:
    return sum(found.content.size_bytes + OVERHEAD_BYTES for found in samples)


def _wait_for_room(directory: Path) -> None:
    """The room removes a shard when it is stored."""
    while sum(1 for _ in directory.glob("shard-*.tar")) >= WAITING_CHUNKS:
        time.sleep(PAUSE_SECONDS)


class _Worker:
    """What a process of the pool holds for its whole life: the source is opened once."""

    def __init__(self, packer: Packer) -> None:
        self.packer = packer

    @cached_property
    def files(self) -> Files:
        # With the first chunk, whose failure is told as what it is; one of the beginning breaks the pool.
        self._opened = self.packer.open()
        return self._opened.__enter__()


_worker: _Worker


def _begin(packer: Packer) -> None:
    """A process of the pool waits for work for ever: nobody else ends it when its parent was killed."""
    global _worker
    parent = parent_process()
    assert parent is not None
    Thread(target=lambda: (parent.join(), os._exit(1)), name="end-with-parent", daemon=True).start()
    _worker = _Worker(packer)


def _pack(chunk: Chunk) -> PackedChunk:
    return _worker.packer.pack(chunk, _worker.files)
