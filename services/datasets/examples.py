"""Samples shown before they are any: what a look at a source found first."""

import base64
from io import BytesIO

from PIL import Image

from libs.common.contracts.imports import Example, Modality
from libs.common.errors import ModelyardError
from services.datasets.files import Files
from services.datasets.formats.plan import Found
from services.datasets.labels import labels_of
from services.datasets.probe import Probe, probe

# Twelve of them travel in one answer.
SIDE = 96


def example_of(found: Found, modality: Modality, files: Files | None) -> Example:
    """Without files, only what annotations say."""
    labels = tuple(labels_of(found.annotations))
    if files is None:
        return Example(name=found.name, labels=labels)
    try:
        seen = probe(found.content.read(files), modality)
    except ModelyardError:
        # The report says why.
        return Example(name=found.name, labels=labels)
    return Example(
        name=found.name,
        width=seen.width or None,
        height=seen.height or None,
        labels=labels,
        excerpt=seen.excerpt,
        thumbnail=_small(seen) if seen.thumbnail else None,
    )


def _small(seen: Probe) -> str:
    with Image.open(BytesIO(seen.thumbnail)) as image:
        image.thumbnail((SIDE, SIDE))
        buffer = BytesIO()
        image.save(buffer, "JPEG", quality=80)
    return base64.b64encode(buffer.getvalue()).decode()
