"""Class folders: the folder an image lies in is its class (`cats/1.jpg`, or `animals/cats/1.jpg`)."""

from collections.abc import Iterable
from pathlib import PurePosixPath

from libs.common.contracts.annotations import LabelAnnotation
from libs.common.contracts.datasets import ImportProblem
from services.datasets.archive import Archive, Entry
from services.datasets.formats.plan import Found, Plan, rejected

LONGEST_LABEL = 300
# Names are sorted by and stand in cursors; an index of PostgreSQL takes 2,700 bytes.
LONGEST_NAME = 400
# What operating systems leave in folders; never data.
SYSTEM_FILES = frozenset({".DS_Store", "Thumbs.db", "desktop.ini"})
SYSTEM_FOLDERS = frozenset({"__MACOSX"})


class ClassFolders:
    def fits(self, archive: Archive) -> bool:
        return any("/" in entry.path and not _is_of_system(entry.path) for entry in archive.entries())

    def read(self, archive: Archive) -> Plan:
        entries = archive.entries()
        data = [entry for entry in entries if not _is_of_system(entry.path)]
        folders = [folder for folder in archive.folders() if not _is_of_system(folder)]
        root = _root([*(entry.path for entry in data), *(f"{folder}/" for folder in folders)])
        samples: dict[str, Found] = {}
        problems = [
            rejected(entry.path, "system_file", "left there by an operating system; not data")
            for entry in entries
            if _is_of_system(entry.path)
        ]
        for entry in data:
            found = _sample(entry, root, samples)
            if isinstance(found, Found):
                samples[found.name] = found
            else:
                problems.append(found)
        return Plan(list(samples.values()), problems, _classes(samples.values(), folders, root))


def _sample(entry: Entry, root: str, known: dict[str, Found]) -> Found | ImportProblem:
    name = entry.path.removeprefix(root)
    label, slash, _ = name.partition("/")
    if not slash:
        return rejected(entry.path, "no_class_folder", "lies in no class folder")
    if len(label) > LONGEST_LABEL or not label.strip():
        return rejected(entry.path, "class_name_invalid", f"a class has 1 to {LONGEST_LABEL} characters")
    if len(name) > LONGEST_NAME:
        return rejected(entry.path, "name_too_long", f"a name has at most {LONGEST_NAME} characters")
    if name in known:
        return rejected(entry.path, "name_repeated", "the archive holds another file of this name")
    return Found(entry, name, (LabelAnnotation(label=label),))


def _classes(samples: Iterable[Found], folders: Iterable[str], root: str) -> frozenset[str]:
    """Also those of which there is only an empty folder."""
    named = {found.name.partition("/")[0] for found in samples}
    below = (folder.removeprefix(root) for folder in folders if folder.startswith(root))
    return frozenset(named | {folder.partition("/")[0] for folder in below if folder})


def _root(paths: list[str]) -> str:
    """The folder that holds the class folders: down as long as one folder holds all, and holds folders.

    Files beside that folder (a README) do not count; they are in no class whatever the root is.
    """
    root = ""
    while True:
        folders = _folders(paths, root)
        if len(folders) != 1:
            return root
        below = f"{root}{folders.pop()}/"
        if not _folders(paths, below):
            return root
        root = below


def _folders(paths: Iterable[str], root: str) -> set[str]:
    """Names of the folders that lie directly in `root`."""
    below = (path.removeprefix(root).partition("/") for path in paths if path.startswith(root))
    return {name for name, slash, _ in below if slash}


def _is_of_system(path: str) -> bool:
    parts = PurePosixPath(path).parts
    return bool(parts) and (parts[-1] in SYSTEM_FILES or not SYSTEM_FOLDERS.isdisjoint(parts))
