"""From found files to shards: which go together, and the work on each, done by several processes."""

import hashlib
import os
from collections import defaultdict
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import ExitStack
from dataclasses import dataclass
from multiprocessing import get_context, parent_process
from pathlib import Path
from threading import Thread

from libs.common.contracts.datasets import ImportProblem
from libs.common.errors import ModelyardError
from services.datasets.archive import Archive, open_archive
from services.datasets.formats.plan import Found, rejected
from services.datasets.handover import PackedSample, PackedShard
from services.datasets.labels import labels_of
from services.datasets.probe import probe
from services.datasets.settings import ArchiveLimits
from services.datasets.shards import ShardWriter

SHARD_BYTES = 64 * 2**20
SMALLEST_SHARD_BYTES = 4 * 2**20
# A header and padding per sample: thousands of tiny ones are a large shard too.
OVERHEAD_BYTES = 1024
# So many for data of middling size that every process gets several. The same on every machine: an attempt
# that goes on elsewhere packs the same shards.
USUAL_SHARDS = 24
# For the name of a shard's member, which says its content and no more.
SUFFIXES = {"image/jpeg": "jpg", "image/png": "png", "image/webp": "webp", "image/gif": "gif"}


@dataclass(frozen=True)
class Chunk:
    """What becomes one shard."""

    number: int
    samples: tuple[Found, ...]


@dataclass(frozen=True)
class Packed:
    """`shard` is None when not one of the chunk's files was a sample."""

    shard: PackedShard | None
    num_samples: int
    labels: frozenset[str]
    problems: tuple[ImportProblem, ...]


@dataclass(frozen=True)
class Packer:
    """Sent to each process; reads the archive there and writes into `directory`."""

    archive: Path
    limits: ArchiveLimits
    directory: Path

    def pack(self, chunk: Chunk) -> Packed:
        with open_archive(self.archive, self.limits) as archive:
            return _ChunkWriter(self.directory, chunk, archive).write()


def pack(packer: Packer, samples: Sequence[Found], num_processes: int) -> Iterator[Packed]:
    """In the order in which they get ready."""
    waiting = chunks(samples)
    if len(waiting) <= 1 or num_processes == 1:
        yield from map(packer.pack, waiting)
        return
    # Spawned, so that nothing of this process lives on in them; its process group ends with it.
    with ProcessPoolExecutor(num_processes, get_context("spawn"), _end_with_parent) as pool:
        for future in as_completed([pool.submit(packer.pack, chunk) for chunk in waiting]):
            yield future.result()


def _end_with_parent() -> None:
    """A process of the pool waits for work for ever: nobody else ends it when its parent was killed."""
    parent = parent_process()
    assert parent is not None
    Thread(target=lambda: (parent.join(), os._exit(1)), name="end-with-parent", daemon=True).start()


def chunks(samples: Sequence[Found]) -> list[Chunk]:
    """Files that may be the same (same size and checksum) stay together: duplicates meet in one chunk."""
    groups: dict[tuple[int, int], list[Found]] = defaultdict(list)
    for found in samples:
        groups[found.entry.size_bytes, found.entry.checksum].append(found)
    target = min(max(_cost(samples) // USUAL_SHARDS, SMALLEST_SHARD_BYTES), SHARD_BYTES)
    filled: list[list[Found]] = [[]]
    size = 0
    for group in groups.values():
        if filled[-1] and size + _cost(group) > target:
            filled.append([])
            size = 0
        filled[-1].extend(group)
        size += _cost(group)
    return [Chunk(number, tuple(chunk)) for number, chunk in enumerate(filled) if chunk]


def _cost(samples: Sequence[Found]) -> int:
    return sum(found.entry.size_bytes + OVERHEAD_BYTES for found in samples)


class _ChunkWriter:
    def __init__(self, directory: Path, chunk: Chunk, archive: Archive) -> None:
        self._chunk = chunk
        self._archive = archive
        self._file = directory / f"shard-{chunk.number}.tar"
        self._thumbnails = directory / f"thumbnails-{chunk.number}.tar"
        self._samples = directory / f"samples-{chunk.number}.jsonl"
        self._first: dict[str, str] = {}
        self._labels: set[str] = set()
        self._problems: list[ImportProblem] = []

    def write(self) -> Packed:
        with ExitStack() as stack:
            self._images = stack.enter_context(ShardWriter(self._file))
            self._pictures = stack.enter_context(ShardWriter(self._thumbnails))
            lines = stack.enter_context(self._samples.open("w"))
            for found in self._chunk.samples:
                if sample := self._add(found):
                    lines.write(sample.model_dump_json() + "\n")
        shard = self._shard() if self._first else None
        return Packed(shard, len(self._first), frozenset(self._labels), tuple(self._problems))

    def _add(self, found: Found) -> PackedSample | None:
        try:
            data = self._archive.read(found.entry)
            digest = hashlib.sha256(data).hexdigest()
            if digest in self._first:
                self._problems.append(_duplicate(found, self._first[digest]))
                return None
            seen = probe(data)
        except ModelyardError as error:
            self._problems.append(rejected(found.entry.path, error.code, error.detail))
            return None
        self._first[digest] = found.name
        self._labels.update(labels_of(found.annotations))
        suffix = SUFFIXES.get(seen.media_type, "bin")
        return PackedSample(
            name=found.name,
            sha256=digest,
            size_bytes=len(data),
            width=seen.width,
            height=seen.height,
            media_type=seen.media_type,
            offset=self._images.add(f"{digest}.{suffix}", data),
            thumbnail_offset=self._pictures.add(f"{digest}.jpg", seen.thumbnail),
            thumbnail_size_bytes=len(seen.thumbnail),
            annotations=found.annotations,
        )

    def _shard(self) -> PackedShard:
        with self._file.open("rb") as content:
            digest = hashlib.file_digest(content, "sha256").hexdigest()
        return PackedShard(
            digest=digest,
            file=self._file,
            size_bytes=self._file.stat().st_size,
            thumbnails=self._thumbnails,
            samples=self._samples,
        )


def _duplicate(found: Found, first: str) -> ImportProblem:
    return ImportProblem(
        path=found.entry.path,
        code="duplicate",
        message=f"the same bytes as {first}; kept once",
        outcome="duplicate",
    )
