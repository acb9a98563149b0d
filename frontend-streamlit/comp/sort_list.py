"""Work as rows with their state; those that wait can be put in another order by mouse or keyboard."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Literal
from uuid import UUID

import streamlit as st

from comp import register

_LIST = register("sort_list", shared=("elements",))
Tone = Literal["gray", "blue", "green", "orange", "red"]


@dataclass(frozen=True)
class Item:
    """`said` stands below the title, `facts` at the end; without an `action` nothing can be done to it."""

    id: str
    icon: str
    state: str
    title: str
    tone: Tone = "gray"
    href: str | None = None
    said: str = ""
    facts: tuple[str, ...] = ()
    progress: float | None = None
    action: str | None = None
    question: str = ""


@dataclass(frozen=True)
class Move:
    """`told` grows from one to the next."""

    id: UUID
    before: UUID | None
    after: UUID | None
    told: int


@dataclass(frozen=True)
class Done:
    """What the person has just done."""

    moves: tuple[Move, ...] = ()
    removed: UUID | None = None
    opened: UUID | None = None


def sort_list(items: Sequence[Item], label: str, *, key: str, can_sort: bool = False) -> Done:
    """All is told once; the caller carries it out and runs again."""
    seen = f"{key}.seen"
    data = {
        "items": [asdict(item) for item in items],
        "label": label,
        "can_sort": can_sort,
        "seen": st.session_state.get(seen, 0),
    }
    result = _LIST(
        key=key,
        data=data,
        on_moved_change=lambda: None,
        on_removed_change=lambda: None,
        on_opened_change=lambda: None,
    )
    moves = _moves(result.moved, data["seen"])
    if moves:
        # From now on the list shows what the house says, and no longer what the person did.
        st.session_state[seen] = moves[-1].told
    return Done(moves, _id(result.removed), _id(result.opened))


def _moves(told: object, seen: int) -> tuple[Move, ...]:
    """Those that are new. What a browser says may be anything."""
    found = (_move(each) for each in told) if isinstance(told, list) else ()
    return tuple(move for move in found if move is not None and move.told > seen)


def _move(told: object) -> Move | None:
    if not isinstance(told, dict) or not isinstance(told.get("told"), int):
        return None
    id, before, after = (_id(told.get(part)) for part in ("id", "before", "after"))
    return Move(id, before, after, told["told"]) if id and (before or after) else None


def _id(told: object) -> UUID | None:
    try:
        return UUID(told) if isinstance(told, str) else None
    except ValueError:
        return None
