"""What the room hands to the process that evaluates, and what it gets back, as files in the job's folder."""

from collections.abc import Iterator
from pathlib import Path

from libs.common.contracts.base import View
from libs.common.contracts.reports import EvaluationReport
from libs.common.contracts.results import SampleResult
from libs.common.staging import LocalModel


class Assignment(View):
    model: LocalModel
    subsets: tuple[str, ...]
    batch_size: int | None
    device: str
    directory: Path


class Outcome(View):
    """A report with many classes and a million results are too much for a pipe."""

    report: Path
    results: Path

    def read_report(self) -> EvaluationReport:
        return EvaluationReport.model_validate_json(self.report.read_bytes())

    def read_results(self) -> Iterator[SampleResult]:
        with self.results.open("rb") as lines:
            for line in lines:
                yield SampleResult.model_validate_json(line)
