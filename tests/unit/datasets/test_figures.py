"""Figures: sums, so that adding and taking away lead back to where one began."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from libs.common.contracts.annotations import BoxAnnotation, LabelAnnotation, LabelsAnnotation
from libs.common.ids import new_id
from services.datasets.figures import MOST_BINS, Figures
from services.datasets.handover import PackedSample

LABELS = st.sampled_from(["cat", "dog", "ü"])
ANNOTATIONS = st.one_of(
    st.builds(LabelAnnotation, label=LABELS),
    st.builds(LabelsAnnotation, labels=st.lists(LABELS, max_size=2, unique=True).map(tuple)),
    st.builds(BoxAnnotation, label=LABELS, x=st.just(0), y=st.just(0), width=st.just(1), height=st.just(1)),
)


@st.composite
def samples(draw: Any) -> PackedSample:
    is_image = draw(st.booleans())
    return PackedSample(
        name="n",
        sha256="0" * 64,
        size_bytes=draw(st.integers(0, 1000)),
        media_type="image/png" if is_image else "text/plain",
        width=draw(st.integers(1, 300)) if is_image else 0,
        height=draw(st.integers(1, 300)) if is_image else 0,
        offset=0,
        thumbnail_offset=0,
        thumbnail_size_bytes=0,
        hash=None,
        language=None if is_image else draw(st.sampled_from(["de", "en"])),
        excerpt=None,
        subset=draw(st.sampled_from([None, "train", "test"])),
        fields={},
        annotations=tuple(draw(st.lists(ANNOTATIONS, max_size=3))),
    )


def figures(of: list[PackedSample]) -> Figures:
    counted = Figures()
    for sample in of:
        counted.add(sample, sample.annotations)
    return counted


@given(st.lists(samples(), max_size=6), st.lists(samples(), max_size=6))
def test_what_is_taken_away_again_leaves_no_trace(
    kept: list[PackedSample], others: list[PackedSample]
) -> None:
    counted = figures([*kept, *others])
    for sample in others:
        counted.add(sample, sample.annotations, -1)

    assert counted.as_json() == figures(kept).as_json()


@given(st.lists(samples(), max_size=6), st.lists(samples(), max_size=6))
def test_two_parts_counted_apart_are_the_whole(one: list[PackedSample], other: list[PackedSample]) -> None:
    joined = figures(one).joined(figures(other))

    assert joined.as_json() == figures([*one, *other]).as_json()
    assert Figures.of_json(joined.as_json()).as_json() == joined.as_json()


@given(st.lists(samples(), max_size=12))
def test_stats_count_every_image_once(of: list[PackedSample]) -> None:
    stats = figures(of).stats(new_id(), 1)

    images = [sample for sample in of if sample.width]
    assert (
        sum(each.count for each in stats.widths) == sum(each.count for each in stats.heights) == len(images)
    )
    assert len(stats.widths) <= MOST_BINS
    assert stats.min_width == min((sample.width for sample in images), default=0)
    assert stats.max_height == max((sample.height for sample in images), default=0)
    assert sum(each.count for each in stats.media_types) == stats.num_samples == len(of)
    assert stats.num_annotations == sum(len(sample.annotations) for sample in of)
