"""Two evaluations of one task, sample by sample."""

import asyncio
from uuid import UUID

from libs.common.contracts.base import Page
from libs.common.contracts.evaluations import EvaluationState
from libs.common.contracts.results import CompareEvaluations, EvaluationComparison, ResultPair
from libs.common.errors import Problem
from libs.common.paging import after, page_of, whole_number
from services.evaluator.errors import EvaluationIsNotCompleted, EvaluationIsTheSame, TasksDiffer
from services.evaluator.models import EvaluationRow, ResultRow
from services.evaluator.pairing import Pairing, pair
from services.evaluator.picking import Choice
from services.evaluator.repository import ResultRepository
from services.evaluator.service.evaluations import Evaluations
from services.evaluator.service.results import Results, picked
from services.evaluator.shelf import Shelf


class Comparisons:
    def __init__(
        self, repository: ResultRepository, evaluations: Evaluations, results: Results, shelf: Shelf
    ) -> None:
        self._repository = repository
        self._evaluations = evaluations
        self._results = results
        self._shelf = shelf

    async def compare(self, wanted: CompareEvaluations) -> EvaluationComparison:
        if wanted.left == wanted.right:
            problem = Problem(field="right", message="choose another evaluation than the left one")
            raise EvaluationIsTheSame("left and right are one evaluation", errors=[problem])
        left, right = await self._completed(wanted.left), await self._completed(wanted.right)
        if left.task != right.task:
            problem = Problem(field="right", message=f"an evaluation of {right.task}, not of {left.task}")
            raise TasksDiffer(f"left is {left.task}, right is {right.task}", errors=[problem])
        pairing = await self._paired(left, right)
        return EvaluationComparison(
            left=left.summary(),
            right=right.summary(),
            num_shared=pairing.num_shared,
            num_only_in_left=pairing.num_left - pairing.num_shared,
            num_only_in_right=pairing.num_right - pairing.num_shared,
            counts=pairing.counts,
            pairs=await self._page(wanted, left, right, pairing),
        )

    async def _completed(self, evaluation_id: UUID) -> EvaluationRow:
        row = await self._evaluations.existing(evaluation_id)
        if EvaluationState(row.state) is not EvaluationState.COMPLETED:
            words = f"the evaluation of {row.run_name} is {row.state}"
            raise EvaluationIsNotCompleted(words)
        return row

    async def _paired(self, left: EvaluationRow, right: EvaluationRow) -> Pairing:
        key = (left.id, right.id)
        if (known := self._shelf.get(key)) is not None:
            return known
        one, other = [await self._results.columns(row, ["ids", "correct"]) for row in (left, right)]
        arrays = (one["ids"], other["ids"], one["correct"], other["correct"])
        pairing = await asyncio.to_thread(pair, *arrays)
        self._shelf.put(key, pairing, pairing.nbytes)
        return pairing

    async def _page(
        self, wanted: CompareEvaluations, left: EvaluationRow, right: EvaluationRow, pairing: Pairing
    ) -> Page[ResultPair]:
        query, choice = wanted.query, Choice(subset=wanted.subset, label=wanted.label)
        seen = after(query, whole_number)
        columns = await self._results.columns(right, choice.columns(wanted.sort))
        among = pairing.among(wanted.agreement)
        positions = await picked(columns, choice, wanted.sort, seen, query.limit + 1, among)
        shown = await self._repository.at(right.id, positions)
        others = await self._repository.at(left.id, pairing.left_of[positions].tolist())
        return page_of(list(zip(others, shown, strict=True)), query, _pair, lambda rows: rows[1].position)


def _pair(rows: tuple[ResultRow, ResultRow]) -> ResultPair:
    left, right = rows
    about = right.view()
    return ResultPair(
        sample_id=about.sample_id,
        name=about.name,
        subset=about.subset,
        truth=about.truth,
        left=left.answer(),
        right=right.answer(),
    )
