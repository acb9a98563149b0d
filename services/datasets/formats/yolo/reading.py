"""What YOLO's files say together: which labels are of which image, and how their lines are to be read."""

import posixpath
from collections.abc import Iterator
from itertools import islice

from libs.common.contracts.imports import ImportProblem
from libs.common.errors import BadInput, ModelyardError
from services.datasets.files import Entry, Files
from services.datasets.formats.layout import not_an_image, set_apart
from services.datasets.formats.lookup import is_image_path
from services.datasets.formats.names import check_name
from services.datasets.formats.plan import FileContent, Found, Plan, rejected, warning
from services.datasets.formats.subsets import subset_of_word
from services.datasets.formats.tables.cells import CellIsBad
from services.datasets.formats.yolo.data_yaml import YoloYaml, checked_names, read_yaml
from services.datasets.formats.yolo.labels import (
    CORNERS,
    FEWEST_CORNERS,
    LabelFile,
    Scheme,
    label_file,
    num_coordinates,
    read_lines,
)
from services.datasets.formats.yolo.layout import LABEL_FOLDERS, LabelFinder, Subsets, root_of

# A line has a hundred letters; nobody drew so many objects.
LARGEST_LABELS_BYTES = 32 * 2**20
LARGEST_NAMES_BYTES = 2**20
NAMES_FILES = ("classes.txt", "obj.names", "predefined_classes.txt", "class_names.txt")
USUAL_YAMLS = ("data.yaml", "dataset.yaml")
LOOKED_AT = 20


class LabelsAreUnreadable(BadInput):
    code, title = "labels_unreadable", "This file of labels cannot be read"


class YoloListing:
    """The files of a source by what they are for."""

    def __init__(self, files: Files) -> None:
        data, self.problems = set_apart(files)
        self.entries = data
        self.images = [entry for entry in data if is_image_path(entry.path)]
        self.yamls = sorted(
            (entry for entry in data if entry.path.lower().endswith((".yaml", ".yml"))), key=_rank
        )
        names = [entry for entry in data if _is_names(entry.path)]
        self.names = min(names, key=_rank, default=None)
        taken = {entry.path for entry in names}
        texts = [entry for entry in data if entry.path.lower().endswith(".txt") and entry.path not in taken]
        self.texts = texts

    def is_of_yolo(self, files: Files) -> bool:
        if not self.images:
            return False
        if any(_described(files, entry) for entry in islice(self.yamls, LOOKED_AT)):
            return True
        finder = LabelFinder(self.texts)
        found = (finder.find(entry.path) for entry in self.images)
        return any(_is_of_yolo(files, entry) for entry in islice(filter(None, found), LOOKED_AT))


class YoloReading:
    def __init__(self, files: Files) -> None:
        self._files = files
        self._listing = listing = YoloListing(files)
        self._problems = list(listing.problems)
        described = ((entry, _described(files, entry)) for entry in listing.yamls)
        self._yaml = next((found for _, found in described if found), None)
        self._subsets = Subsets(listing.images, root_of(listing.entries))
        self._lists = self._read_subsets()
        labels = [entry for entry in listing.texts if entry.path not in self._lists]
        self._labels = labels
        self._finder = LabelFinder(labels)
        self._texts: dict[str, str] = {}
        self._used: set[str] = set()

    def plan(self) -> Plan:
        unreadable = dict(self._read_texts())
        scheme = self._scheme()
        samples: dict[str, Found] = {}
        places = self._subsets.places()
        seen: set[str] = set()
        for entry in self._listing.images:
            subset, name = places[entry.path]
            problem = _repeated(entry, seen) or check_name(name, entry.path, samples)
            if problem is None and entry.path in unreadable:
                problem = unreadable[entry.path]
            if problem is not None:
                self._problems.append(problem)
                continue
            samples[name] = Found(
                FileContent(entry), name, completion=self._label(entry, scheme), subset=subset
            )
        self._problems.extend(self._subsets.problems)
        self._problems.extend(self._rest())
        return Plan(
            "image", list(samples.values()), self._problems, self._num_found(samples), _classes(scheme)
        )

    def _read_subsets(self) -> set[str]:
        """Paths of the lists; a list of images that no YAML names is one as well."""
        texts = {entry.path: entry for entry in self._listing.texts}
        used: set[str] = set()
        if self._yaml:
            self._problems.extend(self._yaml.problems)
            used = self._subsets.read_yaml(self._yaml, self._files, texts)
        if self._subsets.is_told:
            return used
        finder = {entry.path for entry in self._listing.images}
        for path, entry in texts.items():
            stem = posixpath.splitext(posixpath.basename(path))[0]
            if subset_of_word(stem) and not any(
                f"{path[:-4]}{suffix}" in finder for suffix in (".jpg", ".png")
            ):
                used.add(path)
                self._subsets.read_list(self._files, entry, stem)
        return used

    def _read_texts(self) -> Iterator[tuple[str, ImportProblem]]:
        """Yields what is wrong with images whose labels cannot be read: they are not without objects."""
        for image in self._listing.images:
            entry = self._finder.find(image.path)
            if entry is None or entry.path in self._used:
                continue
            self._used.add(entry.path)
            try:
                self._texts[entry.path] = _text(self._files, entry)
            except ModelyardError as error:
                yield image.path, rejected(image.path, error.code, f"{entry.path}: {error.detail}")

    def _scheme(self) -> Scheme:
        described = self._yaml or YoloYaml("", ())
        names = list(described.names) or self._names()
        task = described.task
        is_rotated = task == "obb" if task else self._are_rotated()
        return Scheme(names, is_rotated, described.keypoints)

    def _names(self) -> list[str | None] | None:
        """Of a file with a name in each line; None where there is none."""
        if self._listing.names is None:
            return None
        try:
            text = _text(self._files, self._listing.names)
        except ModelyardError as error:
            self._problems.append(warning(self._listing.names.path, error.code, error.detail))
            return None
        lines = [line.strip() for line in text.split("\n")]
        while lines and not lines[-1]:
            lines.pop()
        return list(checked_names(lines, self._listing.names.path, self._problems)) or None

    def _are_rotated(self) -> bool:
        """Four corners are a rotated box, unless most outlines have another number of them."""
        num_corners = num_others = 0
        for text in self._texts.values():
            for count in num_coordinates(text):
                num_corners += count == CORNERS
                num_others += count >= FEWEST_CORNERS and count != CORNERS
        return num_corners > num_others

    def _label(self, image: Entry, scheme: Scheme) -> LabelFile | None:
        entry = self._finder.find(image.path)
        if entry is None:
            message = "no label file is of this image; it is taken as one without objects"
            self._problems.append(warning(image.path, "label_missing", message))
            return None
        read, problems = label_file(entry.path, self._texts[entry.path], scheme)
        self._problems.extend(problems)
        return read if read.num_annotations else None

    def _rest(self) -> Iterator[ImportProblem]:
        known = self._used | self._lists | {entry.path for entry in self._listing.images}
        known |= {path for path in (self._yaml and self._yaml.path, _path(self._listing.names)) if path}
        labels = {entry.path for entry in self._labels}
        for entry in self._listing.entries:
            if entry.path in known:
                continue
            if entry.path in labels and _is_label(self._files, entry):
                yield rejected(entry.path, "image_missing", "there is no image for this file of labels")
            else:
                yield not_an_image(entry)

    def _num_found(self, samples: dict[str, Found]) -> int:
        num_kept = sum(found.completion.num_annotations for found in samples.values() if found.completion)
        refused = (problem for problem in self._problems if problem.level == "annotation")
        return num_kept + sum(problem.outcome == "rejected" for problem in refused)


def _described(files: Files, entry: Entry) -> YoloYaml | None:
    try:
        return read_yaml(files, entry)
    except ModelyardError:
        return None


def _text(files: Files, entry: Entry) -> str:
    """Raises LabelsAreUnreadable, or what the container raises."""
    if entry.size_bytes > LARGEST_LABELS_BYTES:
        raise LabelsAreUnreadable(f"{entry.size_bytes} bytes; {LARGEST_LABELS_BYTES} are the limit")
    try:
        return files.read(entry).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise LabelsAreUnreadable(f"not in UTF-8 from byte {error.start} on") from error


def _is_of_yolo(files: Files, entry: Entry) -> bool:
    """Every line of it a class, and numbers between 0 and 1."""
    try:
        lines = list(read_lines(_text(files, entry), Scheme(None)))
    except ModelyardError:
        return False
    return bool(lines) and not any(isinstance(read, CellIsBad) for _, read in lines)


def _is_label(files: Files, entry: Entry) -> bool:
    return any(part.lower() in LABEL_FOLDERS for part in entry.path.split("/")[:-1]) or _is_of_yolo(
        files, entry
    )


def _is_names(path: str) -> bool:
    name = posixpath.basename(path).lower()
    return name in NAMES_FILES or name.endswith(".names")


def _rank(entry: Entry) -> tuple[int, bool, str]:
    """The uppermost first, of these the usual."""
    name = posixpath.basename(entry.path).lower()
    return entry.path.count("/"), name not in USUAL_YAMLS + NAMES_FILES, entry.path


def _repeated(entry: Entry, seen: set[str]) -> ImportProblem | None:
    if entry.path in seen:
        return rejected(entry.path, "name_repeated", "another file of the source has this name")
    seen.add(entry.path)
    return None


def _classes(scheme: Scheme) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for name in scheme.names or () if name is not None))


def _path(entry: Entry | None) -> str | None:
    return entry.path if entry else None
