"""How a sample is told to the browser's components."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from comp.shown import MOST_POINTS, MOST_SHAPES, Tones, fields_of, kind_of, line_of, outlines_of, shapes_of

from libs.common.contracts.annotations import (
    BoxAnnotation,
    CaptionAnnotation,
    LabelAnnotation,
    MaskAnnotation,
    PolygonAnnotation,
    TargetAnnotation,
)
from libs.common.contracts.samples import Sample
from libs.common.ids import new_id

TONES = Tones(("cat", "dog"))


def sample(**changes: Any) -> Sample:
    given = {
        "id": new_id(),
        "dataset_id": new_id(),
        "name": "a/b.png",
        "media_type": "image/png",
        "size_bytes": 12,
        "width": 4,
        "height": 3,
        "sha256": "0" * 64,
        "version": 1,
        "annotations": (),
        "created_at": datetime(2026, 1, 1, tzinfo=UTC),
    }
    return Sample(**{**given, **changes})


def circle(num_points: int) -> PolygonAnnotation:
    ring = tuple((float(step), float(step % 7)) for step in range(num_points))
    return PolygonAnnotation(label="cat", parts=(ring,))


def mask(letters: int) -> MaskAnnotation:
    return MaskAnnotation(label="dog", width=9, height=9, rle="1" * letters)


@pytest.mark.parametrize(
    ("media_type", "excerpt", "kind"),
    [
        ("image/tiff", None, "image"),
        ("text/plain", '{"a": 1}', "text"),
        ("application/json", '{"a": 1}', "row"),
        ("application/json", "[1, 2", "text"),
    ],
)
def test_a_sample_is_shown_by_what_its_bytes_are(media_type, excerpt, kind):
    assert kind_of(sample(media_type=media_type, excerpt=excerpt)) == kind


def test_a_row_that_was_cut_off_shows_its_fields():
    row = sample(media_type="application/json", excerpt='{"area": 12, "tex', fields={"area": 12})
    assert fields_of(row) == [("area", "12")]


def test_values_read_as_people_write_them():
    excerpt = json.dumps({"a": None, "b": True, "c": 0.1 + 0.2, "d": "x", "e": [1]})
    lines = fields_of(sample(media_type="application/json", excerpt=excerpt))
    assert lines == [("a", "–"), ("b", "yes"), ("c", "0.3"), ("d", "x"), ("e", "[1]")]


def test_an_excerpt_nested_too_deep_is_text():
    deep = "[" * 100_000
    assert fields_of(sample(media_type="application/json", excerpt=deep)) == []


def test_a_sample_without_a_class_is_told_by_caption_or_target():
    caption, target = CaptionAnnotation(text="a quay"), TargetAnnotation(name="price", value=241_950)
    assert line_of(sample(annotations=(target, caption))) == "a quay"
    assert line_of(sample(annotations=(target,))) == "price 241,950"
    assert line_of(sample(annotations=(LabelAnnotation(label="cat"),))) == ""


def test_a_class_has_one_colour_and_an_unknown_one_that_behind_the_last():
    assert [TONES.of(label) for label in ("cat", "dog", "cow")] == [0, 1, 2]


def test_every_annotation_is_shown_whole_in_the_large_view():
    shapes = shapes_of((circle(500), LabelAnnotation(label="dog")), TONES)
    assert len(shapes[0]["parts"][0]) == 500
    assert [shape["tone"] for shape in shapes] == [0, 1]


def test_a_thumbnail_has_coarse_rings_few_shapes_and_small_masks():
    box = BoxAnnotation(label="cat", x=0, y=0, width=1, height=1)
    shown = outlines_of((circle(500), mask(15_000), mask(15_000), LabelAnnotation(label="cat")), TONES)
    assert [shape["type"] for shape in shown] == ["polygon", "mask"]
    assert 3 <= len(shown[0]["parts"][0]) <= MOST_POINTS
    assert len(outlines_of((box,) * 500, TONES)) == MOST_SHAPES


def test_a_triangle_stays_a_triangle():
    assert len(outlines_of((circle(3),), TONES)[0]["parts"][0]) == 3
