"""What DOTA's files say together: which label file is of which image, and what that makes of it."""

import re
from collections.abc import Iterator
from itertools import islice

from libs.common.contracts.annotations import Annotation, RotatedBoxAnnotation
from libs.common.contracts.imports import FormatOptions, ImportProblem
from libs.common.errors import BadInput, ModelyardError
from services.datasets.files import Entry, Files
from services.datasets.formats.dota.lines import MOST_DEVIATION, DotaFile, DotaObject, is_dota, parse_dota
from services.datasets.formats.layout import (
    Placed,
    common_folder,
    not_an_image,
    placed,
    set_apart,
    stem_of,
    without_role,
)
from services.datasets.formats.lines import encoding_of, text_lines
from services.datasets.formats.lookup import is_image_path
from services.datasets.formats.names import check_name
from services.datasets.formats.plan import FileContent, Found, Place, Plan, rejected, repaired, warning
from services.datasets.formats.tables.cells import CellIsBad

IMAGE_FOLDERS = frozenset({"images", "image", "imgs", "img", "jpegimages"})
LABEL_FOLDER = re.compile(r"labeltxt.*|labels|annotations|annfiles", re.IGNORECASE)
# Real ones are a hundred kilobytes at most.
MAX_LABEL_BYTES = 64 * 2**20
# Enough to tell what text files are of.
LOOKED_AT = 20
LINES_LOOKED_AT = 5


class LabelsAreTooLong(BadInput):
    code, title = "labels_too_long", "This file of labels is larger than is allowed"


class DotaListing:
    """The files of a source by what they are for."""

    def __init__(self, files: Files) -> None:
        data, self.problems = set_apart(files)
        self.images = [entry for entry in data if is_image_path(entry.path)]
        stems = {stem_of(entry.path) for entry in self.images}
        texts = [entry for entry in data if entry.path.lower().endswith(".txt")]
        self.labels = [entry for entry in texts if _is_in_labels(entry.path) or stem_of(entry.path) in stems]
        used = {entry.path for entry in (*self.images, *self.labels)}
        self.others = [entry for entry in data if entry.path not in used]

    def is_of_dota(self, files: Files) -> bool:
        if not self.images:
            return False
        folders = {part.lower() for entry in self.labels for part in entry.path.split("/")[:-1]}
        is_named = any(folder.startswith("labeltxt") for folder in folders)
        return is_named or any(_is_of_dota(entry, files) for entry in islice(self.labels, LOOKED_AT))


class DotaReading:
    def __init__(self, files: Files, options: FormatOptions) -> None:
        self._files = files
        self._encoding = encoding_of(options.encoding)
        self._listing = listing = DotaListing(files)
        self._problems = listing.problems + [not_an_image(entry) for entry in listing.others]
        root = common_folder([entry.path for entry in (*listing.images, *listing.labels)])
        self._root = root
        self._keys = {
            entry.path: without_role(entry.path.removeprefix(root), IMAGE_FOLDERS) for entry in listing.images
        }
        self._by_stem: dict[str, str] = {}
        for path, key in self._keys.items():
            self._by_stem.setdefault(stem_of(key), path)
        self._labelled: dict[str, tuple[Entry, DotaFile | None]] = {}

    def plan(self) -> Plan:
        for entry in self._listing.labels:
            self._problems.extend(self._take(entry))
        samples = self._samples()
        known = [file for _, file in self._labelled.values() if file is not None]
        found = [each.found for file in known for each in file.objects]
        labels = {each.label for each in found if isinstance(each, RotatedBoxAnnotation)}
        return Plan("image", samples, self._problems, len(found), tuple(sorted(labels)))

    def _take(self, entry: Entry) -> Iterator[ImportProblem]:
        """Reads one label file, and finds its image."""
        image = next(filter(None, map(self._by_stem.get, _keys_of_labels(entry.path, self._root))), None)
        try:
            file = parse_dota(_lines(self._files, entry, self._encoding))
        except ModelyardError as error:
            if image is None:
                yield rejected(entry.path, error.code, error.detail)
            elif self._labelled.setdefault(image, (entry, None)) == (entry, None):
                yield rejected(entry.path, error.code, f"{error.detail}; its image {image} is left out")
            return
        if image is None:
            yield from _homeless(entry, file, "image_missing", "there is no image of this name")
        elif image in self._labelled:
            first, _ = self._labelled[image]
            yield from _homeless(entry, file, "annotation_repeated", f"{first.path} is of {image} too")
        else:
            self._labelled[image] = entry, file

    def _samples(self) -> list[Found]:
        samples: dict[str, Found] = {}
        places = placed(self._keys.values())
        unlabelled = self._unlabelled_subsets()
        for entry in self._listing.images:
            place = places[self._keys[entry.path]]
            labels, file = self._labelled.get(entry.path, (None, None))
            if labels is not None and file is None:
                continue
            if problem := check_name(place.name, entry.path, samples):
                self._problems.append(problem)
                self._problems.extend(_refused(labels, file, problem) if labels and file else ())
                continue
            if labels is None and place.subset not in unlabelled:
                message = "no file of labels is of this image; it is taken without boxes"
                self._problems.append(warning(entry.path, "annotation_missing", message))
            samples[place.name] = self._sample(entry, place)
        return list(samples.values())

    def _unlabelled_subsets(self) -> set[str | None]:
        """DOTA keeps the labels of its test images to itself."""
        places = placed(self._keys.values())
        subsets = {path: places[key].subset for path, key in self._keys.items()}
        labelled = {subset for path, subset in subsets.items() if path in self._labelled}
        return set(subsets.values()) - labelled - {None}

    def _sample(self, entry: Entry, place: Placed) -> Found:
        labels, file = self._labelled.get(entry.path, (None, None))
        known: list[tuple[Annotation, Place]] = []
        for each in file.objects if file else ():
            assert labels is not None
            self._problems.extend(_told(labels, each))
            if not isinstance(each.found, CellIsBad):
                known.append((each.found, Place(labels.path, each.row)))
        return Found(
            FileContent(entry),
            place.name,
            tuple(each for each, _ in known),
            tuple(where for _, where in known),
            subset=place.subset,
            fields=file.fields if file else {},
        )


def _told(entry: Entry, each: DotaObject) -> Iterator[ImportProblem]:
    if isinstance(each.found, CellIsBad):
        yield rejected(entry.path, each.found.code, each.found.message, row=each.row, level="annotation")
    elif each.deviation > MOST_DEVIATION:
        message = f"its corners are no rectangle; the smallest around them is {each.deviation:.1f} pixels off"
        yield repaired(entry.path, "box_not_rectangular", message, row=each.row)


def _homeless(entry: Entry, file: DotaFile, code: str, message: str) -> Iterator[ImportProblem]:
    problem = rejected(entry.path, code, message)
    yield problem
    yield from _refused(entry, file, problem)


def _refused(entry: Entry, file: DotaFile, problem: ImportProblem) -> Iterator[ImportProblem]:
    """The objects of what became no sample."""
    for each in file.objects:
        yield rejected(entry.path, problem.code, problem.message, row=each.row, level="annotation")


def _lines(files: Files, entry: Entry, encoding: str) -> Iterator[str]:
    if entry.size_bytes > MAX_LABEL_BYTES:
        raise LabelsAreTooLong(f"{entry.size_bytes} bytes; {MAX_LABEL_BYTES} are the limit")
    return text_lines(files, entry, encoding)


def _is_of_dota(entry: Entry, files: Files) -> bool:
    try:
        lines = (line for line in _lines(files, entry, encoding_of(None)) if line.strip())
        return any(is_dota(line) for line in islice(lines, LINES_LOOKED_AT))
    except ModelyardError:
        return False


def _is_in_labels(path: str) -> bool:
    return any(LABEL_FOLDER.fullmatch(folder) for folder in path.split("/")[:-1])


def _keys_of_labels(path: str, root: str) -> Iterator[str]:
    """Without the folder of labels; DOTA itself has one more inside (`labelTxt-v1.0/labelTxt`)."""
    parts = stem_of(path.removeprefix(root)).split("/")
    places = [place for place, part in enumerate(parts[:-1]) if LABEL_FOLDER.fullmatch(part)]
    if not places:
        yield "/".join(parts)
        return
    first = places[0]
    yield "/".join(parts[:first] + parts[first + 1 :])
    if first + 1 in places:
        yield "/".join(parts[:first] + parts[first + 2 :])
