"""Headings of columns: the usual ones, by which their roles are guessed, and ours, which say it outright."""

import re

PATHS = (
    "path", "file_name", "filename", "file", "filepath", "file_path", "image", "image_path", "image_file",
    "img", "img_path", "image_id", "image_name", "photo", "id",
)  # fmt: skip
TEXTS = (
    "text",
    "sentence",
    "document",
    "content",
    "review",
    "body",
    "comment",
    "tweet",
    "message",
    "article",
)
CAPTIONS = ("caption", "captions", "sentences", "description", "alt_text", "alt", "text", "sentence", "raw")
LABELS = ("label", "class", "category", "class_name", "classname", "label_name", "category_name", "species")
MANY_LABELS = ("labels", "tags", "classes", "categories")
TARGETS = ("target", "targets", "value", "score", "y")
SUBSETS = ("subset", "split", "set", "partition")

SAMPLE_NAME = "sample_name"
OWN_LABELS = re.compile(r"labels\[(?P<separator>[^\]]{1,3})\]")
TARGET, FIELD, ROW = "target.", "field.", "row."
SEPARATORS = ("|", ";", ",")
KNOWN = frozenset({*PATHS, *TEXTS, *CAPTIONS, *LABELS, *MANY_LABELS, *TARGETS, *SUBSETS, SAMPLE_NAME})


def is_known(heading: str) -> bool:
    """A name that columns have."""
    return heading.strip().lower() in KNOWN or is_ours(heading) or OWN_LABELS.fullmatch(heading) is not None


def is_ours(column: str) -> bool:
    """With a prefix that says what it is."""
    return column.startswith((TARGET, FIELD, ROW))
