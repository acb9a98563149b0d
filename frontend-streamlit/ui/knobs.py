"""A task's JSON Schema as knobs that a form can draw: kind, limits, choices, and when each matters."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

Kind = Literal["switch", "choice", "text", "integer", "number", "json"]
Path = tuple[str, ...]
REFERENCE = "#/$defs/"
# Of those that name none.
REST = "Other"
# Units that names spell out and that stand beside the title anyway.
UNITS = {
    "°": "_degrees",
    "°C": "_celsius",
    "s": "_seconds",
    "h": "_hours",
    "days": "_days",
    "epochs": "_epochs",
    "bytes": "_bytes",
}


@dataclass(frozen=True)
class Knob:
    """`nothing` is what an empty field stands for, None or a word such as `auto`, if it `has_nothing`.

    `when` names knobs and their values for which this one has an effect; by all others it is not shown.
    """

    path: Path
    title: str
    description: str
    group: str
    unit: str
    is_advanced: bool
    kind: Kind
    default: Any
    minimum: float | None = None
    maximum: float | None = None
    choices: tuple[Any, ...] = ()
    suggestions: tuple[str, ...] = ()
    has_nothing: bool = False
    nothing: str | None = None
    when: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """As errors call it, without the leading `config`."""
        return ".".join(self.path)

    def matters(self, values: Mapping[Path, Any]) -> bool:
        """`values` are those of all knobs; `when` speaks of neighbours, or of the top."""
        return all(
            values.get((*self.path[:-1], other), values.get((other,))) in wanted
            for other, wanted in self.when.items()
        )


def knobs_of(schema: Mapping[str, Any]) -> tuple[Knob, ...]:
    """In the order of the schema; groups of knobs inside it are flattened."""
    return tuple(_knobs(schema, schema.get("$defs", {}), (), ""))


def at(config: Mapping[str, Any], path: Path) -> Any:
    """Raises KeyError where the config says nothing."""
    value: Any = config
    for part in path:
        value = value[part]
    return value


def said(config: Mapping[str, Any], knob: Knob) -> Any:
    """What a config says of a knob, else its default."""
    try:
        return at(config, knob.path)
    except (KeyError, TypeError):
        return knob.default


def differences(
    knobs: tuple[Knob, ...], values: Mapping[Path, Any], base: Mapping[str, Any]
) -> dict[str, Any]:
    """Nested as the API takes it: only what differs from `base` and the defaults."""
    changed: dict[str, Any] = {}
    for knob in knobs:
        if values[knob.path] == said(base, knob):
            continue
        place = changed
        for part in knob.path[:-1]:
            place = place.setdefault(part, {})
        place[knob.path[-1]] = values[knob.path]
    return changed


def _knobs(schema: Mapping[str, Any], parts: Mapping[str, Any], path: Path, group: str) -> Iterator[Knob]:
    for name, found in schema.get("properties", {}).items():
        own = _resolved(found, parts)
        place = (*path, name)
        if own.get("type") == "object" and "properties" in own:
            yield from _knobs(own, parts, place, found.get("group", group))
        elif "propertyNames" in own:
            yield from _named(own, parts, place, group)
        else:
            yield _knob(own, parts, place, group)


def _named(own: Mapping[str, Any], parts: Mapping[str, Any], path: Path, group: str) -> Iterator[Knob]:
    """A value for each of some names, or none: one knob a name."""
    for name in _resolved(own["propertyNames"], parts).get("enum", ()):
        value = {**own["additionalProperties"], "description": own.get("description", "")}
        knob = _knob(value, parts, (*path, name), group)
        yield replace(knob, title=f"{_title(path[-1], '')}: {name}", has_nothing=True)


def _knob(own: Mapping[str, Any], parts: Mapping[str, Any], path: Path, group: str) -> Knob:
    main, has_nothing, nothing = _main(own, parts)
    unit = own.get("unit") or main.get("unit", "")
    return Knob(
        path=path,
        title=_title(path[-1], unit),
        description=own.get("description", ""),
        group=own.get("group") or group or REST,
        unit=unit,
        is_advanced=bool(own.get("advanced")),
        kind=_kind(main),
        default=own.get("default"),
        minimum=_limit(main, "minimum", "exclusiveMinimum"),
        maximum=_limit(main, "maximum", "exclusiveMaximum"),
        choices=tuple(main.get("enum", ())) or ((main["const"],) if "const" in main else ()),
        suggestions=tuple(own.get("examples", main.get("examples", ()))),
        has_nothing=has_nothing,
        nothing=nothing,
        when={other: tuple(values) for other, values in own.get("when", {}).items()},
    )


def _resolved(found: Mapping[str, Any], parts: Mapping[str, Any]) -> Mapping[str, Any]:
    reference = found.get("$ref", "")
    if not reference.startswith(REFERENCE):
        return found
    return {**parts.get(reference.removeprefix(REFERENCE), {}), **found}


def _main(own: Mapping[str, Any], parts: Mapping[str, Any]) -> tuple[Mapping[str, Any], bool, str | None]:
    """Of `number or null` and `number or "auto"` the number, and what stands for no number."""
    options = [_resolved(each, parts) for each in own.get("anyOf", ())]
    if not options:
        return own, False, None
    words = [each for each in options if each.get("type") == "null" or "const" in each]
    others = [each for each in options if each not in words]
    if len(others) != 1 or len(words) != 1:
        return {}, False, None
    return others[0], True, words[0].get("const")


def _kind(main: Mapping[str, Any]) -> Kind:
    if "enum" in main or "const" in main:
        return "choice"
    match main.get("type"):
        case "boolean":
            return "switch"
        case "integer":
            return "integer"
        case "number":
            return "number"
        case "string":
            return "text"
        case _:
            return "json"


def _limit(main: Mapping[str, Any], *names: str) -> float | None:
    return next((main[name] for name in names if name in main), None)


def _title(name: str, unit: str) -> str:
    """`early_stopping_patience` reads `Early stopping patience`; what only programmers need is left out."""
    words = name.removeprefix("is_").removesuffix(UNITS.get(unit, "")).replace("_", " ")
    words = f"number of {words[4:]}" if words.startswith("num ") else words
    return words[:1].upper() + words[1:]
