"""Pages of tiles by cursor: the one that the address names, those beside it, and the tile that is opened."""

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Generic, Literal, TypeVar
from uuid import UUID

import streamlit as st

from ui.address import given_number, go

PAGE_SIZE = 60
Way = Literal["next", "previous"]
Item = TypeVar("Item")
# The items behind a cursor, and the cursor of those behind them.
Listed = tuple[tuple[Item, ...], str | None]


@dataclass(frozen=True)
class TilePage(Generic[Item]):
    items: tuple[Item, ...]
    ids: tuple[UUID, ...]
    next_cursor: str | None
    number: int

    @property
    def first(self) -> int:
        return (self.number - 1) * PAGE_SIZE + 1

    @property
    def last(self) -> int:
        return self.first + len(self.items) - 1

    def place_of(self, sample_id: UUID) -> int | None:
        return self.ids.index(sample_id) if sample_id in self.ids else None


@dataclass(frozen=True)
class Tiles(Generic[Item]):
    """`asked` tells this list from all others; `listed` gives the page behind a cursor."""

    asked: Hashable
    listed: Callable[[str | None], Listed[Item]]
    id_of: Callable[[Item], UUID]

    def page(self) -> TilePage[Item]:
        """The one that the address names."""
        cursor = st.query_params.get("cursor") or None
        items, next_cursor = self.listed(cursor)
        number = given_number("page", 1) if cursor else 1
        return TilePage(items, tuple(map(self.id_of, items)), next_cursor, number)

    def turn(self, way: Way) -> None:
        cursor, number = self._beside(self.page(), way)
        go(cursor=cursor, page=number, sample=None)

    def move(self, sample_id: UUID, way: Way) -> None:
        """To the sample beside this one, if need be over the edge of the page."""
        page = self.page()
        place = page.place_of(sample_id)
        if place is None:
            return
        place += 1 if way == "next" else -1
        if 0 <= place < len(page.ids):
            go(sample=page.ids[place])
        else:
            self._move_over(page, way)

    def _move_over(self, page: TilePage[Item], way: Way) -> None:
        cursor, number = self._beside(page, way)
        items, _ = self.listed(cursor)
        if items:
            go(cursor=cursor, page=number, sample=self.id_of(items[0 if way == "next" else -1]))

    def _beside(self, page: TilePage[Item], way: Way) -> tuple[str | None, int | None]:
        """Cursors lead forward only: the way back is remembered; where it is not, it leads to the start."""
        trail: dict[tuple[Hashable, int], str] = st.session_state.setdefault("tiles.trail", {})
        if here := st.query_params.get("cursor"):
            trail[self.asked, page.number] = here
        number = page.number + (1 if way == "next" else -1)
        if way == "next" and page.next_cursor:
            trail[self.asked, number] = page.next_cursor
        cursor = trail.get((self.asked, number))
        return cursor, number if cursor else None


def choose(**changes: object) -> None:
    """Other filters begin at their first page."""
    go(**changes, cursor=None, page=None, sample=None)
