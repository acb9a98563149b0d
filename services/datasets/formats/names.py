"""Names of samples and classes that any format may meet: what they may be, and what is never data."""

from collections.abc import Container

from libs.common.contracts.imports import ImportProblem
from services.datasets.formats.plan import rejected

LONGEST_LABEL = 300
# Names are sorted by and stand in cursors; an index of PostgreSQL takes 2,700 bytes.
LONGEST_NAME = 400
# What operating systems leave in folders; never data.
SYSTEM_FILES = frozenset({".DS_Store", "Thumbs.db", "desktop.ini"})
SYSTEM_FOLDERS = frozenset({"__MACOSX"})


def is_of_system(path: str) -> bool:
    # A million times for a large source: no path objects.
    parts = path.split("/")
    return parts[-1] in SYSTEM_FILES or not SYSTEM_FOLDERS.isdisjoint(parts)


def check_name(name: str, path: str, known: Container[str], row: int | None = None) -> ImportProblem | None:
    """Why a sample may not have this name; `known` are the names there are."""
    if len(name) > LONGEST_NAME:
        return rejected(path, "name_too_long", f"a name has at most {LONGEST_NAME} characters", row=row)
    if name in known:
        return rejected(path, "name_repeated", "another sample of the source has this name", row=row)
    return None
