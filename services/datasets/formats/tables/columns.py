"""What the columns of a table are: as the options say, else guessed from their names and first values.

A heading of ours says it outright: `sample_name`, `labels[|]` (several labels, and what separates them),
`target.<name>`, `field.<name>`, `row.<name>`. Guessed are, by their usual names and by what is in them:
the path of a file, an image inside the table, a text, captions, labels (several 0/1 columns beside a path or
a text are one label each), numeric targets, the subset. Every other column is a field of the sample.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import isfinite

from libs.common.contracts.imports import FormatOptions, Modality
from services.datasets.formats.lookup import is_image_path
from services.datasets.formats.tables.cells import CellIsBad, is_empty, is_flag, number_of
from services.datasets.formats.tables.headings import (
    CAPTIONS,
    LABELS,
    MANY_LABELS,
    OWN_LABELS,
    PATHS,
    SAMPLE_NAME,
    SEPARATORS,
    SUBSETS,
    TARGET,
    TARGETS,
    TEXTS,
    is_ours,
)

# A text in one column beside at most so many others is the sample, whatever its name.
FEW_COLUMNS = 3
WORDS_OF_A_TEXT = 4
MOST_SUBSETS = 20


@dataclass(frozen=True)
class Roles:
    """Columns by what they are; `own_labels` is a heading of ours, where an empty cell is no answer."""

    columns: tuple[str, ...]
    path: str | None = None
    text: str | None = None
    name: str | None = None
    caption: str | None = None
    label: str | None = None
    labels: tuple[str, ...] = ()
    own_labels: str | None = None
    separator: str | None = None
    flags: tuple[str, ...] = ()
    targets: Mapping[str, str] = field(default_factory=dict)
    subset: str | None = None
    guesses: tuple[str, ...] = ()

    @property
    def modality(self) -> Modality:
        if self.path is not None:
            return "image_text" if self.caption is not None else "image"
        return "text" if self.text is not None else "tabular"

    @property
    def taken(self) -> frozenset[str]:
        alone = (self.path, self.text, self.name, self.caption, self.label, self.own_labels, self.subset)
        return frozenset({*alone, *self.labels, *self.flags, *self.targets} - {None})  # type: ignore[arg-type]


@dataclass(frozen=True)
class Look:
    """The beginning of a table: values by column, and what its schema says of them."""

    columns: tuple[str, ...]
    rows: Sequence[Mapping[str, object]]
    images: tuple[str, ...] = ()
    classes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    is_file: Callable[[object], bool] = lambda _: False

    def values(self, column: str) -> list[object]:
        found = (row.get(column) for row in self.rows)
        return [value for value in found if not is_empty(value)]

    def named(self, names: Sequence[str]) -> Iterator[str]:
        """Columns with one of these names, in the order of the names."""
        by_name = {column.strip().lower(): column for column in reversed(self.columns)}
        yield from (by_name[name] for name in names if name in by_name)


def roles_of(look: Look, options: FormatOptions) -> Roles:
    """Columns that the options name and this table lacks are left out; somebody else tells them."""
    roles = _told(look, options)
    for guess in (_path, _text, _caption, _labels, _flags, _target, _subset):
        found = guess(look, roles, options)
        if found is None:
            continue
        guessed, told = found
        guesses = roles.guesses if told is None else (*roles.guesses, told)
        roles = replace(guessed, guesses=guesses)
    return roles


def _told(look: Look, options: FormatOptions) -> Roles:
    there = frozenset(look.columns)
    labels = tuple(column for column in options.label_columns if column in there)
    targets = {column: column for column in options.target_columns if column in there}
    targets |= {column: column[len(TARGET) :] for column in look.columns if column.startswith(TARGET)}
    own = next((column for column in look.columns if OWN_LABELS.fullmatch(column)), None)
    roles = Roles(
        columns=look.columns,
        path=_if_there(options.path_column, there),
        text=_if_there(options.text_column, there),
        name=_if_there(SAMPLE_NAME, there),
        caption=_if_there(options.caption_column, there),
        own_labels=own,
        targets=targets,
        subset=_if_there(options.subset_column, there),
    )
    if roles.text is not None and roles.path is not None and roles.caption is None:
        roles = replace(roles, text=None, caption=roles.text)
    return _with_labels(look, roles, labels, options.label_separator) if labels else roles


def _if_there(column: str | None, there: frozenset[str]) -> str | None:
    return column if column in there else None


def _with_labels(look: Look, roles: Roles, columns: tuple[str, ...], separator: str | None) -> Roles:
    if len(columns) > 1 and all(is_flag(value) for column in columns for value in look.values(column)):
        return replace(roles, flags=columns)
    if len(columns) > 1 or separator is not None or _has_lists(look, *columns):
        return replace(roles, labels=columns, separator=separator)
    return replace(roles, label=next(iter(columns)))


Guess = tuple[Roles, str | None]


def _path(look: Look, roles: Roles, options: FormatOptions) -> Guess | None:
    if roles.path is not None or roles.text is not None:
        return None
    if look.images:
        return replace(roles, path=look.images[0]), None
    free = [column for column in look.columns if column not in roles.taken and not is_ours(column)]
    named = [column for column in look.named(PATHS) if column in free]
    found = next((column for column in (*named, *free) if _are_files(look, column)), None)
    found = found or next((column for column in named if _are_image_paths(look, column)), None)
    return (
        (replace(roles, path=found), f"column {found!r} is taken as the path of the file") if found else None
    )


def _are_files(look: Look, column: str) -> bool:
    values = look.values(column)
    return bool(values) and 2 * sum(look.is_file(value) for value in values) >= len(values)


def _are_image_paths(look: Look, column: str) -> bool:
    """Also when none of the files is there: that is to be told of every row."""
    values = look.values(column)
    return bool(values) and all(isinstance(value, str) and is_image_path(value) for value in values)


def _text(look: Look, roles: Roles, options: FormatOptions) -> Guess | None:
    if roles.text is not None or roles.path is not None:
        return None
    named = (column for column in look.named(TEXTS) if column not in roles.taken and _are_texts(look, column))
    found = next(named, None)
    if found is None and len(look.columns) <= FEW_COLUMNS:
        free = (column for column in look.columns if column not in roles.taken and not is_ours(column))
        found = next((column for column in free if _words(look, column) >= WORDS_OF_A_TEXT), None)
    return (replace(roles, text=found), f"column {found!r} is taken as the text") if found else None


def _are_texts(look: Look, column: str) -> bool:
    """Most are: a row with something else is to be told."""
    values = look.values(column)
    return 2 * sum(isinstance(value, str) for value in values) > len(values)


def _words(look: Look, column: str) -> float:
    values = [value for value in look.values(column) if isinstance(value, str)]
    return sum(len(value.split()) for value in values) / len(values) if values else 0


def _caption(look: Look, roles: Roles, options: FormatOptions) -> Guess | None:
    if roles.path is None or roles.caption is not None:
        return None
    free = [column for column in look.named(CAPTIONS) if column not in roles.taken]
    found = next((column for column in free if _are_texts(look, column) or _has_lists(look, column)), None)
    return (replace(roles, caption=found), f"column {found!r} is taken as captions") if found else None


def _labels(look: Look, roles: Roles, options: FormatOptions) -> Guess | None:
    if roles.label or roles.labels or roles.flags or options.label_columns:
        return None
    if classed := [column for column in look.classes if column not in roles.taken]:
        return _classed(look, roles, classed)
    if many := next((column for column in look.named(MANY_LABELS) if column not in roles.taken), None):
        return _many(look, roles, many, options.label_separator)
    for column in look.named(LABELS):
        if column not in roles.taken and not _are_fractions(look, column):
            return _one(look, roles, column, options.label_separator)
    column = next((column for column in look.named(TARGETS[:2]) if column not in roles.taken), None)
    if column is None or _are_numbers(look, column):
        return None
    return _one(look, roles, column, options.label_separator)


def _classed(look: Look, roles: Roles, columns: list[str]) -> Guess:
    """The schema names the classes: nothing is guessed, unless there are several such columns."""
    many = [column for column in columns if _has_lists(look, column)]
    one = sorted(set(columns) - set(many), key=lambda column: (column != "label", columns.index(column)))
    told = f"of the columns of classes {_listed(columns)}, only the first counts" if len(one) > 1 else None
    return replace(roles, label=one[0] if one else None, labels=tuple(many[:1])), told


def _one(look: Look, roles: Roles, column: str, separator: str | None) -> Guess:
    if separator is not None or _has_lists(look, column):
        return _many(look, roles, column, separator)
    return replace(roles, label=column), f"column {column!r} is taken as the label"


def _many(look: Look, roles: Roles, column: str, separator: str | None) -> Guess:
    texts = [value for value in look.values(column) if isinstance(value, str)]
    found = separator or next((each for each in SEPARATORS if any(each in text for text in texts)), None)
    apart = f", separated by {found!r}" if found and texts else ""
    return (
        replace(roles, labels=(column,), separator=found),
        f"column {column!r} is taken as several labels{apart}",
    )


def _flags(look: Look, roles: Roles, options: FormatOptions) -> Guess | None:
    """Features of a table are often 0 and 1, too: they are classes only beside a path or a text."""
    is_settled = roles.label or roles.labels or roles.own_labels or roles.flags or options.label_columns
    if is_settled or roles.modality == "tabular":
        return None
    free = [column for column in look.columns if column not in roles.taken and not is_ours(column)]
    flags = tuple(column for column in free if _are_flags(look, column))
    if len(flags) < 2:
        return None
    return replace(roles, flags=flags), f"columns of 0 and 1 are taken as one label each: {_listed(flags)}"


def _are_flags(look: Look, column: str) -> bool:
    values = look.values(column)
    return bool(values) and all(is_flag(value) for value in values)


def _target(look: Look, roles: Roles, options: FormatOptions) -> Guess | None:
    if roles.targets or options.target_columns:
        return None
    for column in (*look.named(TARGETS), *look.named(LABELS)):
        if column not in roles.taken and _are_numbers(look, column):
            return (
                replace(roles, targets={column: column}),
                f"column {column!r} is taken as the number to predict",
            )
    return None


def _subset(look: Look, roles: Roles, options: FormatOptions) -> Guess | None:
    if roles.subset is not None:
        return None
    for column in look.named(SUBSETS):
        values = look.values(column)
        is_word = bool(values) and all(isinstance(value, str) for value in values)
        if column not in roles.taken and is_word and len(set(values)) <= MOST_SUBSETS:
            return replace(roles, subset=column), f"column {column!r} is taken as the subset"
    return None


def _has_lists(look: Look, *columns: str) -> bool:
    return any(isinstance(value, list) for column in columns for value in look.values(column))


def _are_numbers(look: Look, column: str) -> bool:
    """At least one is; NaN and infinity count, and are told later."""
    values = [
        value for value in look.values(column) if str(value).strip().lower() not in ("nan", "inf", "-inf")
    ]
    try:
        return bool(values) and all(number_of(value) is not None for value in values)
    except CellIsBad:
        return False


def _are_fractions(look: Look, column: str) -> bool:
    if not _are_numbers(look, column):
        return False
    numbers = (float(str(value)) for value in look.values(column))
    return any(isfinite(number) and not number.is_integer() for number in numbers)


def _listed(columns: Sequence[str]) -> str:
    shown = ", ".join(repr(column) for column in columns[:5])
    return shown if len(columns) <= 5 else f"{shown} and {len(columns) - 5} more"
