"""Whose the things are that a request names: asked from the rooms once, then remembered."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from math import inf
from typing import Any, Protocol, TypeVar
from uuid import UUID

from libs.common.contracts.access import Caller
from libs.common.contracts.base import Request
from libs.common.contracts.owners import (
    MakersInDatasets,
    OwnersInDatasets,
    OwnersInEvaluator,
    OwnersInExporter,
    OwnersInInference,
    OwnersInNotifier,
    OwnersInTrainer,
    OwnersQuestion,
)
from libs.common.errors import NotFound, Problem
from services.gateway.seeing import is_seen
from services.gateway.things import MADE, NAMED, Mention, Thing

Answer = TypeVar("Answer")
Owner = UUID | None
ROOMS: dict[Thing, type[OwnersQuestion]] = {
    **dict.fromkeys(
        (Thing.PROJECT, Thing.DATASET, Thing.SAMPLE, Thing.SPLIT, Thing.DATASET_EXPORT), OwnersInDatasets
    ),
    **dict.fromkeys((Thing.EXPERIMENT, Thing.RUN, Thing.JOB), OwnersInTrainer),
    Thing.EVALUATION: OwnersInEvaluator,
    **dict.fromkeys((Thing.EXPORT, Thing.MODEL), OwnersInExporter),
    Thing.DEPLOYMENT: OwnersInInference,
    Thing.CHANNEL: OwnersInNotifier,
}
# A name that another project has taken meanwhile is still its former bearer's for so long.
SECONDS = 3.0
MOST = 100_000
# No account has this id: whoever has none made nothing.
NOBODY = UUID(int=0)


class Asks(Protocol):
    async def ask(self, request: Request[Answer], *, timeout_seconds: float | None = None) -> Answer: ...


@dataclass
class Owners:
    """A project for each thing, or the account that made it. A thing never changes either."""

    _known: dict[tuple[Thing, str], tuple[float, Owner]] = field(default_factory=dict)

    async def of(self, asks: Asks, caller: Caller, mentions: Sequence[Mention]) -> dict[Mention, Owner]:
        """Raises the room's own 404 for what is not there, and for what is not the caller's to see."""
        found = {each: self._known_for(caller, each) for each in mentions}
        missing = [each for each, known in found.items() if known is None]
        for thing in dict.fromkeys(each.thing for each in missing):
            wanted = [each for each in missing if each.thing is thing]
            for mention, owner in zip(wanted, await _ask(asks, caller, thing, wanted), strict=True):
                self._remember(mention, owner)
                found[mention] = (owner,)
        return {mention: known[0] for mention, known in found.items() if known is not None}

    def _known_for(self, caller: Caller, mention: Mention) -> tuple[Owner] | None:
        """What the caller may not see is asked again, so that the room misses it in its own words."""
        until, owner = self._known.get((mention.thing, mention.key), (0.0, None))
        is_known = until > time.monotonic() and _may_know(caller, mention.thing, owner)
        return (owner,) if is_known else None

    def _remember(self, mention: Mention, owner: Owner) -> None:
        if len(self._known) >= MOST:
            self._known.clear()
        until = time.monotonic() + SECONDS if mention.thing in NAMED else inf
        self._known[mention.thing, mention.key] = (until, owner)


def _may_know(caller: Caller, thing: Thing, owner: Owner) -> bool:
    if thing in MADE:
        return caller.sees_all_projects or (owner is not None and owner == caller.user_id)
    return is_seen(caller, owner)


async def _ask(asks: Asks, caller: Caller, thing: Thing, wanted: Sequence[Mention]) -> tuple[Owner, ...]:
    try:
        return await asks.ask(_question(caller, thing, [each.key for each in wanted]))
    except NotFound as error:
        raise _told(error, wanted) from error


def _question(caller: Caller, thing: Thing, keys: list[str]) -> Request[Any]:
    if thing in MADE:
        made_by = None if caller.sees_all_projects else caller.user_id or NOBODY
        return MakersInDatasets.model_validate({"kind": thing, "keys": keys, "made_by": made_by})
    return ROOMS[thing].model_validate({"kind": thing, "keys": keys})


def _told(error: NotFound, wanted: Sequence[Mention]) -> NotFound:
    """With the field that names it; a path has none."""
    rows = [each.row for each in error.errors if each.row is not None]
    field = wanted[rows[0]].field if rows else None
    problems = [Problem(field=field, message=error.detail)] if field else []
    return type(error)(error.detail, errors=problems)
