"""Pascal VOC: its pixels counted from 1, its lists of subsets, XML from strangers; there and back again."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from libs.common.contracts.annotations import BoxAnnotation, CaptionAnnotation, LabelAnnotation
from libs.common.contracts.imports import FormatOptions
from services.datasets.formats.voc import Voc
from tests.unit.datasets.formats.trips import Sample, Trip, content, opened, picture, read, round_trip

IMAGE = picture()


def xml(*objects: str, filename: str = "1.png") -> str:
    return f"<annotation><filename>{filename}</filename>{''.join(objects)}</annotation>"


def thing(label: str = "cat", box: object = (1, 1, 10, 20), more: str = "") -> str:
    corners = zip(("xmin", "ymin", "xmax", "ymax"), box, strict=True) if isinstance(box, tuple) else ()
    inside = "".join(f"<{name}>{value}</{name}>" for name, value in corners)
    bndbox = f"<bndbox>{inside}</bndbox>" if isinstance(box, tuple) else str(box)
    return f"<object><name>{label}</name>{bndbox}{more}</object>"


def devkit(text: str | bytes) -> dict[str, bytes | str]:
    return {"JPEGImages/1.png": IMAGE, "Annotations/1.xml": text}


def codes(trip: Trip) -> Counter[str]:
    return Counter(problem.code for problem in trip.problems)


def test_pixels_are_counted_from_1_and_both_corners_belong_to_the_box() -> None:
    trip = read(Voc(), devkit(xml(thing(box=(1, 1, 64, 48)), thing("dog", (11, 21, 11, 21)))))

    whole, one = trip.samples["1.png"].annotations
    assert whole == BoxAnnotation(label="cat", x=0, y=0, width=64, height=48)
    assert one == BoxAnnotation(label="dog", x=10, y=20, width=1, height=1)
    assert trip.plan.num_annotations == 2
    assert trip.plan.classes == ("cat", "dog")
    assert not trip.problems


def test_what_is_difficult_is_ignored_and_other_attributes_are_told_once() -> None:
    trip = read(
        Voc(),
        {
            **devkit(xml(thing(more="<difficult>1</difficult><truncated>1</truncated>"), thing())),
            "JPEGImages/2.png": picture(65),
            "Annotations/2.xml": xml(thing(more="<pose>Left</pose>"), filename="2.png"),
        },
    )

    assert [each.is_ignored for each in trip.samples["1.png"].annotations] == [True, False]  # type: ignore[union-attr]
    (problem,) = trip.problems
    assert (problem.code, problem.outcome) == ("attributes_lost", "warning")
    assert "2 objects" in problem.message


@pytest.mark.parametrize(
    ("files", "names"),
    [
        (["VOCdevkit/VOC2007/JPEGImages/1.png", "VOCdevkit/VOC2007/Annotations/1.xml"], ["1.png"]),
        (["VOC2007/JPEGImages/1.png", "VOC2007/Annotations/1.xml", "VOC2012/JPEGImages/1.png",
          "VOC2012/Annotations/1.xml"], ["VOC2007/1.png", "VOC2012/1.png"]),
        (["a/1.png", "a/1.xml"], ["1.png"]),
        (["images/1.png", "annotations/1.xml"], ["1.png"]),
        (["images/images/1.png", "images/annotations/1.xml"], ["1.png"]),
        (["JPEGImages/deep/1.png", "Annotations/deep/1.xml"], ["deep/1.png"]),
        (["JPEGImages/1.png", "Annotations/1.png.xml"], ["1.png"]),
    ],
)  # fmt: skip
def test_an_xml_file_finds_its_image(files: list[str], names: list[str]) -> None:
    trip = read(Voc(), {path: xml(thing()) if path.endswith("xml") else IMAGE for path in files})

    assert sorted(trip.samples) == names
    assert all(len(sample.annotations) == 1 for sample in trip.samples.values())
    assert not trip.problems


def test_of_two_images_with_one_stem_the_file_name_inside_decides() -> None:
    trip = read(Voc(), {**devkit(xml(thing())), "JPEGImages/1.jpg": picture(kind="JPEG")})

    assert [len(trip.samples[name].annotations) for name in ("1.png", "1.jpg")] == [1, 0]
    assert codes(trip) == {"annotation_missing": 1}


def test_subsets_come_from_lists() -> None:
    files: dict[str, bytes | str] = {}
    for number in range(1, 6):
        files[f"JPEGImages/{number}.png"] = picture(60 + number)
        files[f"Annotations/{number}.xml"] = xml(thing(), filename=f"{number}.png")
    lists = {
        "train": "1\n2\n", "val": "3.png\n 3 \n", "trainval": "1\r\n2\r\n3\r\n4\r\n", "test": "2\n9\n",
        "cat_train": "1  1\n2 -1\n", "notes": "something else\n",
    }  # fmt: skip
    files |= {f"ImageSets/Main/{name}.txt": text for name, text in lists.items()}
    files["ImageSets/Layout/train.txt"] = "1\n"

    trip = read(Voc(), files)

    subsets = {name: sample.subset for name, sample in trip.samples.items()}
    assert subsets == {"1.png": "train", "2.png": "train", "3.png": "val", "4.png": "trainval", "5.png": None}
    told = {(problem.code, problem.path, problem.row) for problem in trip.problems}
    assert told == {
        ("subset_ambiguous", "ImageSets/Main/test.txt", 1),
        ("image_missing", "ImageSets/Main/test.txt", 2),
        ("list_unused", "ImageSets/Main/notes.txt", None),
        ("not_read", "ImageSets/Layout", None),
    }
    assert {problem.outcome for problem in trip.problems} == {"warning"}


def test_without_lists_subsets_come_from_folders() -> None:
    files = {"train/1.png": picture(65), "valid/1.png": picture(66), "test/2.png": picture(67)}
    files |= {path.replace("png", "xml"): xml(thing(), filename=path[-5:]).encode() for path in files}

    trip = read(Voc(), files)

    assert {name: sample.subset for name, sample in trip.samples.items()} == {
        "train/1.png": "train",
        "valid/1.png": "val",
        "test/2.png": "test",
    }


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "xml_unreadable"),
        ("<annotation><object>", "xml_unreadable"),
        ("<annotation>" * 50_000, "xml_unreadable"),
        (b"\x89PNG", "xml_unreadable"),
        (b"<?xml version='1.0' encoding='utf-8'?><annotation>\xe9</annotation>", "xml_unreadable"),
        (b"<?xml version='1.0' encoding='klingon'?><annotation/>", "xml_unreadable"),
        (b"<?xml version='1.0' encoding='hex'?><annotation/>", "xml_unreadable"),
        (b"<?xml version='1.0' encoding='idna'?><annotation/>", "xml_unreadable"),
        (xml() + " " * 17 * 2**20, "xml_unreadable"),
        ("<annotations/>", "xml_unknown"),
        ("<!DOCTYPE a [<!ENTITY x 'y'>]><annotation>&x;</annotation>", "xml_dangerous"),
        (
            "<!DOCTYPE a [<!ENTITY a 'aaaaaaaaaa'><!ENTITY b '&a;&a;&a;&a;'>]><annotation>&b;</annotation>",
            "xml_dangerous",
        ),
        (
            "<!DOCTYPE a [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><annotation>&x;</annotation>",
            "xml_dangerous",
        ),
    ],
)
def test_an_xml_file_that_cannot_be_read_takes_its_image_with_it(text: str | bytes, code: str) -> None:
    files = {**devkit(text), "JPEGImages/2.png": picture(65), "Annotations/2.xml": xml(filename="2.png")}
    with opened(files) as source:
        assert Voc().fits(source)

    trip = read(Voc(), files)

    assert list(trip.samples) == ["2.png"]
    (problem,) = trip.problems
    assert (problem.path, problem.code, problem.outcome) == ("Annotations/1.xml", code, "rejected")
    assert (problem.level, "JPEGImages/1.png" in problem.message) == ("sample", True)


@pytest.mark.parametrize(
    ("object_", "code"),
    [
        (thing(box=(10, 10, 9, 20)), "box_empty"),
        (thing(box=(10, 10, 20, 5)), "box_empty"),
        (thing(box=("a", 10, 20, 20)), "box_invalid"),
        (thing(box=("NaN", 10, 20, 20)), "box_invalid"),
        (thing(box=("1_0", 10, 20, 20)), "box_invalid"),
        (thing(box=("1e9999", 10, 20, 20)), "box_invalid"),
        (thing(box=("", 10, 20, 20)), "box_invalid"),
        (thing(box=("9" * 1000, 10, 20, 20)), "box_invalid"),
        (thing(box="<bndbox><xmin>1</xmin></bndbox>"), "box_invalid"),
        (thing(box="<robndbox><cx>1</cx></robndbox>"), "box_missing"),
        (thing(label=" "), "label_missing"),
        (thing(label="x" * 301), "label_invalid"),
    ],
)
def test_an_object_that_cannot_be_used_is_left_out_alone(object_: str, code: str) -> None:
    trip = read(Voc(), devkit(xml(thing(), object_)))

    assert len(trip.samples["1.png"].annotations) == 1
    (problem,) = trip.problems
    assert (problem.code, problem.outcome, problem.level) == (code, "rejected", "annotation")
    assert (problem.path, problem.row, bool(problem.message)) == ("Annotations/1.xml", 2, True)
    assert trip.plan.num_annotations == 2


def test_what_has_no_partner_is_told() -> None:
    files = {
        **devkit(xml(thing(), filename="other.jpg")),
        "JPEGImages/alone.png": picture(65),
        "Annotations/gone.xml": xml(thing(), thing(), filename="gone.png"),
        "Annotations/1.png.xml": xml(thing()),
        "README.md": "read me",
        "Thumbs.db": b"x",
    }

    trip = read(Voc(), files)

    assert set(trip.samples) == {"1.png", "alone.png"}
    told = Counter((problem.code, problem.outcome, problem.level) for problem in trip.problems)
    assert told == {
        ("system_file", "rejected", "sample"): 1,
        ("not_an_image", "rejected", "sample"): 1,
        ("filename_differs", "warning", "sample"): 1,
        ("image_missing", "rejected", "sample"): 1,
        ("image_missing", "rejected", "annotation"): 2,
        ("annotation_repeated", "rejected", "sample"): 1,
        ("annotation_repeated", "rejected", "annotation"): 1,
        ("annotation_missing", "warning", "sample"): 1,
    }


def test_corners_at_0_raise_a_suspicion() -> None:
    assert codes(read(Voc(), devkit(xml(thing(box=(0, 5, 10, 20))))))["counted_from_zero"] == 1


@pytest.mark.parametrize("encoding", ["gbk", "shift_jis", "utf-16", "utf-8-sig"])
def test_xml_may_be_in_any_encoding_that_it_names(encoding: str) -> None:
    declared = "utf-8" if encoding == "utf-8-sig" else encoding
    text = f"<?xml version='1.0' encoding='{declared}'?>{xml(thing('猫'))}".encode(encoding)

    assert read(Voc(), devkit(text)).plan.classes == ("猫",)


def test_an_encoding_that_xml_does_not_name_can_be_told() -> None:
    trip = read(Voc(), devkit(xml(thing("猫")).encode("gbk")), FormatOptions(encoding="gbk"))

    assert trip.plan.classes == ("猫",)


def test_names_may_be_long_and_of_any_script() -> None:
    name = f"{'犬' * 296}.png"
    trip = read(Voc(), {f"JPEGImages/{name}": IMAGE, f"Annotations/{name[:-4]}.xml": xml(thing())})

    assert list(trip.samples) == [name]
    too_long = f"{'n' * 400}.png"
    trip = read(Voc(), {f"JPEGImages/{too_long}": IMAGE, f"Annotations/{too_long[:-4]}.xml": xml(thing())})
    assert not trip.samples
    told = Counter(
        (problem.code, problem.level) for problem in trip.problems if problem.outcome == "rejected"
    )
    assert told == {("name_too_long", "sample"): 1, ("name_too_long", "annotation"): 1}


places = st.floats(0, 31, width=64)
lengths = st.floats(2**-20, 16)
characters = st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff\ufeff")
labels = st.text(characters, min_size=1, max_size=20).map(str.strip).filter(bool)
boxes = st.builds(
    BoxAnnotation, label=labels, x=places, y=places, width=lengths, height=lengths, is_ignored=st.booleans()
)
stems = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="/\\:.\ufeff"), min_size=1)
names = st.lists(stems, min_size=1, max_size=3).map(lambda parts: "/".join(parts) + ".png")


@given(
    st.lists(
        st.tuples(
            names,
            st.lists(boxes, max_size=4, unique=True),
            st.sampled_from([None, "train", "val", "trainval", "fold-1"]),
        ),
        min_size=1,
        max_size=4,
        unique_by=lambda each: each[0].casefold(),
    )
)
def test_boxes_names_and_subsets_are_the_same_after_export_and_import(
    samples: list[tuple[str, list[BoxAnnotation], str | None]],
) -> None:
    left = [
        Sample(name, tuple(known), subset, width=48 + place)
        for place, (name, known, subset) in enumerate(samples)
    ]

    trip = round_trip(Voc(), content(left))

    assert not trip.losses
    assert not trip.problems
    arrived = {name: (each.annotations, each.subset, each.data) for name, each in trip.samples.items()}
    assert arrived == {each.name: (each.annotations, each.subset, each.read()) for each in left}


def test_a_name_of_nothing_but_a_space_is_listed() -> None:
    trip = round_trip(Voc(), content([Sample(" .png", subset="train")]))

    assert trip.samples[" .png"].subset == "train"
    assert not trip.problems


def test_folders_that_are_called_like_subsets_stay_folders() -> None:
    left = [Sample(f"{folder}/1.png", width=64 + place) for place, folder in enumerate(("train", "test"))]

    trip = round_trip(Voc(), content(left))

    assert {name: each.subset for name, each in trip.samples.items()} == {
        "train/1.png": None,
        "test/1.png": None,
    }


def test_what_voc_cannot_carry_is_told() -> None:
    box = BoxAnnotation(label="a\x01b", x=1, y=1, width=2, height=2)
    left = [
        Sample(
            "1.png", (LabelAnnotation(label="x"), CaptionAnnotation(text="y"), box), "valid", {"camera": 3}
        ),
        Sample("1.jpg", (), width=65),
        Sample("line\nbreak.png", (), "train", width=66),
    ]

    trip = round_trip(Voc(), content(left))

    assert {(loss.path, loss.code, loss.outcome) for loss in trip.losses} == {
        ("1.png", "annotation_lost", "rejected"),
        ("1.png", "fields_lost", "repaired"),
        ("1.png", "subset_renamed", "repaired"),
        ("1.png", "label_changed", "repaired"),
        ("1.png", "renamed", "repaired"),
        ("line\nbreak.png", "subset_lost", "repaired"),
    }
    assert len(trip.losses) == 7
    (written,) = trip.samples["1-2.png"].annotations
    assert written == box.model_copy(update={"label": "a_b"})
