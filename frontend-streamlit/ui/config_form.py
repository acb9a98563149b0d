"""The form of a task's knobs: grouped, each with its unit and what it does, the rare ones behind a lid."""

import json
from collections.abc import Mapping
from itertools import groupby
from typing import Any

import streamlit as st

from ui.knobs import REST, Knob, Path, said
from ui.states import escaped

COLUMNS = 3
FIRST = ("Model", "Training")


def config_form(
    knobs: tuple[Knob, ...], base: Mapping[str, Any], problems: Mapping[str, str], *, key: str
) -> dict[Path, Any]:
    """Every knob's value; fields show `base` at first, and what the last try was refused for.

    Another `key` begins anew: whoever chooses another preset sees that preset.
    """
    values = {knob.path: st.session_state.get(_key(key, knob), said(base, knob)) for knob in knobs}
    for group, members in groupby(sorted(knobs, key=_place_of_group(knobs)), key=lambda knob: knob.group):
        own = list(members)
        shown = [knob for knob in own if knob.matters(values)]
        usual = [knob for knob in shown if not knob.is_advanced]
        rare = [knob for knob in shown if knob.is_advanced]
        with st.container(border=True):
            if group != REST or len({knob.group for knob in knobs}) > 1:
                st.markdown(f"**{escaped(group)}**")
            _draw(usual, base, problems, values, key)
            if rare:
                wrong = any(knob.name in problems for knob in rare)
                with st.expander(f"More of {group.lower()}", expanded=wrong, key=f"{key}.more.{group}"):
                    _draw(rare, base, problems, values, key)
    return values


def _draw(
    knobs: list[Knob], base: Mapping[str, Any], problems: Mapping[str, str], values: dict[Path, Any], key: str
) -> None:
    for start in range(0, len(knobs), COLUMNS):
        for column, knob in zip(
            st.columns(COLUMNS, vertical_alignment="bottom"), knobs[start : start + COLUMNS], strict=False
        ):
            with column:
                values[knob.path] = _field(knob, said(base, knob), _key(key, knob))
                if knob.name in problems:
                    st.caption(f":red[{escaped(problems[knob.name])}]")


def _field(knob: Knob, value: Any, key: str) -> Any:
    label = f"{knob.title} ({knob.unit})" if knob.unit else knob.title
    match knob.kind:
        case "switch":
            return st.toggle(label, bool(value), key=key, help=knob.description)
        case "choice":
            return _choice(knob, label, value, key)
        case "integer" | "number":
            return _number(knob, label, value, key)
        case "text" if knob.suggestions:
            return _suggested(knob, label, value, key)
        case "text":
            return st.text_input(label, value or "", key=key, help=knob.description) or knob.nothing
        case "json":
            return _json(knob, label, value, key)


def _choice(knob: Knob, label: str, value: Any, key: str) -> Any:
    options = [*([knob.nothing] if knob.has_nothing else []), *knob.choices]
    return st.selectbox(
        label,
        options,
        index=options.index(value) if value in options else 0,
        key=key,
        help=knob.description,
        format_func=_word,
    )


def _suggested(knob: Knob, label: str, value: str | None, key: str) -> str | None:
    """A list to choose from that does not forbid what is not on it."""
    options = [*knob.suggestions, *([value] if value and value not in knob.suggestions else [])]
    return st.selectbox(
        label,
        options,
        index=options.index(value) if value in options else None,
        key=key,
        help=knob.description,
        accept_new_options=True,
    )


def _number(knob: Knob, label: str, value: Any, key: str) -> Any:
    """An empty field is the knob's word for no number, which the field says."""
    is_whole = knob.kind == "integer"
    convert = int if is_whole else float
    given = None if value is None or isinstance(value, str) else convert(value)
    found = st.number_input(
        label,
        min_value=None if knob.minimum is None else convert(knob.minimum),
        max_value=None if knob.maximum is None else convert(knob.maximum),
        value=given,
        step=1 if is_whole else _step(given),
        format=None if is_whole else "%g",
        placeholder=_word(knob.nothing) if knob.has_nothing else None,
        key=key,
        help=knob.description,
    )
    if found is None:
        return knob.nothing if knob.has_nothing else said({}, knob)
    return found


def _step(value: float | None) -> float:
    """A click changes the second digit of what is there: 0.003 goes to 0.0031, 45 to 46."""
    if not value:
        return 0.1
    digits = f"{abs(value):.0e}"
    return float(f"1{digits[digits.index('e') :]}") / 10


def _json(knob: Knob, label: str, value: Any, key: str) -> Any:
    """For what no simpler field fits; what is no JSON goes as it is typed, and is refused in words."""
    text = st.text_input(label, json.dumps(value), key=key, help=knob.description)
    try:
        return json.loads(text)
    except ValueError:
        return text


def _word(value: Any) -> str:
    return "none" if value is None else str(value).replace("_", " ") if isinstance(value, str) else str(value)


def _key(key: str, knob: Knob) -> str:
    return f"{key}.{knob.name}"


def _place_of_group(knobs: tuple[Knob, ...]) -> Any:
    """What people choose first comes first, the others in the order in which they are named."""
    order = list(dict.fromkeys([*FIRST, *(knob.group for knob in knobs)]))
    return lambda knob: order.index(knob.group)
