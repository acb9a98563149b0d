"""Subsets that a source names: in a column, by a folder, by a file."""

import re
from pathlib import PurePosixPath

SUBSETS = {
    "train": "train", "training": "train", "val": "val", "valid": "val", "validation": "val", "dev": "val",
    "test": "test", "testing": "test", "eval": "test", "evaluation": "test",
}  # fmt: skip
STORED = re.compile(r"[a-z][a-z0-9_-]{0,39}")
# How Hugging Face names the parts of a table: `train-00000-of-00004.parquet`.
PART = re.compile(r"(?P<subset>.+?)[-_.]\d{3,6}-of-\d{3,6}(-[0-9a-f]{16})?$")
# Parts of a table whose names say nothing.
PLAIN_PARTS = frozenset({"data", "part", "shard", "table", "samples"})


def subset_of_word(word: str) -> str | None:
    """A usual name of a subset, in the spelling that this program uses."""
    return SUBSETS.get(word.strip().lower())


def subset_of_value(value: str) -> str | None:
    """What a column says, in the spelling that subsets have; None when nothing is left of it."""
    word = value.strip().lower()
    if known := SUBSETS.get(word):
        return known
    word = re.sub(r"[^a-z0-9_-]+", "-", word).strip("-")[:40]
    return word if STORED.fullmatch(word) else None


def subset_of_path(path: str) -> str | None:
    """Of a table: told by its own name, else by the nearest folder that says one."""
    pure = PurePosixPath(path)
    part = PART.fullmatch(pure.stem)
    stem = part["subset"] if part else pure.stem
    if part and stem.lower() not in PLAIN_PARTS:
        return subset_of_value(stem)
    if found := subset_of_word(stem):
        return found
    return next((found for folder in reversed(pure.parts[:-1]) if (found := subset_of_word(folder))), None)
