"""COCO files, several of which may be of the same images, become samples."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from libs.common.contracts.annotations import Annotation
from libs.common.contracts.imports import ImportProblem
from libs.common.errors import ModelyardError
from services.datasets.files import Entry, Files
from services.datasets.formats.coco.document import CocoFile, Id, id_of, is_coco, read_coco
from services.datasets.formats.coco.files import ImageFiles
from services.datasets.formats.coco.instances import read_annotation, read_caption
from services.datasets.formats.kept import Keeper
from services.datasets.formats.layout import common_folder, not_an_image, set_apart
from services.datasets.formats.lookup import is_image_path
from services.datasets.formats.names import check_name
from services.datasets.formats.plan import FileContent, Found, Place, Plan, Scalar, rejected, warning
from services.datasets.formats.tables.cells import LONGEST_FIELD, CellIsBad, scalar_of

IMAGES_FOLDER = "images/"
# What of an image is no field.
OWN_KEYS = frozenset({"id", "file_name", "width", "height"})
LONGEST_FIELD_NAME = 100
LARGEST_SHOWN = 10**30


@dataclass(frozen=True, slots=True)
class DeclaredSize:
    """What the JSON says of an image's size, to be compared where it is decoded."""

    place: Place
    width: int
    height: int

    @property
    def num_annotations(self) -> int:
        return 0

    @property
    def annotation_types(self) -> frozenset[str]:
        return frozenset()

    def annotations(
        self, files: Files, width: int, height: int
    ) -> Iterator[tuple[Annotation, Place] | ImportProblem]:
        if (self.width, self.height) == (width, height):
            return
        message = f"it says {self.width}×{self.height} pixels, the image has {width}×{height}"
        if (self.height, self.width) == (width, height):
            message += "; if it was turned by its EXIF data, its annotations may be of the unturned picture"
        yield warning(self.place.path, "size_differs", message, row=self.place.row)


@dataclass(slots=True)
class Draft:
    """A sample that more than one JSON may add to."""

    entry: Entry
    name: str
    subset: str | None
    size: DeclaredSize | None
    fields: dict[str, Scalar]
    keeper: Keeper = field(default_factory=Keeper)

    def take(
        self, made: Iterable[Annotation | ImportProblem], place: Place, kinds: set[str]
    ) -> Iterator[ImportProblem]:
        for each in made:
            if isinstance(each, ImportProblem):
                yield each
            else:
                self.keeper.add(each, place.path, place.row or 0)
                kinds.add(each.type)

    def found(self) -> Found:
        return Found(
            FileContent(self.entry),
            self.name,
            self.keeper.annotations,
            self.keeper.places,
            self.size,
            self.subset,
            self.fields,
        )


class CocoReading:
    def __init__(self, files: Files) -> None:
        self._files = files
        data, self._problems = set_apart(files)
        self._jsons = [entry for entry in data if is_coco(files, entry)]
        json_paths = {entry.path for entry in self._jsons}
        self._data = [entry for entry in data if entry.path not in json_paths]
        self._images = ImageFiles(self._data)
        of_interest = [entry.path for entry in data if entry.path in json_paths or is_image_path(entry.path)]
        self._root = common_folder(of_interest)
        self._drafts: dict[str, Draft] = {}
        self._labels: dict[str, None] = {}
        self._listed: set[str] = set()
        # Of all annotations that were taken.
        self.kinds: set[str] = set()

    def plan(self) -> Plan:
        for entry in self._jsons:
            try:
                coco = read_coco(self._files, entry)
            except ModelyardError as error:
                self._problems.append(rejected(entry.path, error.code, error.detail))
                continue
            self._take(coco)
        self._problems.extend(self._rest())
        samples = [draft.found() for draft in self._drafts.values()]
        return Plan(
            "image_text" if "caption" in self.kinds else "image",
            samples,
            self._problems,
            sum(len(found.annotations) for found in samples) + sum(map(_is_refused, self._problems)),
            tuple(self._labels),
        )

    def _take(self, coco: CocoFile) -> None:
        self._problems.extend(coco.problems)
        self._labels.update(dict.fromkeys(coco.labels.values()))
        reader = _JsonReader(coco, self)
        self._problems.extend(reader.images())
        self._problems.extend(reader.annotations())

    def draft(self, file_name: object, coco: CocoFile, row: int) -> Draft:
        """Of an image that a JSON lists; raises CellIsBad."""
        entry = self._images.find(file_name, coco.path)
        self._listed.add(entry.path)
        if known := self._drafts.get(entry.path):
            known.subset = known.subset or coco.subset
            return known
        name = entry.path.removeprefix(self._root).removeprefix(IMAGES_FOLDER)
        if problem := check_name(name, entry.path, ()):
            raise CellIsBad(problem.code, problem.message)
        return self._drafts.setdefault(entry.path, Draft(entry, name, coco.subset, None, {}))

    def _rest(self) -> Iterator[ImportProblem]:
        """Every file that is not a sample, told."""
        seen: set[str] = set()
        for entry in self._data:
            if entry.path in seen:
                yield rejected(entry.path, "name_repeated", "another file of the source has this name")
            elif entry.path in self._listed:
                pass
            elif is_image_path(entry.path):
                yield rejected(entry.path, "not_listed", "no JSON lists this image")
            else:
                yield not_an_image(entry)
            seen.add(entry.path)


class _JsonReader:
    """One JSON: its images, then what it says of them."""

    def __init__(self, coco: CocoFile, reading: CocoReading) -> None:
        self._coco = coco
        self._reading = reading
        self._drafts: dict[Id, Draft] = {}
        self._refused: dict[Id, CellIsBad] = {}
        self._dropped: Counter[str] = Counter()

    def images(self) -> Iterator[ImportProblem]:
        files: set[str] = set()
        for row, raw in enumerate(self._coco.images, 1):
            try:
                draft = self._image(raw, row)
            except CellIsBad as bad:
                yield rejected(self._coco.path, bad.code, bad.message, row=row)
                continue
            if draft.entry.path in files:
                message = f"{draft.entry.path} is listed twice; its annotations are put together"
                yield warning(self._coco.path, "image_listed_twice", message, row=row)
            if self._coco.subset and draft.subset != self._coco.subset:
                message = f"{draft.entry.path} is in {draft.subset} too, where it stays"
                yield warning(self._coco.path, "subset_contradicts", message, row=row)
            files.add(draft.entry.path)
        for name, count in self._dropped.items():
            message = f"{name[:100]!r} of {count} images is no single short value, and is not kept"
            yield warning(self._coco.path, "field_dropped", message)

    def _image(self, raw: object, row: int) -> Draft:
        """Raises CellIsBad."""
        number = id_of(raw.get("id")) if isinstance(raw, dict) else None
        if number is None or not isinstance(raw, dict):
            raise CellIsBad("image_invalid", "an image is an object with an id and the name of a file")
        if number in self._drafts or number in self._refused:
            raise CellIsBad("image_id_repeated", f"the id {_short(number)} is that of another image")
        try:
            draft = self._reading.draft(raw.get("file_name"), self._coco, row)
        except CellIsBad as bad:
            self._refused[number] = bad
            raise
        self._drafts[number] = draft
        width, height = raw.get("width"), raw.get("height")
        if type(width) is int and type(height) is int and draft.size is None:
            draft.size = DeclaredSize(Place(self._coco.path, row), width, height)
        draft.fields.update(self._fields(raw))
        return draft

    def _fields(self, raw: Mapping[str, object]) -> Iterator[tuple[str, Scalar]]:
        for name, value in raw.items():
            if name in OWN_KEYS:
                continue
            try:
                found = scalar_of(value)
                scalar_of(name)
            except CellIsBad:
                self._dropped[name] += 1
                continue
            if len(name) > LONGEST_FIELD_NAME or (isinstance(found, str) and len(found) > LONGEST_FIELD):
                self._dropped[name] += 1
            elif found is not None:
                yield name, found

    def annotations(self) -> Iterator[ImportProblem]:
        ids: set[Id] = set()
        for row, raw in enumerate(self._coco.annotations, 1):
            place = Place(self._coco.path, row)
            try:
                if not isinstance(raw, dict):
                    raise CellIsBad("annotation_invalid", "an annotation is an object")
                draft = self._draft_of(raw)
                made = self._read(raw, place)
            except CellIsBad as bad:
                yield rejected(place.path, bad.code, bad.message, row=row, level="annotation")
                continue
            if (number := id_of(raw.get("id"))) is not None and number in ids:
                message = f"the id {_short(number)} is that of another annotation; both are kept"
                yield warning(place.path, "annotation_id_repeated", message, row=row)
            elif number is not None:
                ids.add(number)
            yield from draft.take(made, place, self._reading.kinds)

    def _draft_of(self, raw: Mapping[str, object]) -> Draft:
        """The image that an annotation is of; raises CellIsBad."""
        number = id_of(raw.get("image_id"))
        if number is not None and (draft := self._drafts.get(number)):
            return draft
        if number is not None and (bad := self._refused.get(number)):
            raise CellIsBad(bad.code, f"its image was not taken: {bad.message}")
        raise CellIsBad("image_unknown", f"no image has the id {_short(raw.get('image_id'))}")

    def _read(self, raw: Mapping[str, object], place: Place) -> Iterator[Annotation | ImportProblem]:
        """Raises CellIsBad before anything is made."""
        if "caption" in raw and "category_id" not in raw:
            return iter([read_caption(raw, place)])
        number = id_of(raw.get("category_id"))
        label = self._coco.labels.get(number) if number is not None else None
        if label is None:
            raise CellIsBad("category_unknown", f"no category has the id {_short(raw.get('category_id'))}")
        return read_annotation(raw, label, place)


def _is_refused(problem: ImportProblem) -> bool:
    return problem.level == "annotation" and problem.outcome == "rejected"


def _short(value: object) -> str:
    """A whole number of thousands of digits has no text, and a text of thousands of letters no place."""
    match value:
        case str():
            return repr(value[:60])
        case int() | float() | None if value is None or abs(value) < LARGEST_SHOWN:
            return repr(value)
    return f"a {type(value).__name__}"
