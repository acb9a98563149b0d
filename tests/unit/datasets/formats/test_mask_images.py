"""Mask images: which is of which image, what pixels mean, masks from strangers; there and back again."""

import io
import pickle
import struct
import zlib
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from libs.common.contracts.annotations import BoxAnnotation, MaskAnnotation, PolygonAnnotation
from libs.common.contracts.imports import FormatOptions
from services.datasets.formats.mask_images import MaskImages
from services.datasets.formats.masks import array_of, mask_of
from tests.unit.datasets.formats.trips import (
    Arrived,
    Sample,
    Trip,
    content,
    opened,
    picture,
    read,
    round_trip,
)

WIDTH, HEIGHT = 64, 48
IMAGE = picture(WIDTH, HEIGHT)
NAMED = FormatOptions(mask_classes={1: "cat", 2: "dog"})
ORIENTATION = 0x0112


def pixels(**areas: tuple[int, int]) -> np.ndarray:
    """Columns from one to another for each value (`v2=(0, 8)`)."""
    found = np.zeros((HEIGHT, WIDTH), np.uint8)
    for name, (left, right) in areas.items():
        found[:, left:right] = int(name[1:])
    return found


def png(values: np.ndarray, mode: str | None = None, kind: str = "PNG") -> bytes:
    image = Image.fromarray(values)
    buffer = io.BytesIO()
    (image.convert(mode) if mode else image).save(buffer, kind)
    return buffer.getvalue()


def palette(values: np.ndarray) -> bytes:
    image = Image.fromarray(values)
    image.putpalette([7 * place % 256 for place in range(768)])
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()


def colours(*areas: tuple[str, int, int]) -> bytes:
    image = Image.new("RGB", (WIDTH, HEIGHT))
    for colour, left, right in areas:
        image.paste(colour, (left, 0, right, HEIGHT))
    return png(np.asarray(image))


def huge(width: int, height: int) -> bytes:
    """A PNG of which only the header says so."""
    header = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    data = b"IDAT" + zlib.compress(b"")
    chunks = (header, data, b"IEND")
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(chunk) - 4) + chunk + struct.pack(">I", zlib.crc32(chunk)) for chunk in chunks
    )


def paired(mask: bytes, **more: bytes | str) -> dict[str, bytes | str]:
    return {"images/1.png": IMAGE, "masks/1.png": mask, **more}


def areas(sample: Arrived) -> dict[str, tuple[int, int]]:
    """Columns by label; those that are ignored end with a star."""
    found = {}
    for each in sample.annotations:
        assert isinstance(each, MaskAnnotation)
        columns = np.flatnonzero(array_of(each).any(axis=0))
        found[each.label + "*" * each.is_ignored] = (int(columns[0]), int(columns[-1]) + 1)
    return found


def codes(trip: Trip) -> Counter[str]:
    return Counter(problem.code for problem in trip.problems)


@pytest.mark.parametrize(
    ("paths", "found"),
    [
        (["images/1.png", "masks/1.png"], {"1.png": None}),
        (["data/imgs/1.png", "data/labels/1.png"], {"1.png": None}),
        (["JPEGImages/1.png", "SegmentationClass/1.png"], {"1.png": None}),
        (["images/1.png", "masks/1_mask.png"], {"1.png": None}),
        (["1.png", "1_mask.png"], {"1.png": None}),
        (["x/1.png", "x/1_Mask.bmp"], {"1.png": None}),
        (["1.png", "gt/1.png"], {"1.png": None}),
        (["train/images/1.png", "train/masks/1.png"], {"1.png": "train"}),
        (["images/val/1.png", "masks/val/1.png"], {"1.png": "val"}),
        (["images/a/1.png", "annotations/a/1.tif"], {"a/1.png": None}),
        (["images/1_mask.png", "masks/1_mask.png"], {"1_mask.png": None}),
    ],
)
def test_a_mask_finds_its_image(paths: list[str], found: dict[str, str | None]) -> None:
    kinds = {"png": "PNG", "bmp": "BMP", "tif": "TIFF"}
    image, mask = paths
    files = {image: IMAGE, mask: png(pixels(v1=(0, 8)), kind=kinds[mask[-3:]])}
    with opened(files) as source:
        assert MaskImages().fits(source)

    trip = read(MaskImages(), files, NAMED)

    assert {name: sample.subset for name, sample in trip.samples.items()} == found
    assert [areas(sample) for sample in trip.samples.values()] == [{"cat": (0, 8)}]
    assert not trip.problems
    assert trip.plan.num_annotations == 1
    assert trip.plan.samples[0].completion is not None
    assert trip.plan.samples[0].completion.annotation_types == {"mask"}


@pytest.mark.parametrize(
    "mask",
    [
        png(pixels(v1=(0, 8), v2=(8, 9), v255=(20, 30), v9=(30, 31))),
        png(pixels(v1=(0, 8), v2=(8, 9), v255=(20, 30), v9=(30, 31)), "RGB"),
        png(pixels(v1=(0, 8), v2=(8, 9), v255=(20, 30), v9=(30, 31)), "RGBA"),
        png(pixels(v1=(0, 8), v2=(8, 9), v255=(20, 30), v9=(30, 31)), "LA"),
        png(pixels(v1=(0, 8), v2=(8, 9), v255=(20, 30), v9=(30, 31)).astype(np.uint16)),
        palette(pixels(v1=(0, 8), v2=(8, 9), v255=(20, 30), v9=(30, 31))),
    ],
)
def test_values_and_indices_are_classes_0_is_background_and_255_is_ignored(mask: bytes) -> None:
    trip = read(MaskImages(), paired(mask), NAMED)

    assert areas(trip.samples["1.png"]) == {
        "cat": (0, 8),
        "dog": (8, 9),
        "class_9": (30, 31),
        "ignore*": (20, 30),
    }
    assert trip.plan.classes == ("cat", "dog")
    assert not trip.problems


def test_a_mask_of_nothing_but_background_leaves_an_image_without_masks() -> None:
    trip = read(MaskImages(), paired(png(pixels())), NAMED)

    assert trip.samples["1.png"].annotations == ()
    assert not trip.problems


def test_values_above_255_are_classes_too() -> None:
    mask = pixels(v1=(0, 8)).astype(np.uint16)
    mask[:, 20:30] = 1000

    trip = read(MaskImages(), paired(png(mask)), NAMED)

    assert areas(trip.samples["1.png"]) == {"cat": (0, 8), "class_1000": (20, 30)}


def test_two_values_of_one_name_are_one_mask() -> None:
    options = FormatOptions(mask_classes={1: "pet", 2: "pet"})

    trip = read(MaskImages(), paired(png(pixels(v1=(0, 8), v2=(8, 12)))), options)

    assert areas(trip.samples["1.png"]) == {"pet": (0, 12)}


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("label_map.json", '{"0": "background", "1": "cat", "2": "dog"}', {}),
        ("label_map.json", '{"cat": 1, "dog": 2}', {}),
        ("classes.json", '[{"id": 1, "name": "cat"}, {"id": 2, "name": "dog"}]', {}),
        ("classes.json", '{"labels": ["background", "cat", "dog"]}', {}),
        ("classes.txt", "background\ncat\ndog\n", {}),
        ("classes.txt", "cat\r\ndog\r\n", {"classes_counted": 1}),
        ("labels.txt", "1 cat\n2: dog\n", {}),
        ("labels.txt", "0,background\n1,cat\n2,dog", {}),
        ("label_map.json", '{"cat": true}', {"classes_unreadable": 1, "classes_unnamed": 1}),
        ("label_map.json", '{"1": "cat", "70000": "dog"}', {"classes_unreadable": 1, "classes_unnamed": 1}),
        ("label_map.json", "[" * 100_000, {"classes_unreadable": 1, "classes_unnamed": 1}),
        ("label_map.json", "3", {"classes_unreadable": 1, "classes_unnamed": 1}),
        ("classes.txt", b"\xff\xfe\xfd", {"encoding_wrong": 1, "classes_unnamed": 1}),
        ("classes.txt", "", {"classes_unreadable": 1, "classes_unnamed": 1}),
        ("classes.txt", "x" * 301, {"classes_unreadable": 1, "classes_unnamed": 1}),
        ("class_dict.csv", "name,r,g\ncat,1,1", {"classes_unreadable": 1, "classes_unnamed": 1}),
        ("class_dict.csv", "name,r,g,b\ncat,1,1,256", {"classes_unreadable": 1, "classes_unnamed": 1}),
    ],
)
def test_names_come_from_a_file(name: str, text: str | bytes, told: dict[str, int]) -> None:
    files = paired(png(pixels(v1=(0, 8), v2=(8, 12))), **{name: text})

    trip = read(MaskImages(), files)

    labels = ("class_1", "class_2") if "classes_unnamed" in told else ("cat", "dog")
    assert set(areas(trip.samples["1.png"])) == set(labels)
    assert codes(trip) == told
    assert {problem.outcome for problem in trip.problems} <= {"warning"}


def test_options_say_more_than_files() -> None:
    files = paired(png(pixels(v1=(0, 8), v2=(8, 12))), **{"classes.txt": "background\na\nb"})

    trip = read(MaskImages(), files, FormatOptions(mask_classes={2: "dog"}))

    assert set(areas(trip.samples["1.png"])) == {"a", "dog"}


def test_0_and_255_are_classes_when_they_have_names() -> None:
    options = FormatOptions(mask_classes={0: "sky", 255: "road"})

    trip = read(MaskImages(), paired(png(pixels(v255=(0, 8)))), options)

    assert areas(trip.samples["1.png"]) == {"sky": (8, WIDTH), "road": (0, 8)}


@pytest.mark.parametrize(
    ("names", "label", "told"), [("", "foreground", {"mask_binary": 1}), ("background\nroad", "road", {})]
)
def test_masks_of_0_and_255_only_know_one_class(names: str, label: str, told: dict[str, int]) -> None:
    more = {"classes.txt": names} if names else {}

    trip = read(MaskImages(), paired(png(pixels(v255=(0, 8))), **more))

    assert areas(trip.samples["1.png"]) == {label: (0, 8)}
    assert trip.plan.classes == (label,)
    assert codes(trip) == told


@pytest.mark.parametrize(
    ("name", "text"),
    [
        (
            "labelmap.txt",
            "# label:color_rgb:parts:actions\nbackground:0,0,0::\ncat:255,0,0::\ndog:0,0,255::\n",
        ),
        ("class_dict.csv", "name, r, g, b\nbackground, 0, 0, 0\ncat, 255, 0, 0\ndog, 0, 0, 255\n"),
        ("label_map.json", '{"cat": [255, 0, 0], "dog": [0, 0, 255]}'),
        ("label_map.json", '[{"name": "cat", "color": [255, 0, 0]}, {"name": "dog", "color": [0, 0, 255]}]'),
    ],
)
def test_colours_are_classes_by_a_file(name: str, text: str) -> None:
    mask = colours(("red", 0, 8), ("blue", 8, 12), ("lime", 12, 13))

    trip = read(MaskImages(), paired(mask, **{name: text}))

    assert areas(trip.samples["1.png"]) == {"cat": (0, 8), "dog": (8, 12), "class_00ff00": (12, 13)}
    assert trip.plan.classes == ("cat", "dog")
    assert not trip.problems


def test_colours_without_names_are_called_by_their_colour() -> None:
    files = {
        **paired(colours(("red", 0, 8), ("#808080", 8, 9))),
        "images/2.png": picture(WIDTH, HEIGHT, "BMP"),
        "masks/2.png": colours(("#808080", 3, 5)),
    }

    trip = read(MaskImages(), files)

    assert areas(trip.samples["1.png"]) == {"class_ff0000": (0, 8), "class_808080": (8, 9)}
    assert areas(trip.samples["2.png"]) == {"class_808080": (3, 5)}
    assert codes(trip) == {"colours_unnamed": 1}


def _broken(kind: str) -> bytes:
    mask = png(pixels(v1=(0, 8)))
    noise = np.random.default_rng(0).integers(0, 2**16, (HEIGHT, WIDTH))
    match kind:
        case "truncated":
            return png(noise.astype(np.uint8))[:500]
        case "no image":
            return b"not an image"
        case "empty":
            return b""
        case "other size":
            return png(np.zeros((HEIGHT, WIDTH + 1), np.uint8))
        case "a bomb":
            return huge(50_000, 50_000)
        case "a photograph":
            return png(noise.astype(np.uint16))
        case "a coloured photograph":
            return png(np.stack([noise, noise // 3, noise // 7], axis=2).astype(np.uint8))
        case "JPEG":
            return png(pixels(v1=(0, 8)), kind="JPEG")
        case "CMYK":
            return png(pixels(v1=(0, 8)), "CMYK", "TIFF")
        case "floats":
            return png(pixels(v1=(0, 8)).astype(np.float32), kind="TIFF")
        case "negative":
            return png(pixels(v1=(0, 8)).astype(np.int32) - 1, kind="TIFF")
        case "lying on its side":
            exif = Image.Exif()
            exif[ORIENTATION] = 6
            buffer = io.BytesIO()
            Image.open(io.BytesIO(mask)).save(buffer, "PNG", exif=exif)
            return buffer.getvalue()
    raise AssertionError(kind)


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        ("truncated", "image_unreadable"),
        ("no image", "image_unreadable"),
        ("empty", "image_unreadable"),
        ("other size", "mask_size"),
        ("a bomb", "mask_size"),
        ("lying on its side", "mask_size"),
        ("a photograph", "mask_invalid"),
        ("a coloured photograph", "mask_invalid"),
        ("JPEG", "mask_invalid"),
        ("CMYK", "mask_invalid"),
        ("floats", "mask_invalid"),
        ("negative", "mask_invalid"),
    ],
)
def test_a_mask_that_cannot_be_used_is_told_and_its_image_stays(kind: str, code: str) -> None:
    files = {**paired(_broken(kind)), "images/2.png": IMAGE, "masks/2.png": png(pixels(v1=(0, 8)))}
    with opened(files) as source:
        assert MaskImages().fits(source)

    trip = read(MaskImages(), files, NAMED)

    assert trip.samples["1.png"].annotations == ()
    assert areas(trip.samples["2.png"]) == {"cat": (0, 8)}
    (problem,) = trip.problems
    assert (problem.path, problem.code, problem.outcome, problem.level) == (
        "masks/1.png",
        code,
        "rejected",
        "annotation",
    )
    assert problem.message


def test_a_mask_follows_the_upright_image() -> None:
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    buffer = io.BytesIO()
    Image.new("L", (HEIGHT, WIDTH)).save(buffer, "JPEG", exif=exif)

    trip = read(
        MaskImages(), {"images/1.jpg": buffer.getvalue(), "masks/1.png": png(pixels(v1=(0, 8)))}, NAMED
    )

    assert areas(trip.samples["1.jpg"]) == {"cat": (0, 8)}


def test_what_has_no_partner_is_told() -> None:
    mask = png(pixels(v1=(0, 8)))
    files = {
        **paired(mask),
        "images/alone.png": IMAGE,
        "masks/gone.png": mask,
        "masks/1_mask.png": mask,
        "SegmentationObject/1.png": mask,
        "README.md": "",
        "Thumbs.db": b"",
    }

    trip = read(MaskImages(), files, NAMED)

    assert set(trip.samples) == {"1.png", "alone.png"}
    assert Counter((each.code, each.outcome, each.level) for each in trip.problems) == {
        ("system_file", "rejected", "sample"): 1,
        ("not_an_image", "rejected", "sample"): 1,
        ("not_read", "warning", "sample"): 1,
        ("annotation_missing", "warning", "sample"): 1,
        ("image_missing", "rejected", "sample"): 1,
        ("image_missing", "rejected", "annotation"): 1,
        ("annotation_repeated", "rejected", "sample"): 1,
        ("annotation_repeated", "rejected", "annotation"): 1,
    }
    assert trip.plan.num_annotations == 3


@pytest.mark.parametrize(
    "files",
    [
        {"images/1.png": IMAGE},
        {"masks/1.png": png(pixels())},
        {"images/1.png": IMAGE, "masks/2.png": png(pixels())},
        {"images/1.png": IMAGE, "labels/1.txt": "0 0.5 0.5 0.1 0.1"},
        {"images/1.png": IMAGE, "labels/1.jpg": picture(WIDTH, HEIGHT, "JPEG")},
        {"cats/1.png": IMAGE, "dogs/1.png": IMAGE},
        {},
    ],
)
def test_without_pairs_there_are_no_masks(files: dict[str, bytes | str]) -> None:
    with opened(files or {"a.txt": ""}) as source:
        assert not MaskImages().fits(source)


parts = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="/\\:."), min_size=1)
labels = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=20)
names = st.lists(parts, min_size=1, max_size=3).map(lambda parts: "/".join(parts) + ".png")


@st.composite
def masks(draw: st.DrawFn, width: int) -> list[MaskAnnotation]:
    """Of different classes, each pixel in one at most."""
    classes = draw(st.lists(labels.filter(str.strip), max_size=4, unique=True))
    owners = np.array(draw(st.lists(st.integers(0, 5), min_size=6 * 4, max_size=6 * 4))).reshape(4, 6)
    owner = np.kron(owners, np.ones((12, 20), int))[:HEIGHT, :width]
    found = [
        mask_of(owner == place, label) for place, label in enumerate(classes, 1) if (owner == place).any()
    ]
    if (owner == 5).any() and draw(st.booleans()):
        found.append(mask_of(owner == 5, "ignore").model_copy(update={"is_ignored": True}))
    return found


@given(
    st.lists(names, min_size=1, max_size=3, unique_by=str.casefold),
    st.lists(st.sampled_from(["train", "val", "test"]), min_size=1, max_size=3) | st.just([None]),
    st.data(),
)
def test_masks_and_subsets_are_the_same_after_export_and_import(
    names: list[str], subsets: list[str | None], data: st.DataObject
) -> None:
    left = [
        Sample(name, tuple(data.draw(masks(48 + place))), subsets[place % len(subsets)], width=48 + place)
        for place, name in enumerate(names)
    ]

    trip = round_trip(MaskImages(), content(left))

    assert not trip.problems
    arrived = {each.width: each for each in trip.samples.values()}
    for each in left:
        back = arrived[each.width]
        assert (back.data, back.subset) == (each.read(), each.subset)
        assert sorted(back.annotations, key=repr) == sorted(each.annotations, key=repr)
    assert {loss.code for loss in trip.losses} <= {"renamed"}


def test_more_classes_than_a_byte_holds_make_masks_of_16_bits() -> None:
    classes = [f"class {number:03}" for number in range(300)]
    last = mask_of(pixels(v1=(0, 8)), classes[-1])
    middle = mask_of(pixels(v1=(8, 9)), classes[254])

    trip = round_trip(MaskImages(), content([Sample("1.png", (middle, last))], classes=classes))

    assert trip.samples["1.png"].annotations == (middle, last)
    assert trip.plan.classes == tuple(classes)
    assert not trip.losses and not trip.problems


def test_what_masks_cannot_carry_is_told() -> None:
    left, right = mask_of(pixels(v1=(0, 8)), "a"), mask_of(pixels(v1=(20, 30)), "a")
    across = mask_of(pixels(v1=(4, 24)), "b")
    crowd = right.model_copy(update={"is_ignored": True})
    box = BoxAnnotation(label="a", x=0, y=0, width=1, height=1)
    polygon = PolygonAnnotation(label="c", parts=(((10, 10), (20, 10), (20, 20), (10, 20)),))
    small = MaskAnnotation(label="a", width=2, height=2, rle=left.rle)
    samples = [
        Sample("merged.png", (left, right), width=WIDTH),
        Sample("overlap.png", (left, across), width=WIDTH),
        Sample("crowd.png", (crowd,), width=WIDTH),
        Sample("others.png", (polygon, box, small), "holdout", {"camera": 1}, width=WIDTH),
    ]

    trip = round_trip(MaskImages(), content(samples))

    assert Counter((loss.path, loss.code, loss.outcome) for loss in trip.losses) == {
        ("merged.png", "instances_merged", "repaired"): 1,
        ("overlap.png", "masks_overlap", "repaired"): 1,
        ("crowd.png", "label_lost", "repaired"): 1,
        ("others.png", "polygon_drawn", "repaired"): 1,
        ("others.png", "annotation_lost", "rejected"): 2,
        ("others.png", "subset_lost", "repaired"): 1,
        ("others.png", "fields_lost", "repaired"): 1,
    }
    assert areas(trip.samples["merged.png"]) == {"a": (0, 30)}
    assert areas(trip.samples["overlap.png"]) == {"a": (0, 4), "b": (4, 24)}
    assert areas(trip.samples["crowd.png"]) == {"ignore*": (20, 30)}
    assert areas(trip.samples["others.png"]) == {"c": (10, 20)}


def test_what_completes_a_sample_travels_between_processes() -> None:
    with opened(paired(png(pixels(v1=(0, 8))), **{"classes.txt": "background\ncat"})) as files:
        completion = MaskImages().read(files, FormatOptions()).samples[0].completion
        assert completion is not None
        arrived = pickle.loads(pickle.dumps(completion))

        assert repr(arrived) == repr(completion)
        assert list(arrived.annotations(files, WIDTH, HEIGHT)) == list(
            completion.annotations(files, WIDTH, HEIGHT)
        )
