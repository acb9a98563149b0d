"""Annotations, fields and samples of every kind, for properties of formats."""

from hypothesis import strategies as st

from libs.common.contracts.annotations import (
    BoxAnnotation,
    CaptionAnnotation,
    KeypointsAnnotation,
    LabelAnnotation,
    LabelsAnnotation,
    MaskAnnotation,
    PolygonAnnotation,
    RotatedBoxAnnotation,
    TargetAnnotation,
    TextAnnotation,
)

# What PostgreSQL and UTF-8 can hold: no NUL, no half characters.
characters = st.characters(exclude_categories=("Cs",), exclude_characters="\0")
words = st.text(characters, min_size=1, max_size=12)
texts = st.text(characters, min_size=1, max_size=60).filter(str.strip)
numbers = st.floats(allow_nan=False, allow_infinity=False)
inside = st.floats(1, 20)
scalars = (
    st.none() | st.booleans() | st.integers(1 - 2**63, 2**63 - 1) | numbers | st.text(characters, max_size=12)
)
fields = st.dictionaries(words, scalars, max_size=3)
subsets = st.none() | st.from_regex(r"[a-z][a-z0-9_-]{0,8}", fullmatch=True)

labels = st.builds(LabelAnnotation, label=words)
many_labels = st.builds(LabelsAnnotation, labels=st.lists(words, max_size=3, unique=True).map(tuple))
targets = st.builds(TargetAnnotation, name=words, value=numbers)
by_type = {
    "label": labels,
    "labels": many_labels,
    "target": targets,
    "box": st.builds(
        BoxAnnotation, label=words, x=inside, y=inside, width=inside, height=inside, is_ignored=st.booleans()
    ),
    "rotated_box": st.builds(
        RotatedBoxAnnotation, label=words, cx=inside, cy=inside, width=inside, height=inside, angle=inside
    ),
    "polygon": st.builds(
        PolygonAnnotation,
        label=words,
        parts=st.lists(
            st.lists(st.tuples(inside, inside), min_size=3, max_size=4).map(tuple), min_size=1, max_size=2
        ).map(tuple),
    ),
    "mask": st.builds(
        MaskAnnotation, label=words, width=st.just(64), height=st.just(48), rle=st.just("PPY1")
    ),
    "keypoints": st.builds(
        KeypointsAnnotation,
        label=words,
        points=st.lists(st.tuples(inside, inside, st.sampled_from([0, 1, 2])), max_size=3).map(tuple),
    ),
    "caption": st.builds(CaptionAnnotation, text=texts),
    "text": st.builds(TextAnnotation, text=texts),
}
TYPES = by_type.keys()
every = st.one_of(*by_type.values())
# Mostly those that tables have columns for.
likely = labels | many_labels | targets | every
