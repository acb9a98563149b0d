"""What models and files are called after what users typed."""

import re
from pathlib import PurePosixPath

from libs.common.contracts.exports import Precision

LONGEST_NAME = 63


def slug(text: str) -> str:
    """A name of [a-z0-9-] that begins with a letter or digit; `model` where nothing is left of it."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:LONGEST_NAME].rstrip("-") or "model"


def filename(run_name: str, checkpoint: str, precision: Precision, key: str) -> str:
    """`<run>-<checkpoint>.pt2`; the key of the stored file knows the suffix, whoever made it."""
    suffix = PurePosixPath(key).name.partition(".")[2]
    coarser = "" if precision is Precision.FP32 else f"-{precision}"
    return f"{slug(run_name)}-{checkpoint}{coarser}.{suffix}"
