"""Where an export is written: a ZIP that grows file by file, the same bytes for the same content."""

import posixpath
import zipfile
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from libs.common.errors import BadInput
from services.datasets.files import leads_out

# The oldest date that a ZIP can hold: exports of one version are equal whenever they were made.
DATE = (1980, 1, 1, 0, 0, 0)
READABLE = 0o100644 << 16
# Images and Parquet hardly shrink; pressing them costs time and makes them no smaller.
PRESSED = frozenset(
    {".csv", ".json", ".jsonl", ".names", ".ndjson", ".tsv", ".txt", ".xml", ".yaml", ".yml", ".md"}
)


class PathIsRefused(BadInput):
    code, title = "export_path_refused", "The export cannot hold a file of this name"


class ZipSink:
    """Paths that lead out, name a folder, or are there already are refused with PathIsRefused."""

    def __init__(self, path: Path) -> None:
        self._zip = zipfile.ZipFile(path, "w")

    def add(self, path: str, data: bytes) -> None:
        self._zip.writestr(self._new(path), data)

    def open(self, path: str) -> BinaryIO:
        """For a file of any length; closed before another is added or opened."""
        return self._zip.open(self._new(path), "w", force_zip64=True)  # type: ignore[return-value]

    def _new(self, path: str) -> zipfile.ZipInfo:
        if leads_out(path) or posixpath.normpath(path) != path or path == ".":
            raise PathIsRefused(f"{path!r} is no plain path of a file")
        if path in self._zip.NameToInfo:
            raise PathIsRefused(f"{path!r} is in the export already")
        info = zipfile.ZipInfo(path, DATE)
        info.external_attr = READABLE
        is_pressed = PurePosixPath(path).suffix.lower() in PRESSED
        info.compress_type = zipfile.ZIP_DEFLATED if is_pressed else zipfile.ZIP_STORED
        return info

    def close(self) -> None:
        self._zip.close()

    def __enter__(self) -> "ZipSink":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
