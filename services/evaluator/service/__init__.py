"""The rules of the evaluator, by what they are about; one transaction's worth, nothing here commits."""

from dataclasses import dataclass

from services.evaluator.service.comparisons import Comparisons
from services.evaluator.service.evaluations import Evaluations
from services.evaluator.service.results import Results


@dataclass(frozen=True)
class Service:
    evaluations: Evaluations
    results: Results
    comparisons: Comparisons
