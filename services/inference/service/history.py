"""What served before: a stack, on which a rollback takes off what it goes back from."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.inference.models import RevisionRow
from services.inference.repository import Wish


@dataclass(frozen=True)
class Past:
    """One change of a deployment's main version."""

    wish: Wish
    is_rollback: bool
    has_served: bool

    @classmethod
    def of(cls, row: RevisionRow) -> "Past":
        return cls(Wish.of(row), row.is_rollback, row.served_at is not None)

    def is_same(self, other: "Past") -> bool:
        return self.wish.is_same(other.wish.version, other.wish.settings)


def before(history: Sequence[Past]) -> Wish | None:
    """Of changes, oldest first: what served before the present one, never what was refused or left."""
    *earlier, present = stack(history)
    return next(
        (each.wish for each in reversed(earlier) if each.has_served and not each.is_same(present)), None
    )


def stack(history: Sequence[Past]) -> list[Past]:
    found: list[Past] = []
    for each in history:
        if each.is_rollback:
            while found and not found[-1].is_same(each):
                found.pop()
        else:
            found.append(each)
    return found
