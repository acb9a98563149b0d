"""What the room hands to its child processes and gets back from them, as files in the job's folder."""

from enum import StrEnum
from pathlib import Path

from libs.common.contracts.annotations import Annotation
from libs.common.contracts.base import View
from libs.common.contracts.imports import Example, FormatOptions, ImportProblem, Modality, Tally
from services.datasets.settings import ArchiveLimits


class Depth(StrEnum):
    """How far it goes: only what annotations say, every sample decoded too, or all of it packed."""

    LISTING = "listing"
    DECODING = "decoding"
    PACKING = "packing"


class Assignment(View):
    """`known` is a file of sorted SHA-256 digests that the dataset holds already; `staged` maps chunks that
    an earlier attempt stored to their fingerprints.
    """

    source: Path
    filename: str
    format: str | None
    options: FormatOptions
    depth: Depth
    directory: Path
    processes: int
    limits: ArchiveLimits
    known: Path | None = None
    staged: dict[int, str] = {}


class PackedSample(View):
    name: str
    sha256: str
    size_bytes: int
    media_type: str
    width: int
    height: int
    offset: int
    thumbnail_offset: int
    thumbnail_size_bytes: int
    hash: int | None
    language: str | None
    excerpt: str | None
    subset: str | None
    fields: dict[str, str | int | float | bool | None]
    annotations: tuple[Annotation, ...]


class PackedShard(View):
    """`digest` is the SHA-256 of the shard's bytes; both files are removed when they are stored."""

    digest: str
    file: Path
    size_bytes: int
    thumbnails: Path


class PackedChunk(View):
    """Told as soon as it lies whole on the disk; `outcome` holds a ChunkOutcome, compressed.

    `shard` is None when not one of the chunk's files was a sample.
    """

    number: int
    fingerprint: str
    shard: PackedShard | None
    outcome: Path


class ChunkOutcome(View):
    """`annotations` are counted where the sample was looked at, as those of its fate."""

    samples: tuple[PackedSample, ...]
    problems: tuple[ImportProblem, ...]
    annotations: Tally


class Outcome(View):
    """What the plan said; `problems` is a file of JSON lines: there may be very many.

    `classes` and `subsets` count samples as far as `depth` went; packed ones are counted when they are
    published.
    """

    format: str
    modality: Modality
    task: str | None
    num_chunks: int
    num_samples: int
    samples: Tally
    annotations: Tally
    classes: dict[str, int]
    subsets: dict[str, int]
    must_have: tuple[str, ...]
    problems: Path
    examples: tuple[Example, ...] = ()


class ExportAssignment(View):
    """`samples` is a file of ExportedSample lines in the order of names; `shards` maps their ids to files."""

    format: str
    modality: Modality
    classes: tuple[str, ...]
    samples: Path
    shards: dict[str, Path]
    directory: Path


class ExportedSample(View):
    name: str
    media_type: str
    width: int
    height: int
    subset: str | None
    shard: str
    offset: int
    size_bytes: int
    fields: dict[str, str | int | float | bool | None]
    annotations: tuple[Annotation, ...]


class ExportOutcome(View):
    """`losses` is a file of JSON lines: what the format has no place for."""

    file: Path
    size_bytes: int
    sha256: str
    num_samples: int
    num_losses: int
    losses: Path
