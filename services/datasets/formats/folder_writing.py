"""Images written into folders that mean something: what a reader makes of each path is looked at first."""

import posixpath
import re
from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from dataclasses import dataclass

from libs.common.contracts.imports import ImportProblem
from services.datasets.formats.format import Content, Stored
from services.datasets.formats.layout import placed, without_role
from services.datasets.formats.lookup import IMAGE_SUFFIXES
from services.datasets.formats.losses import subset_lost
from services.datasets.formats.names import LONGEST_LABEL, LONGEST_NAME, is_of_system
from services.datasets.formats.outgoing import Names
from services.datasets.formats.plan import repaired
from services.datasets.formats.subsets import subset_of_word

# The subsets that folders can say.
SUBSETS = frozenset({"train", "val", "test"})
NOT_IN_FOLDERS = re.compile(r"[/\\\0]")
# For the number behind a name that is there already.
ROOM_FOR_NUMBER = 12


@dataclass(frozen=True)
class Meaning:
    """What a reader makes of a path."""

    subset: str | None
    label: str | None
    name: str


Reader = Callable[[Sequence[str]], Callable[[str], Meaning]]


class FolderExport:
    """`samples` come with the class whose folder they go to, None where there are no such folders.

    Folders inside names are kept as long as no reader takes them for classes or subsets. `role` is a folder
    for images, where other folders hold what belongs to them; their names then differ in more than a suffix.
    """

    def __init__(
        self,
        samples: Callable[[], Iterable[tuple[Stored, str | None]]],
        reader: Reader,
        role: str | None = None,
    ) -> None:
        self._samples = samples
        self._role = role
        self.has_subsets = all(sample.subset in SUBSETS for sample, _ in samples())
        self._folders = folders_of(label for _, label in samples() if label is not None)
        self._paths = self._laid_out(is_flat=False)
        self._meaning = reader(self._paths)
        if not self._is_understood():
            self._paths = self._laid_out(is_flat=True)
            self._meaning = reader(self._paths)

    def __iter__(self) -> Iterator[tuple[Stored, str, Meaning]]:
        for (sample, _), path in zip(self._samples(), self._paths, strict=True):
            yield sample, path, self._meaning(path)

    def losses(self, sample: Stored, meaning: Meaning) -> Iterator[ImportProblem]:
        if meaning.subset != sample.subset:
            yield from subset_lost(sample)
        if meaning.name != sample.name:
            message = f"its name will be read as {meaning.name}"
            yield repaired(sample.name, "renamed", message, level="sample")

    def beside(self, path: str, role: str, suffix: str) -> str:
        """Where something lies that belongs to the image at `path`."""
        return posixpath.splitext(path.replace(f"{self._role}/", f"{role}/", 1))[0] + suffix

    def _laid_out(self, is_flat: bool) -> list[str]:
        names = Names(IMAGE_SUFFIXES, is_stem_unique=self._role is not None)
        return [self._path(sample, label, names, is_flat) for sample, label in self._samples()]

    def _path(self, sample: Stored, label: str | None, names: Names, is_flat: bool) -> str:
        folders = [sample.subset] if self.has_subsets and sample.subset else []
        folders += [self._folders[label]] if label is not None else []
        inner = _without(sample.name, folders)
        inner = inner.replace("/", "_") if is_flat else inner
        folders += [self._role] if self._role is not None else []
        folder = "/".join(folders)
        return names.of(sample, folder, _shortened(inner, LONGEST_NAME - len(folder) - ROOM_FOR_NUMBER))

    def _is_understood(self) -> bool:
        for (sample, label), path in zip(self._samples(), self._paths, strict=True):
            wanted = sample.subset if self.has_subsets else None, label and self._folders[label]
            meaning = self._meaning(path)
            if (meaning.subset, meaning.label) != wanted:
                return False
        return True


def without_labels(content: Content) -> Iterator[tuple[Stored, None]]:
    """For formats whose folders are no classes."""
    for sample in content.samples:
        yield sample, None


def roles_read(paths: Sequence[str], folders: Container[str]) -> Callable[[str], Meaning]:
    """As readers do it that know a folder of images, and below or above it folders of subsets."""
    places = placed(without_role(path, folders) for path in paths)

    def meaning(path: str) -> Meaning:
        place = places[without_role(path, folders)]
        return Meaning(place.subset, None, place.name)

    return meaning


def folders_of(labels: Iterable[str]) -> dict[str, str]:
    """A folder for each class: of its name, where that is the name of a folder."""
    found: dict[str, str] = {}
    taken: set[str] = set()
    for label in sorted(set(labels), key=lambda label: (_as_folder(label) != label, label)):
        plain = folder = _as_folder(label)
        number = 1
        while folder in taken:
            number += 1
            folder = f"{plain}-{number}"
        found[label] = folder
        taken.add(folder)
    return found


def _as_folder(label: str) -> str:
    name = NOT_IN_FOLDERS.sub("_", label)
    if name[1:2] == ":":
        name = f"{name[0]}_{name[2:]}"
    is_fit = name.strip() and name not in (".", "..") and not is_of_system(name)
    return name if is_fit else f"_{name}"[:LONGEST_LABEL]


def _without(name: str, folders: Iterable[str]) -> str:
    """What a name repeats of the folders that it will lie in."""
    for folder in folders:
        first, slash, rest = name.partition("/")
        if slash and rest and folder in (first, subset_of_word(first)):
            name = rest
    return name


def _shortened(name: str, room: int) -> str:
    stem, suffix = posixpath.splitext(name)
    return name if len(name) <= room else stem[: max(room - len(suffix), 1)] + suffix
