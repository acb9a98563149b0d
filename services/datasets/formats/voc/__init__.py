"""Pascal VOC: an XML file for each image, in `Annotations` or beside it; subsets in `ImageSets/Main`."""

import posixpath
from collections import defaultdict
from collections.abc import Iterator

from libs.common.contracts.annotations import BoxAnnotation
from libs.common.contracts.imports import FormatOptions, ImportProblem, Modality
from services.datasets.files import Files
from services.datasets.formats.format import Content, Sink, Stored
from services.datasets.formats.layout import has_subsets, stem_of
from services.datasets.formats.lookup import IMAGE_SUFFIXES
from services.datasets.formats.losses import fields_lost, subset_lost, subset_renamed, types_lost
from services.datasets.formats.outgoing import Names, renaming
from services.datasets.formats.plan import Plan, repaired
from services.datasets.formats.voc.reading import VocListing, VocReading
from services.datasets.formats.voc.xml_file import VocImage, write_voc, xml_text

NO_SUBSETS = "ImageSets/Main/train.txt"


class Voc:
    title = "Pascal VOC"
    modalities: frozenset[Modality] = frozenset({"image", "image_text"})
    carries = frozenset({"box"})

    def fits(self, files: Files) -> bool:
        return VocListing(files).is_of_voc(files)

    def read(self, files: Files, options: FormatOptions) -> Plan:
        return VocReading(files, options).plan()

    def write(self, content: Content, sink: Sink) -> Iterator[ImportProblem]:
        names = Names(IMAGE_SUFFIXES, is_stem_unique=True)
        listed: dict[str, list[str]] = defaultdict(list)
        paths: list[str] = []
        for sample in content.samples:
            path = names.of(sample, "JPEGImages")
            name = path.removeprefix("JPEGImages/")
            paths.append(name)
            sink.add(path, sample.read())
            sink.add(f"Annotations/{stem_of(name)}.xml", _written(sample, name))
            yield from _losses(sample, path)
            if "\n" in name or "\r" in name:
                yield from subset_lost(sample)
            elif sample.subset is not None:
                listed[sample.subset].append(stem_of(name))
        for subset, stems in sorted(listed.items()):
            sink.add(f"ImageSets/Main/{subset}.txt", "".join(f"{stem}\n" for stem in stems).encode())
        if not listed and has_subsets(paths):
            # An empty list says that folders are not meant to be subsets.
            sink.add(NO_SUBSETS, b"")


def _written(sample: Stored, name: str) -> bytes:
    boxes = [each for each in sample.annotations if isinstance(each, BoxAnnotation)]
    return write_voc(VocImage(posixpath.basename(name), sample.width, sample.height), boxes)


def _losses(sample: Stored, path: str) -> Iterator[ImportProblem]:
    yield from types_lost(sample, Voc.carries)
    yield from fields_lost(sample)
    yield from subset_renamed(sample)
    yield from renaming(sample, path, "JPEGImages")
    boxes = [each for each in sample.annotations if isinstance(each, BoxAnnotation)]
    if changed := {box.label for box in boxes if xml_text(box.label) != box.label}:
        written = ", ".join(repr(xml_text(label)) for label in sorted(changed))[:300]
        yield repaired(sample.name, "label_changed", f"XML does not hold its labels as they are: {written}")
