"""Class folders: an image's folder is its class (`cats/1.jpg`, `pets/cats/1.jpg`, `train/cats/1.jpg`)."""

from collections.abc import Callable, Container, Iterable, Iterator, Sequence

from libs.common.contracts.annotations import LabelAnnotation, LabelsAnnotation
from libs.common.contracts.imports import FormatOptions, ImportProblem, Modality
from services.datasets.files import Entry, Files
from services.datasets.formats.folder_writing import FolderExport, Meaning
from services.datasets.formats.format import Content, Sink, Stored
from services.datasets.formats.layout import has_subsets, may_be_image, not_an_image, placed, set_apart
from services.datasets.formats.lookup import is_image_path
from services.datasets.formats.losses import fields_lost, types_lost
from services.datasets.formats.names import LONGEST_LABEL, SYSTEM_FILES, check_name, is_of_system
from services.datasets.formats.plan import FileContent, Found, Place, Plan, rejected, repaired, warning
from services.datasets.formats.subsets import subset_of_word
from services.datasets.labels import labels_of

# Folders that say what lies in them, and no class: alone they make a collection of images.
NO_CLASSES = frozenset(
    {"images", "image", "imgs", "img", "photos", "pictures", "jpegimages", "data", "dataset", "samples"}
)


class ClassFolders:
    title = "Class folders"
    modalities: frozenset[Modality] = frozenset({"image", "image_text"})
    carries = frozenset({"label"})

    def fits(self, files: Files) -> bool:
        """By images in folders, of which at least one could be a class."""
        images = [entry.path for entry in files.entries() if is_image_path(entry.path)]
        tree = _Tree([path for path in images if not is_of_system(path)], ())
        return any(name.lower() not in NO_CLASSES and not subset_of_word(name) for name in tree.classes)

    def read(self, files: Files, options: FormatOptions) -> Plan:
        data, problems = set_apart(files)
        tree = _Tree([entry.path for entry in data], _folders(files))
        samples: dict[str, Found] = {}
        for entry in data:
            found = _sample(entry, tree, samples)
            if isinstance(found, Found):
                samples[found.name] = found
            else:
                problems.append(found)
        return Plan(
            "image",
            list(samples.values()),
            problems,
            num_annotations=len(samples),
            classes=tuple(sorted(tree.classes)),
            must_have=tree.classes,
        )

    def write(self, content: Content, sink: Sink) -> Iterator[ImportProblem]:
        export = FolderExport(lambda: _labelled(content), _read)
        written: set[str] = set()
        for sample, path, meaning in export:
            sink.add(path, sample.read())
            label = _label_of(sample)
            written.add(str(label))
            yield from export.losses(sample, meaning)
            if meaning.label != label:
                yield repaired(sample.name, "label_changed", f"its class is the folder {meaning.label!r}")
        for sample in content.samples:
            yield from _losses(sample)
        for label in content.classes:
            if label not in written:
                yield warning(label, "class_empty", "no sample is of this class alone, so it has no folder")


def _labelled(content: Content) -> Iterator[tuple[Stored, str | None]]:
    for sample in content.samples:
        label = _label_of(sample)
        if label is not None:
            yield sample, label


def _label_of(sample: Stored) -> str | None:
    """The one class it has."""
    labels = {
        label
        for each in sample.annotations
        if isinstance(each, LabelAnnotation | LabelsAnnotation)
        for label in labels_of([each])
    }
    return labels.pop() if len(labels) == 1 else None


def _losses(sample: Stored) -> Iterator[ImportProblem]:
    if _label_of(sample) is None:
        message = "left out: class folders need one class for every sample"
        yield rejected(sample.name, "no_single_class", message)
        return
    yield from fields_lost(sample)
    yield from types_lost(sample, {"label", "labels"})
    if any(isinstance(each, LabelsAnnotation) for each in sample.annotations):
        message = "it could be of several classes; in a folder it is of one"
        yield repaired(sample.name, "labels_as_label", message)


def _read(paths: Sequence[str]) -> Callable[[str], Meaning]:
    tree = _Tree(paths, ())
    return lambda path: Meaning(*tree.place(path))


class _Tree:
    """Where classes lie: in one folder, or in each folder of a subset; paths of folders end with a slash."""

    def __init__(self, paths: Sequence[str], folders: Iterable[str]) -> None:
        everything = [*paths, *(f"{folder}/" for folder in folders)]
        self._root = _root(everything)
        below = [path.removeprefix(self._root) for path in everything if path.startswith(self._root)]
        inner = [path.partition("/")[2] for path in below]
        self._has_subsets = has_subsets(below) and any("/" in path for path in inner)
        images = [path for path in below if may_be_image(path)] if self._has_subsets else []
        self._placed = placed(images)
        labels = {path.partition("/")[0] for path in (inner if self._has_subsets else below) if "/" in path}
        self.classes = frozenset(filter(is_label, labels))
        # One for all that are of a class: there may be a million of them.
        self.annotations = {label: (LabelAnnotation(label=label),) for label in self.classes}

    def place(self, path: str) -> tuple[str | None, str | None, str]:
        """Subset, class, name."""
        name = path.removeprefix(self._root)
        if not self._has_subsets:
            return None, _first_folder(name), name
        known = self._placed[name]
        return known.subset, _first_folder(name.partition("/")[2]), known.name


def is_label(name: str) -> bool:
    return 0 < len(name) <= LONGEST_LABEL and bool(name.strip())


def _sample(entry: Entry, tree: _Tree, known: Container[str]) -> Found | ImportProblem:
    if not may_be_image(entry.path):
        return not_an_image(entry)
    subset, label, name = tree.place(entry.path)
    if label is None:
        return rejected(entry.path, "no_class_folder", "lies in no class folder")
    if not is_label(label):
        return rejected(entry.path, "class_name_invalid", f"a class has 1 to {LONGEST_LABEL} characters")
    if problem := check_name(name, entry.path, known):
        return problem
    annotations = tree.annotations[label]
    return Found(FileContent(entry), name, annotations, (Place(entry.path),), subset=subset)


def _folders(files: Files) -> Iterator[str]:
    """Also those in which an operating system left the only file: they are as empty."""
    yield from (folder for folder in files.folders() if not is_of_system(folder))
    for entry in files.entries():
        folder, _, name = entry.path.rpartition("/")
        if name in SYSTEM_FILES and folder and not is_of_system(folder):
            yield folder


def _root(paths: Sequence[str]) -> str:
    """The folder that holds the class folders: down as long as one folder holds all, and holds folders.

    Files beside that folder (a README) do not count; they are in no class whatever the root is.
    """
    root = ""
    while True:
        folders = _folders_in(root, paths)
        if len(folders) != 1:
            return root
        below = f"{root}{(folder := folders.pop())}/"
        if subset_of_word(folder) or not _folders_in(below, paths):
            return root
        root = below


def _folders_in(root: str, paths: Iterable[str]) -> set[str]:
    """Names of the folders that lie directly in `root`."""
    below = (path.removeprefix(root).partition("/") for path in paths if path.startswith(root))
    return {name for name, slash, _ in below if slash}


def _first_folder(path: str) -> str | None:
    first, slash, _ = path.partition("/")
    return first if slash else None
