"""Every SQL statement of the evaluator, by what it is about."""

from services.evaluator.repository.evaluations import EvaluationRepository
from services.evaluator.repository.results import ResultRepository

__all__ = ["EvaluationRepository", "ResultRepository"]
