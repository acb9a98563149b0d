"""COCO: JSON files that list images and, in pixels, what is on them; captions have files of their own."""

from collections.abc import Iterator
from itertools import islice

from libs.common.contracts.imports import FormatOptions, ImportProblem, Modality
from services.datasets.files import Files
from services.datasets.formats.coco.document import is_coco
from services.datasets.formats.coco.reading import CocoReading
from services.datasets.formats.coco.writing import CARRIED, write_coco
from services.datasets.formats.format import Content, Sink
from services.datasets.formats.names import is_of_system
from services.datasets.formats.plan import Plan

# Other formats have a JSON for each image.
LOOKED_AT = 100


class Coco:
    title = "COCO"
    modalities: frozenset[Modality] = frozenset({"image", "image_text"})
    carries = CARRIED

    def fits(self, files: Files) -> bool:
        data = (entry for entry in files.entries() if not is_of_system(entry.path))
        jsons = (entry for entry in data if entry.path.lower().endswith(".json"))
        return any(is_coco(files, entry) for entry in islice(jsons, LOOKED_AT))

    def read(self, files: Files, options: FormatOptions) -> Plan:
        return CocoReading(files).plan()

    def write(self, content: Content, sink: Sink) -> Iterator[ImportProblem]:
        return write_coco(content, sink)
