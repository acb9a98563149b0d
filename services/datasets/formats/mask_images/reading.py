"""Images and masks brought together, and what pixels become where the image is decoded."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from libs.common.contracts.annotations import Annotation, MaskAnnotation
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
from services.datasets.formats.mask_images.class_files import Said, read_classes, says_classes
from services.datasets.formats.mask_images.classes import FOREGROUND, IGNORED_VALUE, Area, Naming
from services.datasets.formats.mask_images.pixels import MaskIsNoMask, distinct, is_grey, read_mask
from services.datasets.formats.masks import rle_of
from services.datasets.formats.names import check_name
from services.datasets.formats.plan import FileContent, Found, Place, Plan, rejected, warning

IMAGE_FOLDERS = frozenset({"images", "image", "imgs", "img", "jpegimages"})
MASK_FOLDERS = frozenset(
    {"masks", "mask", "labels", "label", "annotations", "annotation", "segmentationclass",
     "segmentationclassraw", "segmentationclassaug", "gt", "ground_truth", "groundtruth"}
)  # fmt: skip
# Instances of the devkit of VOC: other numbers in each image.
INSTANCE_FOLDER = "segmentationobject"
SUFFIX = "_mask"
# So many masks tell whether they are coloured, or of two values only.
LOOKED_AT = 12


@dataclass(frozen=True, slots=True)
class MaskCompletion:
    """One mask file: it counts as one annotation until it is decoded, then as one for each class in it."""

    entry: Entry
    naming: Naming

    @property
    def num_annotations(self) -> int:
        return 1

    @property
    def annotation_types(self) -> frozenset[str]:
        return frozenset({"mask"})

    def annotations(
        self, files: Files, width: int, height: int
    ) -> Iterator[tuple[Annotation, Place] | ImportProblem]:
        path = self.entry.path
        try:
            areas = _areas(files.read(self.entry), self.naming, (width, height))
        except ModelyardError as error:
            yield rejected(path, error.code, error.detail, level="annotation")
            return
        for area, pixels in areas.items():
            yield (
                MaskAnnotation(
                    label=area.label,
                    width=width,
                    height=height,
                    rle=rle_of(pixels),
                    is_ignored=area.is_ignored,
                ),
                Place(path),
            )


def _areas(data: bytes, naming: Naming, size: tuple[int, int]) -> dict[Area, np.ndarray]:
    """Two values of one name are one area."""
    pixels = read_mask(data, size, as_colours=bool(naming.colours))
    is_coloured = pixels.ndim == 3 and (naming.is_coloured or not is_grey(pixels))
    if pixels.ndim == 3 and not is_coloured:
        pixels = pixels[:, :, 0]
    numbers, values = distinct(pixels)
    areas = dict[Area, np.ndarray]()
    for value in map(int, values):
        area = naming.of_colour(value) if is_coloured else naming.of_value(value)
        if area is not None:
            here = numbers == value
            areas[area] = areas[area] | here if area in areas else here
    return areas


class MaskListing:
    """The files of a source by what they are for; `pairs` are masks by image."""

    def __init__(self, files: Files) -> None:
        data, self.problems = set_apart(files)
        pictures = [entry for entry in data if is_image_path(entry.path)]
        self.root = common_folder([entry.path for entry in pictures])
        self.instances = [entry for entry in pictures if INSTANCE_FOLDER in _folders(entry.path)]
        rest = [entry for entry in pictures if INSTANCE_FOLDER not in _folders(entry.path)]
        self.masks = [entry for entry in rest if self._is_mask(entry.path)]
        self.images = [entry for entry in rest if not self._is_mask(entry.path)]
        self.classes = sorted(
            (entry for entry in data if says_classes(entry.path)), key=lambda entry: entry.path.count("/")
        )
        used = {entry.path for entry in (*pictures, *self.classes)}
        self.others = [entry for entry in data if entry.path not in used]
        self.keys = {entry.path: self._key(entry.path, IMAGE_FOLDERS) for entry in self.images}
        self.pairs: dict[str, Entry] = {}
        self.alone: list[ImportProblem] = []
        self._pair()

    def _is_mask(self, path: str) -> bool:
        """By the first folder that says anything; where none does, by the end of the name."""
        below = path.removeprefix(self.root)
        for folder in _folders(below):
            if folder in IMAGE_FOLDERS:
                return False
            if folder in MASK_FOLDERS:
                return True
        return stem_of(below).lower().endswith(SUFFIX)

    def _key(self, path: str, folders: frozenset[str]) -> str:
        return without_role(path.removeprefix(self.root), folders)

    def _pair(self) -> None:
        by_stem: dict[str, str] = {}
        for path, key in self.keys.items():
            by_stem.setdefault(stem_of(key), path)
        for mask in self.masks:
            stem = stem_of(self._key(mask.path, MASK_FOLDERS))
            short = stem[: -len(SUFFIX)] if stem.lower().endswith(SUFFIX) else stem
            image = by_stem.get(stem) or by_stem.get(short)
            if image is None:
                self._leave(mask, "image_missing", "there is no image of this name")
            elif first := self.pairs.get(image):
                self._leave(mask, "annotation_repeated", f"{first.path} is of {image} too")
            else:
                self.pairs[image] = mask

    def _leave(self, mask: Entry, code: str, message: str) -> None:
        self.alone.append(rejected(mask.path, code, message))
        self.alone.append(rejected(mask.path, code, message, level="annotation"))

    def holds_masks(self, files: Files) -> bool:
        """Two folders of photographs belong to each other in other ways."""
        return any(look.may_be_mask for look in _looks(files, self))


class MaskReading:
    def __init__(self, files: Files, options: FormatOptions) -> None:
        self._files = files
        self._options = options
        self._listing = listing = MaskListing(files)
        self._problems = listing.problems + [not_an_image(entry) for entry in listing.others] + listing.alone

    def plan(self) -> Plan:
        naming = self._naming()
        samples: dict[str, Found] = {}
        places = placed(self._listing.keys.values())
        for entry in self._listing.images:
            place = places[self._listing.keys[entry.path]]
            mask = self._listing.pairs.get(entry.path)
            if problem := check_name(place.name, entry.path, samples):
                self._problems.append(problem)
                self._problems.extend(_refused(mask, problem) if mask else ())
                continue
            if mask is None:
                message = "no mask is of this image; it is taken without one"
                self._problems.append(warning(entry.path, "annotation_missing", message))
            completion = MaskCompletion(mask, naming) if mask else None
            samples[place.name] = Found(
                FileContent(entry), place.name, completion=completion, subset=place.subset
            )
        if instances := self._listing.instances:
            message = f"{len(instances)} masks of instances are not read, only those of classes"
            self._problems.append(warning(instances[0].path, "not_read", message))
        num_masks = len(self._listing.masks)
        return Plan("image", list(samples.values()), self._problems, num_masks, naming.labels())

    def _naming(self) -> Naming:
        said = self._said()
        values = dict(sorted((said.values | self._options.mask_classes).items()))
        looks = [look for look in _looks(self._files, self._listing) if look.values is not None]
        is_binary = _is_binary(looks) and IGNORED_VALUE not in values
        only = [area.label for value in values if (area := Naming(values).of_value(value))]
        if is_binary and len(only) == 1:
            values |= {IGNORED_VALUE: only[0]}
        naming = Naming(
            values=values,
            colours=dict(sorted(said.colours.items())),
            is_coloured=bool(said.colours) or any(look.is_coloured for look in looks),
            is_binary=is_binary and IGNORED_VALUE not in values,
        )
        self._problems.extend(self._guesses(naming, said))
        return naming

    def _said(self) -> Said:
        """By the topmost file that says it."""
        for entry in self._listing.classes:
            try:
                return read_classes(self._files, entry, self._options.encoding)
            except ModelyardError as error:
                self._problems.append(warning(entry.path, error.code, error.detail))
        return Said()

    def _guesses(self, naming: Naming, said: Said) -> Iterator[ImportProblem]:
        """What nobody said and was assumed, once for all masks."""
        if not self._listing.masks:
            return
        path = self._listing.masks[0].path
        if naming.is_binary:
            message = f"masks seem to hold only 0 and 255: 255 is taken for the class {FOREGROUND}"
            yield warning(path, "mask_binary", f"{message}; mask_classes can name it")
        elif naming.is_coloured and not naming.colours:
            message = "masks are coloured and no file says which class a colour is: classes are called by it"
            yield warning(path, "colours_unnamed", message)
        elif not naming.values and not naming.colours:
            message = "nothing says which class a value is: classes are called class_1, class_2 and so on"
            yield warning(path, "classes_unnamed", f"{message}; mask_classes can name them")
        if said.is_counted and not self._options.mask_classes:
            message = (
                "it names no background, so its first class is taken for the value 1, as 0 is the background"
            )
            yield warning(self._listing.classes[0].path, "classes_counted", message)


@dataclass(frozen=True)
class _Look:
    """`values` is None of a mask that could not be read."""

    may_be_mask: bool
    is_coloured: bool = False
    values: frozenset[int] | None = None


def _looks(files: Files, listing: MaskListing) -> list[_Look]:
    """At some masks from everywhere."""
    masks = list(listing.pairs.values())
    return [_look(files, mask) for mask in masks[:: max(len(masks) // LOOKED_AT, 1)][:LOOKED_AT]]


def _look(files: Files, mask: Entry) -> _Look:
    try:
        pixels = read_mask(files.read(mask), None, as_colours=False)
        is_coloured = pixels.ndim == 3 and not is_grey(pixels)
        _, values = distinct(pixels if pixels.ndim == 2 or is_coloured else pixels[:, :, 0])
    except MaskIsNoMask:
        return _Look(may_be_mask=False)
    except ModelyardError:
        # Broken, or too large: told when its turn comes.
        return _Look(may_be_mask=True)
    return _Look(True, is_coloured, frozenset(map(int, values)))


def _is_binary(looks: Sequence[_Look]) -> bool:
    values = [look.values for look in looks if look.values is not None and not look.is_coloured]
    seen = frozenset[int]().union(*values)
    return IGNORED_VALUE in seen and seen <= {0, IGNORED_VALUE}


def _refused(mask: Entry, problem: ImportProblem) -> Iterator[ImportProblem]:
    """The mask of what became no sample."""
    yield rejected(mask.path, problem.code, problem.message, level="annotation")


def _folders(path: str) -> list[str]:
    return path.lower().split("/")[:-1]
