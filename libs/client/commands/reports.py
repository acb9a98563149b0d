"""What an import or a look at a source found, as tables."""

import csv
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import UUID

from libs.client.client import Modelyard
from libs.client.commands.showing import say, table
from libs.common.contracts.imports import ClassCount, Detection, ImportProblem, ImportReport

SHOWN_CLASSES = 30
SHOWN_PROBLEMS = 10
TALLY = ("found", "imported", "rejected", "duplicates", "repaired")


def show_detection(seen: Detection) -> None:
    report = seen.report
    assert report is not None
    say(f"format {seen.format}, task {seen.task or 'not clear'}, {report.modality.replace('_', ' and ')}")
    _show_counts("class", report.classes)
    _show_counts("subset", report.subsets)
    _show_tallies(report)
    show_problems(report.problems.items)
    if not seen.is_thorough:
        say("the samples themselves were not decoded; --thorough does, as an import will")


def show_report(yard: Modelyard, report: ImportReport) -> None:
    """The counts, and how often which problem."""
    _show_tallies(report)
    if report.problems.items and report.dataset_id:
        counts = _count_problems(yard, report.dataset_id, report.id)
        table(((*key, count) for key, count in counts.most_common()), "outcome", "what", "of", "count")
        show_problems(report.problems.items)
        say(f"all of them: modelyard datasets report {report.dataset_id} --csv report.csv")


def show_problems(problems: tuple[ImportProblem, ...]) -> None:
    for problem in problems[:SHOWN_PROBLEMS]:
        row = "" if problem.row is None else f", row {problem.row}"
        say(f"  {problem.outcome} {problem.path}{row}: {problem.message}")
    if len(problems) > SHOWN_PROBLEMS:
        say("  …")


def _show_tallies(report: ImportReport) -> None:
    rows = {"samples": report, "annotations": report.annotations}
    counts = ((name, *(getattr(tally, f"num_{column}") for column in TALLY)) for name, tally in rows.items())
    table(counts, "", *TALLY)


def _show_counts(header: str, counts: tuple[ClassCount, ...]) -> None:
    if not counts:
        return
    table(((count.name, count.count) for count in counts[:SHOWN_CLASSES]), header, "count")
    if len(counts) > SHOWN_CLASSES:
        say(f"… and {len(counts) - SHOWN_CLASSES} more")


def _count_problems(yard: Modelyard, dataset_id: UUID, report_id: UUID) -> Counter[tuple[str, str, str]]:
    """Of the whole report, which may be longer than memory."""
    with TemporaryDirectory() as folder:
        path = yard.datasets.save_report(dataset_id, Path(folder) / "report.csv", report_id=report_id)
        with path.open(newline="", encoding="utf-8") as file:
            rows = csv.DictReader(file)
            return Counter((row["outcome"], row["code"], row["level"]) for row in rows)
