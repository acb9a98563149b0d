"""Class folders: the folder an image lies in is its class (`cats/1.jpg`, or `animals/cats/1.jpg`)."""

from collections.abc import Iterable, Iterator

from libs.common.contracts.annotations import LabelAnnotation
from libs.common.contracts.imports import FormatOptions, ImportProblem, Modality
from services.datasets.files import Entry, Files
from services.datasets.formats.format import Content, Sink
from services.datasets.formats.names import LONGEST_LABEL, check_name, is_of_system
from services.datasets.formats.plan import FileContent, Found, Place, Plan, rejected


class ClassFolders:
    title = "Class folders"
    modalities: frozenset[Modality] = frozenset({"image"})
    carries = frozenset({"label"})

    def fits(self, files: Files) -> bool:
        return any("/" in entry.path and not is_of_system(entry.path) for entry in files.entries())

    def read(self, files: Files, options: FormatOptions) -> Plan:
        entries = files.entries()
        data = [entry for entry in entries if not is_of_system(entry.path)]
        folders = [folder for folder in files.folders() if not is_of_system(folder)]
        root = _root([*(entry.path for entry in data), *(f"{folder}/" for folder in folders)])
        samples: dict[str, Found] = {}
        problems = [
            rejected(entry.path, "system_file", "left there by an operating system; not data")
            for entry in entries
            if is_of_system(entry.path)
        ]
        for entry in data:
            found = _sample(entry, root, samples)
            if isinstance(found, Found):
                samples[found.name] = found
            else:
                problems.append(found)
        classes = _classes(samples.values(), folders, root)
        return Plan(
            "image",
            list(samples.values()),
            problems,
            num_annotations=len(samples),
            classes=tuple(sorted(classes)),
            must_have=classes,
        )

    def write(self, content: Content, sink: Sink) -> Iterator[ImportProblem]:
        raise NotImplementedError


def _sample(entry: Entry, root: str, known: dict[str, Found]) -> Found | ImportProblem:
    name = entry.path.removeprefix(root)
    label, slash, _ = name.partition("/")
    if not slash:
        return rejected(entry.path, "no_class_folder", "lies in no class folder")
    if len(label) > LONGEST_LABEL or not label.strip():
        return rejected(entry.path, "class_name_invalid", f"a class has 1 to {LONGEST_LABEL} characters")
    if problem := check_name(name, entry.path, known):
        return problem
    return Found(FileContent(entry), name, (LabelAnnotation(label=label),), (Place(entry.path),))


def _classes(samples: Iterable[Found], folders: Iterable[str], root: str) -> frozenset[str]:
    """Also those of which there is only an empty folder."""
    named = {found.name.partition("/")[0] for found in samples}
    below = (folder.removeprefix(root) for folder in folders if folder.startswith(root))
    return frozenset(named | {folder.partition("/")[0] for folder in below if folder})


def _root(paths: list[str]) -> str:
    """The folder that holds the class folders: down as long as one folder holds all, and holds folders.

    Files beside that folder (a README) do not count; they are in no class whatever the root is.
    """
    root = ""
    while True:
        folders = _folders(paths, root)
        if len(folders) != 1:
            return root
        below = f"{root}{folders.pop()}/"
        if not _folders(paths, below):
            return root
        root = below


def _folders(paths: Iterable[str], root: str) -> set[str]:
    """Names of the folders that lie directly in `root`."""
    below = (path.removeprefix(root).partition("/") for path in paths if path.startswith(root))
    return {name for name, slash, _ in below if slash}
