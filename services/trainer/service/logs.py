"""What runs have said: read page by page from the table and from the files in which old lines lie."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from uuid import UUID

from libs.common.contracts.measurements import LogPage, ReadLogs
from libs.common.contracts.telemetry import LogLine
from libs.common.paging import after, whole_number
from libs.common.storage import Storage
from services.trainer.errors import RunNotFound
from services.trainer.log_files import Block, at_least, read_block
from services.trainer.models import LogFileRow, LogRow
from services.trainer.repository import Repository
from services.trainer.repository.logs import LinePlace

BEFORE_ALL = (0, -1)


@dataclass(frozen=True)
class _Stored:
    """A block with the attempt whose lines it holds."""

    attempt: int
    key: str
    block: Block


class Logs:
    def __init__(self, repository: Repository, storage: Storage) -> None:
        self._repository = repository
        self._storage = storage

    async def read(self, wanted: ReadLogs) -> LogPage:
        """The cursor is the place of the last line seen; where nothing follows, `seen` is still one."""
        if await self._repository.runs.get(wanted.run_id) is None:
            raise RunNotFound(f"run {wanted.run_id} does not exist")
        if wanted.tail is not None:
            found = await self._last(wanted.run_id, at_least(wanted.level), wanted.tail)
            return _page(found, len(found), None)
        place = after(wanted.query, _place)
        limit = wanted.query.limit
        found = await self._after(wanted.run_id, place or BEFORE_ALL, at_least(wanted.level), limit + 1)
        return _page(found, limit, wanted.query.cursor)

    async def _after(
        self, run_id: UUID, place: LinePlace, levels: Sequence[str], limit: int
    ) -> list[tuple[LinePlace, LogLine]]:
        rows = await self._repository.logs.after(run_id, place, levels, limit)
        found = dict(map(_placed, rows))
        for stored in await self._blocks(run_id, levels):
            if (stored.attempt, stored.block.last_seq) <= place:
                continue
            if len(found) >= limit and (stored.attempt, stored.block.first_seq) > sorted(found)[limit - 1]:
                break
            found |= {each: line for each, line in await self._lines(stored, levels) if each > place}
        return list(islice(sorted(found.items(), key=lambda item: item[0]), limit))

    async def _last(self, run_id: UUID, levels: Sequence[str], limit: int) -> list[tuple[LinePlace, LogLine]]:
        found = dict(map(_placed, await self._repository.logs.last(run_id, levels, limit)))
        for stored in reversed(await self._blocks(run_id, levels)):
            if len(found) >= limit and (stored.attempt, stored.block.last_seq) < sorted(found)[-limit]:
                break
            found |= dict(await self._lines(stored, levels))
        return sorted(found.items(), key=lambda item: item[0])[-limit:]

    async def _blocks(self, run_id: UUID, levels: Sequence[str]) -> list[_Stored]:
        """Those in which such lines can be."""
        files = await self._repository.logs.files(run_id)
        return [each for each in _stored(files) if each.block.level in levels]

    async def _lines(self, stored: _Stored, levels: Sequence[str]) -> list[tuple[LinePlace, LogLine]]:
        block = stored.block
        content = await self._storage.get_bytes(stored.key, offset=block.offset, size_bytes=block.size_bytes)
        return [((stored.attempt, line.seq), line) for line in read_block(content) if line.level in levels]


def _stored(files: Iterable[LogFileRow]) -> Iterator[_Stored]:
    for file in files:
        for block in file.blocks:
            yield _Stored(file.attempt, file.key, Block(**block))


def _placed(row: LogRow) -> tuple[LinePlace, LogLine]:
    return (row.attempt, row.seq), row.view()


def _page(found: Sequence[tuple[LinePlace, LogLine]], limit: int, cursor: str | None) -> LogPage:
    shown = found[:limit]
    seen = "{}.{}".format(*shown[-1][0]) if shown else cursor
    return LogPage(
        items=tuple(line for _, line in shown), next_cursor=seen if len(found) > limit else None, seen=seen
    )


def _place(cursor: str) -> LinePlace:
    attempt, seq = map(whole_number, cursor.split("."))
    return attempt, seq
