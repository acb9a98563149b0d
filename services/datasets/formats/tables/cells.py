"""Single cells of tables: what a value of CSV, JSON or Arrow means as a label, a number or a field."""

import math
import re
from collections.abc import Sequence
from typing import Literal

from services.datasets.formats.names import LONGEST_LABEL
from services.datasets.formats.plan import Scalar

Kind = Literal["number", "boolean", "text"]

LONGEST_FIELD = 1000
# What JSON and databases count in; longer whole numbers stay text.
LARGEST_INTEGER = 2**63 - 1
NUMBER = re.compile(r"-?(0|[1-9]\d{0,14})(\.\d{1,20})?([eE][+-]?\d{1,3})?")
BOOLEANS = {"true": True, "false": False}
# How programs write that there is no number.
MISSING = frozenset({"", "nan", "na", "n/a", "null", "none"})


class CellIsBad(ValueError):
    """Says why; what becomes of its row is for the reader to say."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


def is_empty(value: object) -> bool:
    return value is None or value == "" or (isinstance(value, float) and math.isnan(value))


def text_of(value: object) -> str:
    """Raises CellIsBad for what is no text, or none that can be stored."""
    if not isinstance(value, str):
        raise CellIsBad("text_invalid", f"a {type(value).__name__} stands where a text should")
    return checked(value)


def checked(text: str) -> str:
    if "\0" in text:
        raise CellIsBad("nul_character", "a NUL character; is the file in another encoding?")
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise CellIsBad("text_invalid", "half a character: a text must be Unicode") from error
    return text


def label_of(value: object) -> str | None:
    """None where there is none; raises CellIsBad."""
    match value:
        case bool():
            label = str(value).lower()
        case int():
            label = str(value)
        case float() if math.isnan(value):
            return None
        case float():
            label = str(int(value)) if value.is_integer() else str(value)
        case str():
            label = checked(value.strip())
        case None:
            return None
        case _:
            raise CellIsBad("label_invalid", f"a {type(value).__name__} is no label")
    if len(label) > LONGEST_LABEL:
        raise CellIsBad("label_invalid", f"a label has at most {LONGEST_LABEL} characters")
    return label or None


def number_of(value: object) -> float | None:
    """None where there is none; raises CellIsBad for text, NaN and infinity."""
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise CellIsBad("target_invalid", f"{str(value)[:60]!r} is no number")
    try:
        number = float(value)
    except (ValueError, OverflowError) as error:
        raise CellIsBad("target_invalid", f"{str(value)[:60]!r} is no number") from error
    if not math.isfinite(number):
        raise CellIsBad("target_invalid", f"{number} is no number that a model can learn")
    return number


def is_flag(value: object) -> bool:
    """Says yes or no."""
    return value in (0, 1) if isinstance(value, int | float) else value in ("0", "1", "0.0", "1.0")


def flag_of(value: object) -> bool | None:
    if is_empty(value):
        return None
    if is_flag(value):
        return float(value) == 1  # type: ignore[arg-type]
    raise CellIsBad("label_invalid", f"{str(value)[:60]!r} stands where 0 or 1 should")


def scalar_of(value: object) -> Scalar:
    """As it is stored: NaN is None, a number too large a text. Raises CellIsBad for what has parts."""
    match value:
        case None | bool():
            return value
        case int():
            return value if abs(value) <= LARGEST_INTEGER else str(value)
        case float():
            return value if math.isfinite(value) else None if math.isnan(value) else str(value)
        case str():
            return checked(value)
    raise CellIsBad("field_nested", f"a {type(value).__name__} is no single value")


def kind_of(cells: Sequence[str]) -> Kind:
    """What all cells of a column are that hold anything, as far as it was looked at."""
    filled = [cell for cell in cells if cell.strip().lower() not in MISSING]
    if not filled:
        return "text"
    if all(NUMBER.fullmatch(cell) for cell in filled):
        return "number"
    return "boolean" if all(cell.lower() in BOOLEANS for cell in filled) else "text"


def typed(kind: Kind, cell: str) -> Scalar:
    """A cell of CSV as its column's kind; what does not fit stays the text it is."""
    if kind == "text":
        return cell or None
    if cell.strip().lower() in MISSING:
        return None
    if kind == "boolean":
        return BOOLEANS.get(cell.lower(), cell)
    found = NUMBER.fullmatch(cell)
    if found is None:
        return cell
    return float(cell) if found[2] or found[3] else int(cell)
