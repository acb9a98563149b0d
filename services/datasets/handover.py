"""What the room hands to the process that imports, and what it gets back, as files in the job's folder."""

from pathlib import Path

from libs.common.contracts.annotations import Annotation
from libs.common.contracts.base import View
from services.datasets.settings import ArchiveLimits


class Assignment(View):
    archive: Path
    format: str | None
    directory: Path
    processes: int
    limits: ArchiveLimits


class PackedSample(View):
    """One line of `PackedShard.samples`."""

    name: str
    sha256: str
    size_bytes: int
    width: int
    height: int
    media_type: str
    offset: int
    thumbnail_offset: int
    thumbnail_size_bytes: int
    annotations: tuple[Annotation, ...]


class PackedShard(View):
    """One line of `Outcome.shards`; `digest` is the SHA-256 of the shard's bytes."""

    digest: str
    file: Path
    size_bytes: int
    thumbnails: Path
    samples: Path


class Outcome(View):
    """`shards` and `problems` are files of JSON lines: there may be very many."""

    format: str
    num_found: int
    num_imported: int
    num_rejected: int
    num_duplicates: int
    shards: Path
    problems: Path
