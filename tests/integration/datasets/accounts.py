"""Whether a report accounts for everything: counts add up, and each item that is not as it was is named."""

from collections import Counter
from uuid import UUID

from libs.common.contracts.imports import ImportReport, Tally
from tests.integration.datasets.desk import Desk

LEVELS = ("sample", "annotation")


async def accounted(desk: Desk, dataset_id: UUID) -> ImportReport:
    """The report of an import, after it was compared with what is there; for up to 200 problems."""
    report = await desk.report(dataset_id)
    assert report.problems.next_cursor is None
    for problem in report.problems.items:
        assert problem.path.strip() and problem.message.strip() and problem.code, problem
    samples = await desk.samples(dataset_id) if report.num_imported else []
    assert report.num_imported == len(samples)
    assert report.annotations.num_imported == sum(len(sample.annotations) for sample in samples)
    for level, tally in zip(LEVELS, (report, report.annotations), strict=True):
        _adds_up(tally, Counter(each.outcome for each in report.problems.items if each.level == level), level)
    return report


def _adds_up(tally: Tally | ImportReport, told: Counter[str], level: str) -> None:
    assert tally.num_found == tally.num_imported + tally.num_rejected + tally.num_duplicates, (level, tally)
    assert tally.num_repaired == told["repaired"], (level, tally, told)
    if level == "sample":
        assert (tally.num_rejected, tally.num_duplicates) == (told["rejected"], told["duplicate"])
    else:
        # Those of a sample that was not imported go with it, without a line each.
        assert tally.num_rejected >= told["rejected"] and tally.num_duplicates >= told["duplicate"]
