"""One chunk: its samples hashed, looked at, fitted to what they are, packed into a shard."""

import hashlib
import json
import zlib
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from libs.common.contracts.annotations import Annotation
from libs.common.contracts.imports import ImportProblem, Tally
from libs.common.errors import ModelyardError
from services.datasets.at_work import AtWork
from services.datasets.files import Files
from services.datasets.fitting import fit
from services.datasets.formats.plan import Found, Place, rejected
from services.datasets.handover import ChunkOutcome, Depth, PackedChunk, PackedSample, PackedShard
from services.datasets.known import Known
from services.datasets.probe import Probe, probe
from services.datasets.shards import NoShard, ShardWriter

if TYPE_CHECKING:
    from services.datasets.packing import Packer

# For the name of a shard's member, which says its content and no more.
SUFFIXES = {
    "image/jpeg": "jpg", "image/png": "png", "image/webp": "webp", "image/gif": "gif", "text/plain": "txt",
    "application/json": "json",
}  # fmt: skip
# Chunks are many and short-lived: little is won by pressing harder.
COMPRESSION = 1


class ChunkWriter:
    def __init__(self, packer: "Packer", number: int, files: Files) -> None:
        self._packer = packer
        self._number = number
        self._files = files
        self._known = Known(packer.known)
        self._first: dict[str, Found] = {}
        self._samples: list[PackedSample] = []
        self._problems: list[ImportProblem] = []
        self._tally = {"imported": 0, "rejected": 0, "duplicates": 0, "repaired": 0}

    def write(self, samples: Sequence[Found]) -> PackedChunk:
        folder, number = self._packer.directory, self._number
        shard, thumbnails = folder / f"shard-{number}.tar", folder / f"thumbnails-{number}.tar"
        writer = ShardWriter if self._packer.depth is Depth.PACKING else NoShard
        with ExitStack() as stack:
            self._contents = stack.enter_context(writer(shard))
            self._pictures = stack.enter_context(writer(thumbnails))
            self._at_work = stack.enter_context(AtWork(folder))
            for found in samples:
                self._add(found)
        packed = shard.exists() and self._samples
        if not packed:
            shard.unlink(missing_ok=True)
            thumbnails.unlink(missing_ok=True)
        return PackedChunk(
            number=number,
            fingerprint=fingerprint(samples),
            shard=_described(shard, thumbnails) if packed else None,
            outcome=self._write_outcome(folder / f"outcome-{number}"),
        )

    def _add(self, found: Found) -> None:
        path, row = found.content.place
        self._at_work.on(path, row)
        try:
            data = found.content.read(self._files)
            digest = hashlib.sha256(data).hexdigest()
            if self._is_there(digest, found):
                return
            seen = probe(data, self._packer.modality)
        except ModelyardError as error:
            if error.retryable:
                # No fault of the sample: a full disk, a source that went away. Another attempt may do better.
                raise
            self._problems.append(rejected(path, error.code, error.detail, row=row))
            self._tally["rejected"] += num_annotations(found)
            return
        self._first[digest] = found
        self._samples.append(self._packed(found, digest, data, seen))

    def _is_there(self, digest: str, found: Found) -> bool:
        if digest in self._known:
            self._duplicate(found, "duplicate", "the dataset holds these bytes already")
        elif first := self._first.get(digest):
            self._duplicate(found, *_sameness(found, first))
        else:
            return False
        return True

    def _duplicate(self, found: Found, code: str, message: str) -> None:
        path, row = found.content.place
        self._problems.append(
            ImportProblem(path=path, row=row, code=code, message=message, outcome="duplicate")
        )
        self._tally["duplicates"] += num_annotations(found)

    def _packed(self, found: Found, digest: str, data: bytes, seen: Probe) -> PackedSample:
        member = f"{digest}.{SUFFIXES.get(seen.media_type, 'bin')}"
        return PackedSample(
            name=found.name,
            sha256=digest,
            size_bytes=len(data),
            media_type=seen.media_type,
            width=seen.width,
            height=seen.height,
            offset=self._contents.add(member, data),
            thumbnail_offset=self._pictures.add(f"{digest}.jpg", seen.thumbnail) if seen.thumbnail else 0,
            thumbnail_size_bytes=len(seen.thumbnail),
            hash=seen.hash,
            language=seen.language,
            excerpt=seen.excerpt,
            subset=found.subset,
            fields=dict(found.fields),
            annotations=self._annotations(found, seen),
        )

    def _annotations(self, found: Found, seen: Probe) -> tuple[Annotation, ...]:
        """Completed and fitted; what is dropped or changed is told."""
        known = list(zip(found.annotations, _places(found), strict=True))
        problems: list[ImportProblem] = []
        if found.completion is not None:
            for made in found.completion.annotations(self._files, seen.width, seen.height):
                problems.append(made) if isinstance(made, ImportProblem) else known.append(made)
        fitted = fit(known, seen.width, seen.height)
        problems.extend(fitted.problems)
        self._problems.extend(problems)
        self._tally["imported"] += len(fitted.annotations)
        self._tally["rejected"] += _num_annotations_that(problems, "rejected")
        self._tally["repaired"] += _num_annotations_that(problems, "repaired")
        self._tally["duplicates"] += _num_annotations_that(problems, "duplicate")
        return fitted.annotations

    def _write_outcome(self, path: Path) -> Path:
        counts = {f"num_{name}": count for name, count in self._tally.items()}
        found = sum(count for name, count in self._tally.items() if name != "repaired")
        outcome = ChunkOutcome(
            samples=tuple(self._samples),
            problems=tuple(self._problems),
            annotations=Tally(num_found=found, **counts),
        )
        path.write_bytes(zlib.compress(outcome.model_dump_json().encode(), COMPRESSION))
        return path


def read_outcome(data: bytes) -> ChunkOutcome:
    return ChunkOutcome.model_validate_json(zlib.decompress(data))


def fingerprint(samples: Iterable[Found]) -> str:
    """Of all that decides what a chunk becomes: an attempt that finds the same goes on behind it."""
    digest = hashlib.sha256()
    for found in samples:
        content = found.content
        digest.update(
            json.dumps(
                [found.name, content.place, content.size_bytes, content.checksum, found.subset,
                 *(each.model_dump_json() for each in found.annotations)],
            ).encode()
        )  # fmt: skip
        digest.update(repr((dict(found.fields), found.completion)).encode())
    return digest.hexdigest()


def num_annotations(found: Found) -> int:
    return len(found.annotations) + (found.completion.num_annotations if found.completion else 0)


def _places(found: Found) -> Sequence[Place]:
    return found.places or tuple(Place(found.content.place[0]) for _ in found.annotations)


def _num_annotations_that(problems: Iterable[ImportProblem], outcome: str) -> int:
    return sum(problem.level == "annotation" and problem.outcome == outcome for problem in problems)


def _sameness(found: Found, first: Found) -> tuple[str, str]:
    """Two kinds need eyes: the same picture said to be two things, or on both sides of a split."""
    if found.subset != first.subset:
        return "duplicate_across_subsets", (
            f"the same bytes as {first.name}, which is in {first.subset}: a model would be tested on what "
            f"it was trained on; kept there only"
        )
    if (found.annotations, repr(found.completion)) != (first.annotations, repr(first.completion)):
        return (
            "duplicate_contradicts",
            f"the same bytes as {first.name}, with other annotations; kept that one",
        )
    return "duplicate", f"the same bytes as {first.name}; kept once"


def _described(shard: Path, thumbnails: Path) -> PackedShard:
    with shard.open("rb") as content:
        digest = hashlib.file_digest(content, "sha256").hexdigest()
    return PackedShard(digest=digest, file=shard, size_bytes=shard.stat().st_size, thumbnails=thumbnails)
