"""What became of each sample: stored once, read page by page."""

import asyncio
from collections.abc import Iterable, Iterator
from uuid import UUID

from libs.common.contracts.base import Page
from libs.common.contracts.evaluations import EvaluationState
from libs.common.contracts.results import ListSampleResults, SampleResult
from libs.common.errors import BadInput
from libs.common.paging import after, page_of, whole_number
from services.evaluator.columns import Columns, Packing, size_of, unpacked
from services.evaluator.models import EvaluationRow, ResultRow
from services.evaluator.picking import Choice, pick
from services.evaluator.repository import ResultRepository
from services.evaluator.service.evaluations import Evaluations
from services.evaluator.shelf import Shelf


class Results:
    def __init__(self, repository: ResultRepository, evaluations: Evaluations, shelf: Shelf) -> None:
        self._repository = repository
        self._evaluations = evaluations
        self._shelf = shelf

    async def page(self, wanted: ListSampleResults) -> Page[SampleResult]:
        """Nothing while the evaluation has no results."""
        row, query = await self._evaluations.existing(wanted.evaluation_id), wanted.query
        seen = after(query, whole_number)
        if EvaluationState(row.state) is not EvaluationState.COMPLETED:
            return Page(items=())
        choice = Choice.of(wanted)
        columns = await self.columns(row, choice.columns(wanted.sort))
        positions = await picked(columns, choice, wanted.sort, seen, query.limit + 1)
        rows = await self._repository.at(row.id, positions)
        return page_of(rows, query, ResultRow.view, lambda row: row.position)

    async def store(self, evaluation_id: UUID, results: Iterable[SampleResult]) -> None:
        packing = Packing()
        await self._repository.copy(evaluation_id, _packed_along(packing, results))
        await self._repository.add_columns(evaluation_id, await asyncio.to_thread(packing.packed))

    async def columns(self, row: EvaluationRow, names: list[str]) -> Columns:
        found = {name: self._shelf.get((row.id, name)) for name in names}
        missing = [name for name, column in found.items() if column is None]
        if missing:
            stored = await self._repository.columns(row.id, missing)
            if len(stored) < len(missing):
                stored = await self._packed_now(row.id)
            for name in missing:
                column = found[name] = unpacked(name, stored[name])
                self._shelf.put((row.id, name), column, size_of(column))
        return found

    async def _packed_now(self, evaluation_id: UUID) -> dict[str, bytes]:
        """Of results that were stored before there were columns."""
        packing = Packing()
        async for row in self._repository.all(evaluation_id):
            packing.add(row.view())
        packed = await asyncio.to_thread(packing.packed)
        await self._repository.add_columns(evaluation_id, packed)
        return packed


async def picked(*arguments: object) -> list[int]:
    """Beside the loop: of a million samples it takes a moment."""
    try:
        return await asyncio.to_thread(pick, *arguments)  # type: ignore[arg-type]
    except ValueError as error:
        raise BadInput("the cursor is not one of ours") from error


def _packed_along(packing: Packing, results: Iterable[SampleResult]) -> Iterator[SampleResult]:
    for result in results:
        packing.add(result)
        yield result
