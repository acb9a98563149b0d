"""What an evaluation is asked for: a checkpoint that exists, subsets that hold something, how to compute."""

from collections.abc import Sequence

import streamlit as st
from boundary import show_failure
from session import yard

from libs.common.contracts.checkpoints import Checkpoint
from libs.common.contracts.evaluations import Evaluation
from libs.common.contracts.runs import Run
from libs.common.errors import BadInput, Conflict, NotFound
from ui.devices import AUTO, devices
from ui.metric_names import Specs, ordered, specs_of, title_of
from ui.states import escaped

LARGEST_BATCH = 4096
FIRST = ("best", "last")
USUAL = ("train", "val", "test")


def evaluation_form(run: Run, checkpoints: Sequence[Checkpoint], *, key: str) -> Evaluation | None:
    """The evaluation that was just begun."""
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="bottom"):
            checkpoint = _checkpoint(run, checkpoints, f"{key}.checkpoint.{run.id}")
            batch_size = st.number_input(
                "Batch size",
                1,
                LARGEST_BATCH,
                None,
                placeholder="by itself",
                key=f"{key}.batch.{run.id}",
                width=130,
                help="Samples at once; it changes how fast it goes, not what is found.",
            )
            device = st.selectbox(
                "Device",
                devices(),
                key=f"{key}.device",
                width=130,
                help="`auto` takes whatever is free first.",
            )
        with st.container(horizontal=True, vertical_alignment="center"):
            subsets = _subsets(run, f"{key}.subset.{run.id}")
            st.space("stretch")
            is_started = st.button(
                "Evaluate",
                type="primary",
                icon=":material/play_arrow:",
                key=f"{key}.start",
                disabled=not subsets,
                help=None if subsets else "Tick a subset to evaluate on",
            )
    return _begin(run, checkpoint, subsets, batch_size, device) if is_started else None


def _checkpoint(run: Run, checkpoints: Sequence[Checkpoint], key: str) -> str:
    """The one to be used first; the others as they were made."""
    found = {each.name: each for each in checkpoints}
    names = [*(name for name in FIRST if name in found), *(name for name in found if name not in FIRST)]
    specs = specs_of(run.task)
    return st.selectbox(
        "Checkpoint", names, format_func=lambda name: _told(found[name], specs), key=key, width=290
    )


def _told(checkpoint: Checkpoint, specs: Specs) -> str:
    parts = [checkpoint.name, f"epoch {checkpoint.epoch + 1}"]
    if key := next(iter(ordered(checkpoint.metrics, specs)), None):
        parts.append(f"{title_of(key, specs).lower()} {checkpoint.metrics[key]:.4f}")
    return " · ".join(parts)


def _subsets(run: Run, key: str) -> tuple[str, ...]:
    """Those the model was not made with are ticked."""
    held_out = run.data.held_out
    ticked = [
        name
        for name, count in sorted(run.data.subset_counts.items(), key=_place)
        if st.checkbox(
            f"{escaped(name)} :gray[{count:,}]",
            value=name in held_out,
            disabled=not count,
            key=f"{key}.{name}",
            help=None if count else "This subset is empty",
            width="content",
        )
        and count
    ]
    return tuple(ticked)


def _place(subset: tuple[str, int]) -> tuple[int, str]:
    """Those that every split has first."""
    return (USUAL.index(subset[0]) if subset[0] in USUAL else len(USUAL), subset[0])


def _begin(
    run: Run, checkpoint: str, subsets: tuple[str, ...], batch_size: int | None, device: str
) -> Evaluation | None:
    try:
        return yard().evaluations.create(
            run.id,
            checkpoint=checkpoint,
            subsets=subsets,
            batch_size=batch_size,
            device=None if device == AUTO else device,
        )
    except (BadInput, Conflict, NotFound) as error:
        show_failure(error)
        return None
