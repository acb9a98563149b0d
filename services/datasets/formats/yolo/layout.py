"""Where YOLO's files lie: labels beside images or in folders of their own, subsets by folder or list."""

import posixpath
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from libs.common.contracts.imports import ImportProblem
from libs.common.errors import ModelyardError
from services.datasets.files import Entry, Files
from services.datasets.formats.layout import common_folder, placed, stem_of, without_role
from services.datasets.formats.lookup import MOST_ALIKE
from services.datasets.formats.plan import warning
from services.datasets.formats.subsets import subset_of_value, subset_of_word
from services.datasets.formats.yolo.data_yaml import YoloYaml

IMAGES, LABELS = "images", "labels"
IMAGE_FOLDERS = frozenset({IMAGES, "image", "img", "imgs", "jpegimages"})
LABEL_FOLDERS = frozenset({LABELS, "label", "annotations", "txt"})
LARGEST_LIST_BYTES = 256 * 2**20


def label_path(image: str) -> str:
    """As Ultralytics has it: the last folder of that name, else beside the image."""
    parts = stem_of(image).split("/")
    for place in range(len(parts) - 2, -1, -1):
        if parts[place] == IMAGES:
            parts[place] = LABELS
            break
    return "/".join(parts) + ".txt"


class LabelFinder:
    def __init__(self, texts: Iterable[Entry]) -> None:
        self._by_path: dict[str, Entry] = {}
        self._by_key: dict[str, Entry] = {}
        for entry in texts:
            self._by_path.setdefault(entry.path, entry)
            self._by_key.setdefault(stem_of(without_role(entry.path, LABEL_FOLDERS)), entry)

    def find(self, image: str) -> Entry | None:
        beside = stem_of(image) + ".txt"
        for path in (label_path(image), beside):
            if found := self._by_path.get(path):
                return found
        return self._by_key.get(stem_of(without_role(image, IMAGE_FOLDERS)))


class Subsets:
    """Of each image, told by the YAML, by lists, or else by folders; and the names that are left."""

    def __init__(self, images: Sequence[Entry], root: str) -> None:
        self._paths = [entry.path for entry in images]
        self._root = root
        self._by_name: dict[str, list[str]] = defaultdict(list)
        for path in self._paths:
            self._by_name[posixpath.basename(path)].append(path)
        self._subsets: dict[str, str | None] = {}
        self._folders: dict[str, str] = {}
        self.is_told = False
        self.problems: list[ImportProblem] = []

    def read_yaml(self, described: YoloYaml, files: Files, lists: Mapping[str, Entry]) -> set[str]:
        """Paths of the lists that it names."""
        used: set[str] = set()
        folders = self._known_folders()
        for key, values in described.subsets.items():
            for value in values:
                tried = list(_candidates(value, described))
                if found := next((path for path in tried if path in lists), None):
                    used.add(found)
                    self.read_list(files, lists[found], key)
                elif (folder := next((path for path in tried if path in folders), None)) is not None:
                    self._assign(key, folders[folder], described.path, folder)
                elif subset_of_word(key):
                    message = f"{key} should lie in {value[:200]!r}, where no image is"
                    self.problems.append(warning(described.path, "subset_missing", message))
        return used

    def read_list(self, files: Files, entry: Entry, key: str) -> None:
        """A path of an image in each line."""
        try:
            with files.open(entry) as stream:
                text = stream.read(LARGEST_LIST_BYTES).decode("utf-8-sig")
        except (ModelyardError, UnicodeDecodeError) as error:
            self.problems.append(warning(entry.path, "list_unreadable", f"the list cannot be read: {error}"))
            return
        found = []
        for row, line in enumerate(text.split("\n"), 1):
            if not (name := line.strip()):
                continue
            if path := self._listed(name):
                found.append(path)
            else:
                self.problems.append(
                    warning(entry.path, "image_missing", f"there is no image {name[:200]!r}", row=row)
                )
        self._assign(key, found, entry.path, None)

    def places(self) -> dict[str, tuple[str | None, str]]:
        """Subset and name of each image, by its path."""
        plain = {path: without_role(path.removeprefix(self._root), IMAGE_FOLDERS) for path in self._paths}
        if not self.is_told:
            by_name = placed(plain.values())
            return {path: (by_name[key].subset, by_name[key].name) for path, key in plain.items()}
        names = {path: self._inner(path) or plain[path] for path in self._paths}
        if any(count > 1 for count in Counter(names.values()).values()):
            names = plain
        return {path: (self._subsets.get(path), names[path]) for path in self._paths}

    def _assign(self, key: str, paths: Iterable[str], source: str, folder: str | None) -> None:
        subset = subset_of_value(key)
        self.is_told = True
        num_twice = 0
        for path in paths:
            if path in self._subsets:
                num_twice += self._subsets[path] != subset
                continue
            self._subsets[path] = subset
            if folder is not None:
                self._folders[path] = folder
        if num_twice:
            message = f"{num_twice} images of {key} are in another subset too, and stay there"
            self.problems.append(warning(source, "subset_contradicts", message))

    def _inner(self, path: str) -> str | None:
        folder = self._folders.get(path)
        return None if folder is None else path[len(folder) + 1 :] if folder else path

    def _known_folders(self) -> dict[str, list[str]]:
        """Images by every folder above them; the source itself is the empty one."""
        found: dict[str, list[str]] = defaultdict(list)
        for path in self._paths:
            folder = posixpath.dirname(path)
            while folder:
                found[folder].append(path)
                folder = posixpath.dirname(folder)
            found[""].append(path)
        return found

    def _listed(self, name: str) -> str | None:
        """By as much of the path as is the same: lists carry the paths of the machine that made them."""
        parts = _parts(name)
        alike = self._by_name.get(parts[-1], [])[:MOST_ALIKE] if parts else []
        for start in range(len(parts)):
            ending = "/" + "/".join(parts[start:])
            fitting = [path for path in alike if f"/{path}".endswith(ending)]
            if fitting:
                return fitting[0] if len(fitting) == 1 else min(fitting, key=len)
        return None


def root_of(entries: Iterable[Entry]) -> str:
    return common_folder([entry.path for entry in entries])


def _candidates(value: str, described: YoloYaml) -> Iterator[str]:
    """What a path in the YAML may mean: below it, below the root it names, or somewhere with the same end."""
    folder, root, parts = posixpath.dirname(described.path), _parts(described.root), _parts(value)
    for base in ([folder, *root], [folder], root, []):
        yield "/".join(part for part in (*base, *parts) if part)
    for start in range(1, len(parts)):
        yield "/".join(part for part in (folder, *parts[start:]) if part)
        yield "/".join(parts[start:])


def _parts(path: str) -> list[str]:
    return [part for part in path.strip().replace("\\", "/").split("/") if part not in ("", ".", "..")]
