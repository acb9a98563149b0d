"""Long lists in an object of JSON, a batch at a time: what is in memory is one batch, not the file."""

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import BinaryIO

import orjson

# A string, with a closing quote unless it is cut off, or a bracket.
TOKEN = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+("?)|[\[\]{}]', re.DOTALL)
PIECE_BYTES = 2**20
BATCH_BYTES = 2**20
LARGEST_ITEM_BYTES = 64 * 2**20
# Of the object's own lists: inside of one, between two of its items.
IN_LIST = 2

Open = Callable[[], BinaryIO]
Parse = Callable[[bytes], object]


class ListsAreHidden(Exception):
    """The file has to be read as a whole to know what is in it, or what is wrong with it."""


@dataclass(frozen=True)
class LongList:
    """Goes through the file anew for everyone who asks."""

    open: Open
    parse: Parse
    spans: list[tuple[int, int]] = field(default_factory=list)

    def __iter__(self) -> Iterator[object]:
        position = 0
        with self.open() as stream:
            for number, (start, end) in enumerate(self.spans):
                _pass(stream, start - position)
                yield from _items(stream.read(end - start), self.parse, is_first=not number)
                position = end


def find_lists(open: Open, parse: Parse, names: Collection[str]) -> tuple[object, Mapping[str, LongList]]:
    """All of it but for the lists of these names, which are empty there, and those lists.

    Every item was parsed once. Raises ListsAreHidden, and what reading the file raises; what `parse` raises
    is its own.
    """
    with open() as stream:
        scan = _Scan(stream, names, open, parse)
        return scan.whole(), scan.lists


class _Scan:
    """Knows no grammar: what stands between brackets is judged when it is parsed."""

    def __init__(self, stream: BinaryIO, names: Collection[str], open: Open, parse: Parse) -> None:
        self._stream, self._names, self._open, self._parse = stream, names, open, parse
        self.lists: dict[str, LongList] = {}
        self._list: LongList | None = None
        self._key = b""
        self._depth = 0
        # The bytes at hand, what of the file came before them, and what of them is settled.
        self._bytes, self._before, self._settled = b"", 0, 0
        self._rest = bytearray()

    def whole(self) -> object:
        for token, start, end in self._tokens():
            match token:
                case b"[" | b"{":
                    self._depth += 1
                    if token == b"[" and self._depth == IN_LIST:
                        self._begin(end)
                case b"]" | b"}":
                    self._depth -= 1
                    self._close(start, end)
                case _ if self._depth == 1:
                    self._key = token
        if self._list is not None:
            raise ListsAreHidden
        self._rest += self._bytes[self._settled :]
        return self._parse(bytes(self._rest))

    def _begin(self, end: int) -> None:
        """What is a list of the object itself has its name right before it."""
        try:
            name = orjson.loads(self._key)
        except orjson.JSONDecodeError as error:
            raise ListsAreHidden from error
        if name not in self._names:
            return
        if name in self.lists:
            raise ListsAreHidden
        self._rest += self._bytes[self._settled : end]
        self._settled = end
        self._list = self.lists[name] = LongList(self._open, self._parse)

    def _close(self, start: int, end: int) -> None:
        if self._list is None:
            return
        if self._depth < IN_LIST:
            self._cut(start)
            self._list = None
        elif self._depth == IN_LIST and end - self._settled >= BATCH_BYTES:
            self._cut(end)

    def _cut(self, end: int) -> None:
        """A batch, which ends with an item."""
        assert self._list is not None
        batch = self._bytes[self._settled : end]
        _items(batch, self._parse, is_first=not self._list.spans)
        self._list.spans.append((self._before + self._settled, self._before + end))
        self._settled = end

    def _tokens(self) -> Iterator[tuple[bytes, int, int]]:
        """Each with where it begins and ends in the bytes at hand."""
        place, size_bytes = 0, PIECE_BYTES
        while piece := self._stream.read(size_bytes):
            if self._list is None:
                # Outside of the lists all is kept.
                self._rest += self._bytes[self._settled : place]
                self._settled = place
            self._bytes = self._bytes[self._settled :] + piece
            self._before, place = self._before + self._settled, place - self._settled
            self._settled = 0
            if len(self._bytes) > LARGEST_ITEM_BYTES and self._list is not None:
                raise ListsAreHidden
            reached = place
            for found in TOKEN.finditer(self._bytes, place):
                if found[0][:1] == b'"' and not found[1]:
                    break
                reached = found.end()
                yield found[0], found.start(), reached
            # A string, or an item, that does not end is not looked at again and again.
            size_bytes = PIECE_BYTES if reached > place else 2 * size_bytes
            place = reached


def _items(batch: bytes, parse: Parse, *, is_first: bool) -> list[object]:
    """Between two items of two batches is a comma."""
    text = batch.strip()
    if text and not is_first:
        if not text.startswith(b",") or not text[1:].strip():
            raise ListsAreHidden
        text = text[1:]
    found = parse(b"[" + text + b"]")
    if not isinstance(found, list):
        raise ListsAreHidden
    return found


def _pass(stream: BinaryIO, size_bytes: int) -> None:
    while size_bytes:
        size_bytes -= len(stream.read(min(size_bytes, PIECE_BYTES))) or size_bytes
