"""JSON from strangers: one meaning only, not too deep, nothing that cannot be stored."""

import json
from collections.abc import Iterable, Iterator, Mapping

DEEPEST = 64


class JsonIsBad(ValueError):
    """Says why."""


def parse_json(data: bytes | str) -> object:
    """Raises JsonIsBad; NaN and infinite numbers stay what they are, for the reader to judge."""
    try:
        text = data if isinstance(data, str) else data.decode()
        value = json.loads(text, object_pairs_hook=_object)
    except UnicodeDecodeError as error:
        raise JsonIsBad(f"not in UTF-8 from byte {error.start} on") from error
    except RecursionError as error:
        raise JsonIsBad(f"nested more than {DEEPEST} levels deep") from error
    except json.JSONDecodeError as error:
        raise JsonIsBad(f"not JSON: {error.msg}, at character {error.pos + 1}") from error
    except JsonIsBad:
        raise
    except ValueError as error:
        # A number of thousands of digits.
        raise JsonIsBad(f"not JSON: {error}") from error
    _check(value)
    return value


def write_json(value: object) -> str:
    """The one way in which we write it: compact, keys in their order, characters as they are."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) < len(pairs):
        seen: set[str] = set()
        twice = next(name for name, _ in pairs if name in seen or seen.add(name))
        raise JsonIsBad(f"the key {twice[:100]!r} is there twice")
    return found


def _check(value: object) -> None:
    level: list[object] = [value]
    for _ in range(DEEPEST):
        level = [inner for outer in level for inner in _parts(outer)]
        if not level:
            return
    raise JsonIsBad(f"nested more than {DEEPEST} levels deep")


def _parts(value: object) -> Iterable[object]:
    match value:
        case str():
            _check_text(value)
        case dict():
            return _members(value)
        case list():
            return value
    return ()


def _members(value: Mapping[str, object]) -> Iterator[object]:
    for name, inner in value.items():
        _check_text(name)
        yield inner


def _check_text(text: str) -> None:
    if text.isascii():
        if "\0" in text:
            raise JsonIsBad("it holds a NUL character")
        return
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise JsonIsBad(f"half a character: {text[error.start]!a}") from error
    if "\0" in text:
        raise JsonIsBad("it holds a NUL character")
