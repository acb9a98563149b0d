"""Annotations against the image they belong to: what is kept, cut, refused, and what is said about it."""

import math
import time

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from libs.common.contracts.annotations import (
    Annotation,
    BoxAnnotation,
    CaptionAnnotation,
    KeypointsAnnotation,
    LabelAnnotation,
    MaskAnnotation,
    PolygonAnnotation,
    RotatedBoxAnnotation,
    TargetAnnotation,
)
from services.datasets.fitting import Fitted, fit
from services.datasets.formats.masks import mask_of
from services.datasets.formats.plan import Place

WIDTH, HEIGHT = 100, 80
SQUARE = ((10.0, 10.0), (30.0, 10.0), (30.0, 30.0), (10.0, 30.0))


def fitted(*annotations: Annotation, width: int = WIDTH, height: int = HEIGHT) -> Fitted:
    placed = [(annotation, Place("a.json", row)) for row, annotation in enumerate(annotations, 1)]
    return fit(placed, width, height)


def box(x: float, y: float, width: float, height: float) -> BoxAnnotation:
    return BoxAnnotation(label="a", x=x, y=y, width=width, height=height)


def polygon(*parts: tuple[tuple[float, float], ...]) -> PolygonAnnotation:
    return PolygonAnnotation(label="a", parts=parts)


def said(result: Fitted) -> list[tuple[str, str, int | None]]:
    assert all(problem.level == "annotation" and problem.path == "a.json" for problem in result.problems)
    return [(problem.code, problem.outcome, problem.row) for problem in result.problems]


def test_what_lies_inside_stays_exactly_as_it_is() -> None:
    annotations = (
        box(0, 0, WIDTH, HEIGHT),
        RotatedBoxAnnotation(label="a", cx=50, cy=40, width=20, height=10, angle=1),
        polygon(SQUARE, (*SQUARE[::-1], SQUARE[-1])),
        mask_of(np.eye(HEIGHT, WIDTH), "a"),
        KeypointsAnnotation(label="a", points=((0, 0, 0), (WIDTH, HEIGHT, 2), (-5, 5, 0))),
    )

    assert fitted(*annotations) == Fitted(annotations, ())


def test_what_has_no_place_passes() -> None:
    annotations = (
        LabelAnnotation(label="a"),
        CaptionAnnotation(text="a"),
        CaptionAnnotation(text="a"),
        TargetAnnotation(value=1),
    )

    assert fitted(*annotations, width=0, height=0) == Fitted(annotations, ())


@pytest.mark.parametrize(
    ("given", "wanted", "says"),
    [
        (box(-10, -5, 30, 30), box(0, 0, 20, 25), [("box_clipped", "repaired", 1)]),
        (box(90, 70, 30, 30), box(90, 70, 10, 10), [("box_clipped", "repaired", 1)]),
        (box(-0.4, 0, 30, 80.5), box(0, 0, 29.6, 80), []),
        (box(1, 1, 1e308, 1e308), box(1, 1, 99, 79), [("box_clipped", "repaired", 1)]),
        (box(100, 0, 5, 5), None, [("box_outside", "rejected", 1)]),
        (box(-5, 0, 5, 5), None, [("box_outside", "rejected", 1)]),
        (box(0, 1e300, 5, 5), None, [("box_outside", "rejected", 1)]),
    ],
)
def test_boxes_are_cut_at_the_edges(
    given: BoxAnnotation, wanted: BoxAnnotation | None, says: list[tuple[str, str, int]]
) -> None:
    result = fitted(given)

    assert result.annotations == ((wanted,) if wanted else ())
    assert said(result) == says


def test_a_rotated_box_stays_whole_as_long_as_some_of_it_shows() -> None:
    across = RotatedBoxAnnotation(label="a", cx=-1, cy=40, width=20, height=10, angle=0.3)
    outside = RotatedBoxAnnotation(label="a", cx=-20, cy=-20, width=20, height=10, angle=0.3)
    # Its upright hull reaches the image, the box does not.
    beside = RotatedBoxAnnotation(label="a", cx=-10, cy=-10, width=50, height=2, angle=-math.pi / 4)
    absurd = RotatedBoxAnnotation(label="a", cx=0, cy=0, width=1e300, height=1e300, angle=0.3)

    result = fitted(across, outside, beside, absurd)

    assert result.annotations == (across,)
    assert said(result) == [
        ("box_outside", "rejected", 2),
        ("box_outside", "rejected", 3),
        ("coordinates_absurd", "rejected", 4),
    ]


def test_a_polygon_is_cut_at_the_edges() -> None:
    result = fitted(polygon(SQUARE, ((90, 10), (120, 10), (120, 30), (90, 30))))

    (cut,) = result.annotations
    assert isinstance(cut, PolygonAnnotation)
    assert cut.parts[0] == SQUARE
    assert shapely.Polygon(cut.parts[1]).equals(shapely.box(90, 10, 100, 30))
    assert said(result) == [("polygon_clipped", "repaired", 1)]


def test_a_polygon_that_is_cut_in_two_has_two_parts() -> None:
    horseshoe = ((90, 10), (110, 10), (110, 50), (90, 50), (90, 40), (105, 40), (105, 20), (90, 20))

    (cut,) = fitted(polygon(horseshoe)).annotations

    assert isinstance(cut, PolygonAnnotation)
    assert sorted(shapely.Polygon(part).bounds for part in cut.parts) == [
        (90, 10, 100, 20),
        (90, 40, 100, 50),
    ]


def test_half_a_pixel_beyond_the_edge_is_cut_in_silence() -> None:
    result = fitted(polygon(((-0.4, 0), (100.5, 0), (100.5, 80.2), (-0.4, 80.2))))

    assert result == Fitted((polygon(((0, 0), (100, 0), (100, 80), (0, 80))),), ())


def test_a_polygon_that_crosses_itself_is_untangled() -> None:
    result = fitted(polygon(((0, 0), (10, 10), (10, 0), (0, 10))))

    (bow,) = result.annotations
    assert isinstance(bow, PolygonAnnotation)
    assert sum(shapely.Polygon(part).area for part in bow.parts) == pytest.approx(50)
    assert said(result) == [("polygon_repaired", "repaired", 1)]


def test_holes_are_filled_and_told() -> None:
    keyhole = ((0, 0), (30, 0), (30, 30), (0, 30), (0, 0), (10, 10), (10, 20), (20, 20), (20, 10), (10, 10))

    result = fitted(polygon(keyhole))

    (filled,) = result.annotations
    assert isinstance(filled, PolygonAnnotation)
    assert shapely.Polygon(filled.parts[0]).equals(shapely.box(0, 0, 30, 30))
    assert "holes were filled" in result.problems[0].message


@pytest.mark.parametrize(
    ("parts", "code"),
    [
        ((((1, 1), (5, 5), (9, 9)),), "polygon_empty"),
        ((((1, 1), (1, 1), (1, 1)),), "polygon_empty"),
        ((((1, 1), (5, 5), (1, 1)),), "polygon_empty"),
        ((((110, 0), (120, 0), (120, 9)),), "polygon_outside"),
        ((), "polygon_empty"),
        ((((0, 0), (1e308, 0), (0, -1e308)),), "coordinates_absurd"),
    ],
)
def test_a_polygon_of_which_nothing_shows_is_refused(parts: tuple, code: str) -> None:
    result = fitted(polygon(*parts))

    assert result.annotations == ()
    assert said(result) == [(code, "rejected", 1)]


def test_a_part_without_area_is_dropped_and_told() -> None:
    result = fitted(polygon(SQUARE, ((1, 1), (5, 5), (9, 9))))

    assert result.annotations == (polygon(SQUARE),)
    assert said(result) == [("polygon_part_dropped", "repaired", 1)]


def test_a_scribble_is_refused_before_it_takes_a_minute() -> None:
    scribble = np.random.default_rng(0).uniform(0, 80, (5000, 2)).tolist()
    large = [(50 + 30 * math.cos(angle), 40 + 30 * math.sin(angle)) for angle in np.linspace(0, 6.28, 50_000)]
    started = time.monotonic()

    result = fitted(polygon(tuple(map(tuple, scribble))), polygon(tuple(large)))

    assert said(result) == [("polygon_tangled", "rejected", 1)]
    assert len(result.annotations) == 1
    assert time.monotonic() - started < 30


def test_masks_have_the_size_of_their_image_and_a_pixel() -> None:
    good = mask_of(np.eye(HEIGHT, WIDTH), "a")
    turned = mask_of(np.eye(WIDTH, HEIGHT), "a")
    empty = mask_of(np.zeros((HEIGHT, WIDTH)), "a")
    broken = MaskAnnotation(label="a", width=WIDTH, height=HEIGHT, rle="?")

    result = fitted(good, turned, empty, broken)

    assert result.annotations == (good,)
    assert said(result) == [
        ("mask_size", "rejected", 2),
        ("mask_empty", "rejected", 3),
        ("mask_malformed", "rejected", 4),
    ]


def test_keypoints_outside_become_absent() -> None:
    some = KeypointsAnnotation(label="a", points=((5, 5, 2), (120, 5, 1), (100.3, 5, 2)))
    none = KeypointsAnnotation(label="a", points=((-5, 5, 2), (0, 0, 0)))

    result = fitted(some, none)

    assert result.annotations == (KeypointsAnnotation(label="a", points=((5, 5, 2), (0, 0, 0), (100, 5, 2))),)
    assert said(result) == [("keypoints_outside", "repaired", 1), ("keypoints_outside", "rejected", 2)]


def test_what_is_there_twice_is_kept_once() -> None:
    place = Place("a.txt")

    result = fit([(box(1, 1, 2, 2), place), (box(1, 1, 2, 3), place), (box(1, 1, 2, 2), place)], 9, 9)

    assert result.annotations == (box(1, 1, 2, 2), box(1, 1, 2, 3))
    (problem,) = result.problems
    assert (problem.code, problem.outcome) == ("annotation_repeated", "duplicate")


far = st.floats(-150, 250)
rings = st.lists(st.tuples(far, far), min_size=3, max_size=8).map(tuple)


@given(st.lists(rings, min_size=1, max_size=3))
def test_what_was_fitted_fits(parts: list) -> None:
    once = fitted(polygon(*parts))
    for annotation in once.annotations:
        assert isinstance(annotation, PolygonAnnotation)
        for part in annotation.parts:
            shape = shapely.Polygon(part)
            assert shape.area > 0
            assert all(0 <= x <= WIDTH and 0 <= y <= HEIGHT for x, y in part)


@given(far, far, st.floats(0.01, 300), st.floats(0.01, 300))
def test_a_fitted_box_is_what_it_shares_with_the_image(
    x: float, y: float, width: float, height: float
) -> None:
    shared = shapely.box(x, y, x + width, y + height).intersection(shapely.box(0, 0, WIDTH, HEIGHT))

    result = fitted(box(x, y, width, height))

    assert len(result.annotations) == (shared.area > 0)
    for annotation in result.annotations:
        assert isinstance(annotation, BoxAnnotation)
        left, top = annotation.x, annotation.y
        assert (left, top, left + annotation.width, top + annotation.height) == pytest.approx(shared.bounds)
    assert fit([(each, Place("a")) for each in result.annotations], WIDTH, HEIGHT).problems == ()
