"""What Pascal VOC's files say together: which XML file is of which image, and what that makes of it."""

import posixpath
import re
from collections import defaultdict
from collections.abc import Container, Iterable, Iterator, Mapping
from itertools import islice

from libs.common.contracts.annotations import BoxAnnotation
from libs.common.contracts.imports import FormatOptions, ImportProblem
from libs.common.errors import ModelyardError
from services.datasets.files import Entry, Files
from services.datasets.formats.layout import (
    common_folder,
    not_an_image,
    placed,
    set_apart,
    stem_of,
    without_role,
)
from services.datasets.formats.lookup import is_image_path
from services.datasets.formats.names import check_name
from services.datasets.formats.plan import FileContent, Found, Place, Plan, rejected, warning
from services.datasets.formats.tables.cells import CellIsBad
from services.datasets.formats.voc.lists import SubsetLists, is_list
from services.datasets.formats.voc.xml_file import (
    MAX_XML_BYTES,
    VocFile,
    XmlIsUnreadable,
    parse_voc,
    xml_text,
)

IMAGE_FOLDERS = frozenset({"jpegimages", "images", "image", "imgs", "img"})
XML_FOLDERS = frozenset({"annotations", "annotation", "xmls", "xml", "labels"})
# What else the devkit holds: masks, and lists for other tasks.
EXTRA_FOLDER = re.compile(r"segmentation(class|object)\w*|imagesets", re.IGNORECASE)
# Enough to tell what XML files are of.
LOOKED_AT = 20


class VocListing:
    """The files of a source by what they are for."""

    def __init__(self, files: Files) -> None:
        data, self.problems = set_apart(files)
        self.lists = [entry for entry in data if is_list(entry.path)]
        self.extras = [entry for entry in data if _is_extra(entry.path) and not is_list(entry.path)]
        rest = [entry for entry in data if not _is_extra(entry.path)]
        self.xmls = [entry for entry in rest if entry.path.lower().endswith(".xml")]
        self.images = [entry for entry in rest if is_image_path(entry.path)]
        used = {entry.path for entry in (*self.xmls, *self.images)}
        self.others = [entry for entry in rest if entry.path not in used]

    def is_of_voc(self, files: Files) -> bool:
        if not self.images:
            return False
        is_devkit = _has_folder("annotations", self.xmls) and _has_folder("jpegimages", self.images)
        return is_devkit or any(_is_of_voc(entry, files) for entry in islice(self.xmls, LOOKED_AT))


class VocReading:
    def __init__(self, files: Files, options: FormatOptions) -> None:
        self._files = files
        self._encoding = options.encoding
        self._listing = listing = VocListing(files)
        self._problems = listing.problems + [not_an_image(entry) for entry in listing.others]
        self._root = common_folder([entry.path for entry in (*listing.images, *listing.xmls)])
        self._keys = {entry.path: self._key(entry, IMAGE_FOLDERS) for entry in listing.images}
        xml_stems = {stem_of(self._key(entry, XML_FOLDERS)) for entry in listing.xmls}
        self._images = _Images(self._keys, xml_stems)
        self._annotated: dict[str, tuple[Entry, VocFile | None]] = {}

    def _key(self, entry: Entry, folders: frozenset[str]) -> str:
        """The path without the folders that images and XML files do not share."""
        return without_role(entry.path.removeprefix(self._root), folders)

    def plan(self) -> Plan:
        for entry in self._listing.xmls:
            self._problems.extend(self._take(entry))
        samples = self._samples()
        known = [voc for _, voc in self._annotated.values() if voc is not None]
        self._problems.extend(self._general(known))
        labels = {each.label for voc in known for each in voc.objects if isinstance(each, BoxAnnotation)}
        num_objects = sum(len(voc.objects) for voc in known)
        return Plan("image", samples, self._problems, num_objects, tuple(sorted(labels)))

    def _take(self, entry: Entry) -> Iterator[ImportProblem]:
        """Reads one XML file, and finds its image."""
        key = stem_of(self._key(entry, XML_FOLDERS))
        try:
            voc = parse_voc(_content(self._files, entry), self._encoding)
        except ModelyardError as error:
            image = self._images.find(key, "")
            if image is None:
                yield rejected(entry.path, error.code, error.detail)
            else:
                self._annotated.setdefault(image, (entry, None))
                yield rejected(entry.path, error.code, f"{error.detail}; its image {image} is left out")
            return
        image = self._images.find(key, voc.filename)
        if image is None:
            yield from _homeless(entry, voc, "image_missing", f"there is no image {voc.filename or key!r}")
        elif image in self._annotated:
            first, _ = self._annotated[image]
            yield from _homeless(entry, voc, "annotation_repeated", f"{first.path} is of {image} too")
        else:
            self._annotated[image] = entry, voc
            yield from _other_name(entry, voc, image)

    def _samples(self) -> list[Found]:
        samples: dict[str, Found] = {}
        subsets, names = self._placed()
        for entry in self._listing.images:
            xml, voc = self._annotated.get(entry.path, (None, None))
            name = names[entry.path]
            if xml is not None and voc is None:
                continue
            if problem := check_name(name, entry.path, samples):
                self._problems.append(problem)
                self._problems.extend(_refused(xml, voc, problem) if xml and voc else ())
                continue
            if xml is None or voc is None:
                message = "no XML file is of this image; it is taken without boxes"
                self._problems.append(warning(entry.path, "annotation_missing", message))
            samples[name] = self._sample(entry, name, subsets.get(entry.path))
        return list(samples.values())

    def _sample(self, entry: Entry, name: str, subset: str | None) -> Found:
        xml, voc = self._annotated.get(entry.path, (None, None))
        known = []
        for row, each in enumerate(voc.objects if voc else (), 1):
            assert xml is not None
            if isinstance(each, CellIsBad):
                self._problems.append(
                    rejected(xml.path, each.code, each.message, row=row, level="annotation")
                )
            else:
                known.append((each, Place(xml.path, row)))
        return Found(
            FileContent(entry),
            name,
            tuple(each for each, _ in known),
            tuple(place for _, place in known),
            subset=subset,
        )

    def _placed(self) -> tuple[dict[str, str | None], dict[str, str]]:
        """Subsets and names by image: from the lists, or where there are none from the folders."""
        if self._listing.lists:
            stems = {stem_of(key): path for path, key in self._keys.items()}
            subsets, problems = SubsetLists(self._listing.lists, stems, self._root).read(
                self._files, self._encoding
            )
            self._problems.extend(problems)
            return dict(subsets), self._keys
        places = placed(self._keys.values())
        by_image = {path: places[key] for path, key in self._keys.items()}
        return (
            {path: place.subset for path, place in by_image.items()},
            {path: place.name for path, place in by_image.items()},
        )

    def _general(self, known: list[VocFile]) -> Iterator[ImportProblem]:
        """Told once, not for each of thousands of boxes."""
        if count := sum(voc.num_with_attributes for voc in known):
            message = f"pose, truncation, parts and the like are not kept; {count} objects have them"
            yield warning(self._listing.xmls[0].path, "attributes_lost", message)
        if count := sum(voc.begins_at_zero for voc in known):
            message = f"VOC counts pixels from 1; {count} files have corners at 0: boxes may be a pixel off"
            yield warning(self._listing.xmls[0].path, "counted_from_zero", message)
        if extras := self._listing.extras:
            message = f"{len(extras)} files are not read: masks, or lists for other tasks"
            yield warning(posixpath.dirname(extras[0].path), "not_read", message)


class _Images:
    """Images by what an XML file may call them."""

    def __init__(self, keys: Mapping[str, str], xml_stems: Container[str]) -> None:
        self._xml_stems = xml_stems
        self._by_key = {key: path for path, key in keys.items()}
        self._by_stem: dict[str, list[str]] = defaultdict(list)
        for path, key in keys.items():
            self._by_stem[stem_of(key)].append(path)

    def find(self, key: str, filename: str) -> str | None:
        """By the XML's own name, as the devkit does it; what it says inside decides between several."""
        same = self._by_stem.get(key, [])
        wanted = posixpath.basename(filename.replace("\\", "/"))
        if same:
            return next((path for path in same if posixpath.basename(path) == wanted), same[0])
        if whole := self._by_key.get(key):
            return whole
        named = posixpath.join(posixpath.dirname(key), wanted)
        return None if stem_of(named) in self._xml_stems else self._by_key.get(named)


def _is_extra(path: str) -> bool:
    """By the first folder that says anything; below it names are free."""
    for folder in path.split("/")[:-1]:
        if folder.lower() in IMAGE_FOLDERS | XML_FOLDERS:
            return False
        if EXTRA_FOLDER.fullmatch(folder):
            return True
    return False


def _has_folder(name: str, entries: Iterable[Entry]) -> bool:
    return any(name in entry.path.lower().split("/")[:-1] for entry in entries)


def _is_of_voc(entry: Entry, files: Files) -> bool:
    try:
        parse_voc(_content(files, entry), None)
    except ModelyardError:
        return False
    return True


def _content(files: Files, entry: Entry) -> bytes:
    if entry.size_bytes > MAX_XML_BYTES:
        raise XmlIsUnreadable(f"{entry.size_bytes} bytes; {MAX_XML_BYTES} are the limit")
    return files.read(entry)


def _homeless(entry: Entry, voc: VocFile, code: str, message: str) -> Iterator[ImportProblem]:
    problem = rejected(entry.path, code, message)
    yield problem
    yield from _refused(entry, voc, problem)


def _refused(entry: Entry, voc: VocFile, problem: ImportProblem) -> Iterator[ImportProblem]:
    """The objects of what became no sample."""
    for row in range(1, len(voc.objects) + 1):
        yield rejected(entry.path, problem.code, problem.message, row=row, level="annotation")


def _other_name(entry: Entry, voc: VocFile, image: str) -> Iterator[ImportProblem]:
    said, name = posixpath.basename(voc.filename.replace("\\", "/")), posixpath.basename(image)
    if said and said not in (xml_text(name), xml_text(stem_of(name))):
        message = f"it says that it is of {said[:200]!r}; by its own name it is of {name!r}"
        yield warning(entry.path, "filename_differs", message)
