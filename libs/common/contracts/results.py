"""What became of each sample in an evaluation, and of the same samples in two."""

from enum import StrEnum
from typing import Annotated, Literal
from uuid import UUID

from pydantic import StringConstraints

from libs.common.contracts.annotations import Annotation
from libs.common.contracts.base import Page, PageQuery, Request, View
from libs.common.contracts.evaluations import EvaluationSummary
from libs.common.contracts.predictions import Prediction
from libs.common.contracts.splits import Subset

Label = Annotated[str, StringConstraints(max_length=300, pattern=r"^[^\x00]+$")]
PartOfName = Annotated[str, StringConstraints(min_length=1, max_length=300, pattern=r"^[^\x00]+$")]
ResultSort = Literal["score", "-score", "confidence", "-confidence", "name", "-name", "loss", "-loss"]


class Answered(View):
    """`score` sorts the worst first (as the task defines it), `confidence` is how sure the answer was."""

    correct: bool | None
    score: float
    confidence: float | None = None
    loss: float | None = None
    prediction: Prediction


class SampleResult(Answered):
    sample_id: UUID
    name: str
    subset: str
    truth: tuple[Annotation, ...]


class ListSampleResults(Request[Page[SampleResult]], subject="svc.evaluator.result.list"):
    """`label` is in the truth, `predicted` in the answer: both together are a cell of a confusion matrix."""

    evaluation_id: UUID
    correct: bool | None = None
    subset: Subset | None = None
    label: Label | None = None
    predicted: Label | None = None
    q: PartOfName | None = None
    sort: ResultSort = "score"
    query: PageQuery = PageQuery()


class Agreement(StrEnum):
    """Of two evaluations, which were right about a sample."""

    BOTH_RIGHT = "both_right"
    ONLY_LEFT = "only_left"
    ONLY_RIGHT = "only_right"
    BOTH_WRONG = "both_wrong"


class ResultPair(View):
    sample_id: UUID
    name: str
    subset: str
    truth: tuple[Annotation, ...]
    left: Answered
    right: Answered


class EvaluationComparison(View):
    """`counts` are over all samples that both have; `pairs` is a page of those that were asked for."""

    left: EvaluationSummary
    right: EvaluationSummary
    num_shared: int
    num_only_in_left: int
    num_only_in_right: int
    counts: dict[Agreement, int]
    pairs: Page[ResultPair]


class CompareEvaluations(Request[EvaluationComparison], subject="svc.evaluator.evaluation.compare"):
    """Two completed evaluations of one task, sample by sample, sorted by what the right one says."""

    left: UUID
    right: UUID
    agreement: Agreement | None = None
    subset: Subset | None = None
    label: Label | None = None
    sort: ResultSort = "score"
    query: PageQuery = PageQuery()
