"""YOLO: a text file of labels for each image, in the variants of Ultralytics and Darknet."""

from collections.abc import Iterator

from libs.common.contracts.imports import FormatOptions, ImportProblem, Modality
from services.datasets.files import Files
from services.datasets.formats.format import Content, Sink
from services.datasets.formats.plan import Plan
from services.datasets.formats.yolo.reading import YoloListing, YoloReading
from services.datasets.formats.yolo.writing import CARRIED, write_yolo


class Yolo:
    title = "YOLO"
    modalities: frozenset[Modality] = frozenset({"image", "image_text"})
    carries = CARRIED

    def fits(self, files: Files) -> bool:
        return YoloListing(files).is_of_yolo(files)

    def read(self, files: Files, options: FormatOptions) -> Plan:
        return YoloReading(files).plan()

    def write(self, content: Content, sink: Sink) -> Iterator[ImportProblem]:
        return write_yolo(content, sink)
