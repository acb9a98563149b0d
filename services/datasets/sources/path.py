"""A file or folder of this machine, below a root that the operator allows; used in place, never copied."""

import asyncio
import os
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path

from libs.common.contracts.sources import PathSource
from libs.common.room import Resources
from services.datasets.errors import SourceIsMalformed, SourceIsNotAllowed, SourceNotFound
from services.datasets.settings import Settings
from services.datasets.sources.origin import Fetched, Progress


class FromPath:
    async def check(self, source: PathSource, settings: Settings) -> None:
        await asyncio.to_thread(_allowed, source.path, settings.import_roots)

    async def is_there(self, source: PathSource, resources: Resources[Settings]) -> bool:
        try:
            await asyncio.to_thread(_found, source.path, resources.settings.import_roots)
        except (SourceIsNotAllowed, SourceNotFound, SourceIsMalformed):
            return False
        return True

    async def fetch(
        self, source: PathSource, folder: Path, resources: Resources[Settings], progress: Progress
    ) -> Fetched:
        roots = resources.settings.import_roots
        path = await asyncio.to_thread(_found, source.path, roots)
        await asyncio.to_thread(_refuse_links_out, path, roots)
        return Fetched(path, path.name)


def _found(given: str, roots: Sequence[Path]) -> Path:
    path = _allowed(given, roots)
    try:
        mode = path.stat().st_mode
    except OSError as error:
        raise SourceNotFound(f"{given!r} cannot be read: {error.strerror}") from error
    if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
        raise SourceIsNotAllowed(f"{given!r} is neither a file nor a folder")
    return path


def _allowed(given: str, roots: Sequence[Path]) -> Path:
    """The real path behind all links. What lies elsewhere is refused whether or not it is there.

    A relative path is looked for below each root; one that is nowhere is below the first.
    """
    if not roots:
        raise SourceIsNotAllowed("paths of the server are off: its operator sets MODELYARD_IMPORT_ROOTS")
    try:
        candidates = [Path(os.path.realpath(root / given)) for root in roots]
    except ValueError as error:
        raise SourceIsMalformed("the path holds a NUL character") from error
    inside = [path for path in candidates if _is_inside(path, roots)]
    if not inside:
        shown = ", ".join(map(str, roots))
        raise SourceIsNotAllowed(f"{given!r} does not lie below what the operator allows: {shown}")
    return next((path for path in inside if os.path.lexists(path)), inside[0])


def _is_inside(path: Path, roots: Sequence[Path]) -> bool:
    return any(path.is_relative_to(os.path.realpath(root)) for root in roots)


def _refuse_links_out(path: Path, roots: Sequence[Path]) -> None:
    if not path.is_dir():
        return
    try:
        for link in _links(path):
            if not _is_inside(Path(os.path.realpath(link)), roots):
                shown = str(link.relative_to(path))
                raise SourceIsNotAllowed(f"{shown!r} is a link that leads out of what the operator allows")
    except OSError as error:
        raise SourceNotFound(f"a folder in it cannot be read: {error.strerror}") from error


def _links(top: Path) -> Iterator[Path]:
    """Those anywhere below it; a folder that a link leads to is not entered."""
    folders = [os.fspath(top)]
    while folders:
        with os.scandir(folders.pop()) as entries:
            for entry in entries:
                if entry.is_symlink():
                    yield Path(entry.path)
                elif entry.is_dir(follow_symlinks=False):
                    folders.append(entry.path)
