"""A folder of backups: snapshots with their manifests, and the bytes that they share.

    objects/<key>                      bytes of the object store, each once, however many snapshots name them
    snapshots/<time>/manifest.json     what the snapshot is and its checksums; a snapshot without one is none
    snapshots/<time>/database.dump     PostgreSQL in its own archive format
    snapshots/<time>/objects.jsonl.gz  key, size and SHA-256 of every object that belongs to it
    snapshots/<time>/secrets/          what makes the rows of tokens worth something

Everything in it is for its owner alone.
"""

import gzip
import hashlib
import json
import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from fcntl import LOCK_EX, LOCK_NB, flock
from pathlib import Path

from pydantic import AwareDatetime, ValidationError

from infra.operations.errors import BackupIsDamaged, BackupNotFound, FolderIsBusy, FolderIsNoBackup
from libs.common.artifacts import is_below
from libs.common.contracts.base import View

FORMAT = 1
UNFINISHED = ".unfinished"
MANIFEST, DATABASE, OBJECTS = "manifest.json", "database.dump", "objects.jsonl.gz"
OURS = {"objects", "snapshots", "lock"}
CHUNK_BYTES = 2**20


@dataclass(frozen=True)
class Kept:
    """One object of a snapshot."""

    key: str
    size_bytes: int
    sha256: str


class Manifest(View):
    """`files` are checksums of the snapshot's own files; `rows` counts each table in the snapshot."""

    format: int = FORMAT
    version: str
    made_at: AwareDatetime
    revisions: dict[str, str]
    rows: dict[str, int]
    num_objects: int
    size_bytes: int
    files: dict[str, str]


@dataclass(frozen=True)
class Snapshot:
    """One that is whole."""

    path: Path
    manifest: Manifest

    @property
    def name(self) -> str:
        return self.path.name

    @property
    def database(self) -> Path:
        return self.path / DATABASE

    def objects(self) -> list[Kept]:
        with gzip.open(self.path / OBJECTS, "rt") as file:
            return [Kept(**json.loads(line)) for line in file]

    def secrets(self) -> dict[str, str]:
        return {path.name: path.read_text() for path in sorted((self.path / "secrets").iterdir())}

    def require_whole(self) -> None:
        """Its own files; the bytes are checked one by one as they are read."""
        for name, sha256 in self.manifest.files.items():
            if not (self.path / name).is_file() or sha256_of(self.path / name) != sha256:
                raise BackupIsDamaged(f"{name} of the snapshot {self.name} is missing or was changed")


class Folder:
    def __init__(self, path: Path) -> None:
        self.path = path.resolve()

    @contextmanager
    def opened(self) -> Iterator[None]:
        """For writing, by one at a time; made where it is missing, for the owner alone."""
        if self.path.exists() and (foreign := {each.name for each in self.path.iterdir()} - OURS):
            raise FolderIsNoBackup(f"{self.path} holds other things already, as {min(foreign)}")
        for folder in (self.path, self._objects, self._snapshots):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with (self.path / "lock").open("w") as file:
            try:
                flock(file, LOCK_EX | LOCK_NB)
            except BlockingIOError as error:
                raise FolderIsBusy(f"{self.path}: wait for its end") from error
            for left in self._snapshots.glob(f"*{UNFINISHED}"):
                shutil.rmtree(left)
            yield

    def begin(self, at: datetime) -> Path:
        draft = self._snapshots / f"{at:%Y%m%dT%H%M%S.%fZ}{UNFINISHED}"
        for folder in (draft, draft / "secrets"):
            folder.mkdir(mode=0o700)
        return draft

    def finish(self, draft: Path, manifest: Manifest) -> Snapshot:
        """From here on there is one more; what it names lies on the disk before."""
        write_private(draft / MANIFEST, manifest.model_dump_json(indent=2).encode())
        os.sync()
        path = draft.with_name(draft.name.removesuffix(UNFINISHED))
        draft.rename(path)
        os.sync()
        return Snapshot(path, manifest)

    def snapshots(self) -> list[Snapshot]:
        """Those that are whole, the oldest first."""
        paths = sorted(path.parent for path in self._snapshots.glob(f"*/{MANIFEST}"))
        return [_read(path) for path in paths if not path.name.endswith(UNFINISHED)]

    def snapshot(self, name: str | None = None) -> Snapshot:
        """The newest, or the one of this name."""
        found = [each for each in self.snapshots() if name in (None, each.name)]
        if not found:
            raise BackupNotFound(f"{self.path} holds no {'backup that is whole' if name is None else name}")
        return found[-1]

    def forget(self, keep: int) -> int:
        """All but the newest `keep`, then the bytes that none of those names; how many snapshots went."""
        found = self.snapshots()
        for each in found[:-keep]:
            # Without its manifest it is none: a removal that is interrupted leaves no half snapshot.
            (each.path / MANIFEST).unlink()
            shutil.rmtree(each.path)
        named = {kept.key for each in found[-keep:] for kept in each.objects()}
        for path in self._files():
            if path.relative_to(self._objects).as_posix() not in named:
                path.unlink()
        return len(found[:-keep])

    def object_path(self, key: str) -> Path:
        if not is_below(key, ""):
            raise BackupIsDamaged(f"{key!r} is no key of ours")
        return self._objects / key

    def known(self) -> dict[str, Kept]:
        """Objects of all snapshots: their checksums are known."""
        return {kept.key: kept for each in self.snapshots() for kept in each.objects()}

    def _files(self) -> Iterator[Path]:
        return (path for path in self._objects.rglob("*") if path.is_file())

    @property
    def _objects(self) -> Path:
        return self.path / "objects"

    @property
    def _snapshots(self) -> Path:
        return self.path / "snapshots"


def write_private(path: Path, content: bytes) -> None:
    path.touch(mode=0o600)
    path.write_bytes(content)


def write_objects(draft: Path, objects: Iterable[Kept]) -> None:
    lines = "".join(json.dumps(asdict(each)) + "\n" for each in sorted(objects, key=lambda each: each.key))
    write_private(draft / OBJECTS, gzip.compress(lines.encode(), mtime=0))


def checksums(draft: Path) -> dict[str, str]:
    """Of all that lies in a snapshot's own folder."""
    files = sorted(path for path in draft.rglob("*") if path.is_file())
    return {path.relative_to(draft).as_posix(): sha256_of(path) for path in files}


def sha256_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _read(path: Path) -> Snapshot:
    try:
        manifest = Manifest.model_validate_json((path / MANIFEST).read_bytes())
    except ValidationError as error:
        raise BackupIsDamaged(f"the manifest of {path.name} cannot be read") from error
    if manifest.format != FORMAT:
        raise BackupIsDamaged(f"{path.name} is of format {manifest.format}; this version reads {FORMAT}")
    return Snapshot(path, manifest)
