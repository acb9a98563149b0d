"""What an export is asked for: a checkpoint, a format that can be made here, precision, what may be lost."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import TypeVar

import streamlit as st
from boundary import show_failure
from session import yard

from libs.common.contracts.checkpoints import Checkpoint
from libs.common.contracts.exports import Export, ExportOption, Precision
from libs.common.contracts.runs import Run
from libs.common.errors import BadInput, Conflict, NotFound
from ui.states import escaped

# What each is for; a format of another package says only its name.
USES = {
    "onnx": "For deployments here, and for every runtime that reads ONNX: one file, images in, answers out.",
    "openvino": "For processors and graphics of Intel, as a network of OpenVINO.",
    "tensorrt": "For one kind of NVIDIA GPU: the fastest there, and only there.",
    "torch_export": "For PyTorch without our code: a program that can be loaded, run and compiled.",
    "torchscript": "For C++ and older PyTorch, which run it without Python.",
}
PRECISIONS = {
    Precision.FP32: "FP32, as trained",
    Precision.FP16: "FP16, half the size",
    Precision.INT8: "INT8, a quarter",
}
NUM_COLUMNS = 3
PERCENT = 100
Item = TypeVar("Item")


def export_form(run: Run, checkpoints: Sequence[Checkpoint]) -> Export | None:
    """The export that was just begun."""
    offered = by_format(yard().exports.formats())
    chosen = format_cards(offered)
    options = {each.precision: each for each in offered[chosen]}
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="bottom"):
            checkpoint = checkpoint_choice(run, checkpoints)
            precision = precision_choice(options, chosen)
            tolerance = tolerance_choice(options[precision])
            st.space("stretch")
            is_wanted = st.button(
                "Export",
                type="primary",
                icon=":material/output:",
                key="export.begin",
                disabled=options[precision].reason is not None,
            )
        st.caption(promise(options[precision]))
    return begin(run, checkpoint, options[precision], tolerance) if is_wanted else None


def by_format(options: Sequence[ExportOption]) -> Mapping[str, list[ExportOption]]:
    """Those that can be made first."""
    found: dict[str, list[ExportOption]] = {}
    for option in sorted(options, key=lambda each: each.reason is not None):
        found.setdefault(option.format, []).append(option)
    return found


def format_cards(offered: Mapping[str, list[ExportOption]]) -> str:
    """One is chosen; why one cannot be is said on it."""
    possible = [format for format, options in offered.items() if any(not each.reason for each in options)]
    chosen = st.session_state.get("export.format")
    if chosen not in possible:
        chosen = possible[0] if possible else next(iter(offered))
    for row in batched(offered.items(), NUM_COLUMNS):
        for column, (format, options) in zip(st.columns(NUM_COLUMNS), row, strict=False):
            with column, st.container(border=True, height="stretch"):
                card(format, options, is_chosen=format == chosen)
    return chosen


def batched(items: Iterable[Item], count: int) -> Iterator[tuple[Item, ...]]:
    """Python has it from 3.12 on."""
    rest = iter(items)
    while row := tuple(islice(rest, count)):
        yield row


def card(format: str, options: Sequence[ExportOption], *, is_chosen: bool) -> None:
    reason = next((each.reason for each in options if each.reason), None)
    is_possible = any(not each.reason for each in options)
    st.button(
        title_of(options[0]),
        key=f"export.format.{format}",
        type="primary" if is_chosen else "secondary",
        icon=":material/check_circle:" if is_chosen else ":material/radio_button_unchecked:",
        disabled=not is_possible,
        width="stretch",
        on_click=lambda: st.session_state.update({"export.format": format}),
    )
    st.caption(USES.get(format, f"A file for {escaped(options[0].title)}."))
    kinds = ", ".join(each.precision.upper() for each in options)
    st.caption(
        f"{kinds}{' · can be deployed' if options[0].is_served else ''} · .{escaped(options[0].suffix)}"
    )
    if reason:
        st.caption(f":orange[:material/block: {escaped(reason)}]")


def title_of(option: ExportOption) -> str:
    return option.title.partition(",")[0]


def checkpoint_choice(run: Run, checkpoints: Sequence[Checkpoint]) -> str:
    names = [each.name for each in checkpoints]
    epochs = {each.name: each.epoch for each in checkpoints}
    asked = st.query_params.get("checkpoint")
    first = asked if asked in names else "best"
    return st.selectbox(
        "Checkpoint",
        names,
        index=names.index(first) if first in names else 0,
        format_func=lambda name: f"{name}, epoch {epochs[name] + 1}",
        key=f"export.checkpoint.{run.id}",
        width=190,
    )


def precision_choice(options: Mapping[Precision, ExportOption], format: str) -> Precision:
    chosen = st.segmented_control(
        "Precision",
        list(options),
        required=True,
        default=next(iter(options)),
        format_func=lambda each: PRECISIONS[each],
        key=f"export.precision.{format}",
    )
    return Precision(chosen)


def tolerance_choice(option: ExportOption) -> float | None:
    """None leaves it to format and precision."""
    value = st.number_input(
        "Metric may lose, points",
        0.0,
        float(PERCENT),
        None,
        placeholder=f"{option.metric_tolerance * PERCENT:g}",
        key=f"export.tolerance.{option.format}.{option.precision}",
        width=170,
        help="In hundredths of the task's metric. A file that loses more is refused and not kept.",
    )
    return None if value is None else value / PERCENT


def promise(option: ExportOption) -> str:
    registered = (
        "It becomes the next version of the run's model." if option.is_served else "It is kept for download."
    )
    calibrated = " Calibrated on samples of the train subset." if option.precision is Precision.INT8 else ""
    compared = "Compared with PyTorch on every sample of the test subset before it is kept."
    return f"{compared} {registered}{calibrated}"


def begin(run: Run, checkpoint: str, option: ExportOption, tolerance: float | None) -> Export | None:
    try:
        made = yard().exports.create(
            run.id,
            checkpoint=checkpoint,
            format=option.format,
            precision=option.precision,
            metric_tolerance=tolerance,
        )
    except (BadInput, Conflict, NotFound) as error:
        show_failure(error)
        return None
    st.session_state["export.told"] = f"Exporting {checkpoint} as {option.title}"
    return made
