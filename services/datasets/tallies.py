"""Counts that add up: found = imported + rejected + duplicates."""

from collections import Counter
from collections.abc import Iterable

from libs.common.contracts.imports import ImportProblem, Tally


def tally_of_samples(problems: Iterable[ImportProblem], num_imported: int) -> Tally:
    fates = Counter(problem.outcome for problem in problems if problem.level == "sample")
    return Tally(
        num_found=num_imported + fates["rejected"] + fates["duplicate"],
        num_imported=num_imported,
        num_rejected=fates["rejected"],
        num_duplicates=fates["duplicate"],
        num_repaired=fates["repaired"],
    )


def tally_of_refused(problems: Iterable[ImportProblem]) -> Tally:
    """Annotations that were turned down or mended before anybody looked at their sample."""
    fates = Counter(problem.outcome for problem in problems if problem.level == "annotation")
    num_refused = fates["rejected"] + fates["duplicate"]
    return Tally(
        num_found=num_refused,
        num_rejected=fates["rejected"],
        num_duplicates=fates["duplicate"],
        num_repaired=fates["repaired"],
    )


def added(tallies: Iterable[Tally]) -> Tally:
    total: Counter[str] = Counter()
    for tally in tallies:
        total.update(tally.model_dump())
    return Tally(**total)
