"""The process that imports: `python -m services.datasets.run spec.json`; it alone decodes hostile bytes."""

import sys
from collections.abc import Iterable
from pathlib import Path

from libs.common.child import Reporter
from libs.common.contracts.base import View
from libs.common.contracts.datasets import ImportProblem
from services.datasets.archive import check, open_archive
from services.datasets.errors import ClassIsEmpty, DatasetIsEmpty
from services.datasets.formats import FORMATS, detect
from services.datasets.formats.plan import Plan
from services.datasets.handover import Assignment, Outcome, PackedShard
from services.datasets.packing import Packer, pack

SHOWN_PROBLEMS = 3


def main(spec: Path) -> None:
    with Reporter.from_environment() as reporter:
        assignment = Assignment.model_validate_json(spec.read_bytes())
        reporter.finished(import_archive(assignment, reporter))


def import_archive(assignment: Assignment, reporter: Reporter) -> Outcome:
    reporter.progress(0, "reading the archive")
    name, plan = _plan(assignment)
    num_samples, shards, problems = _pack(assignment, plan, reporter)
    num_duplicates = sum(problem.outcome == "duplicate" for problem in problems)
    return Outcome(
        format=name,
        num_found=num_samples + len(problems),
        num_imported=num_samples,
        num_rejected=len(problems) - num_duplicates,
        num_duplicates=num_duplicates,
        shards=_write_lines(assignment.directory / "shards.jsonl", shards),
        problems=_write_lines(assignment.directory / "problems.jsonl", problems),
    )


def _plan(assignment: Assignment) -> tuple[str, Plan]:
    check(assignment.archive, assignment.limits)
    with open_archive(assignment.archive, assignment.limits) as archive:
        name = assignment.format or detect(archive)
        return name, FORMATS[name].read(archive)


def _pack(
    assignment: Assignment, plan: Plan, reporter: Reporter
) -> tuple[int, list[PackedShard], list[ImportProblem]]:
    """Raises DatasetIsEmpty or ClassIsEmpty: what is missing would only show as a strange model later."""
    packer = Packer(assignment.archive, assignment.limits, assignment.directory)
    problems, shards, labels = list(plan.problems), [], set()
    num_samples = num_seen = 0
    for packed in pack(packer, plan.samples, assignment.processes):
        num_samples += packed.num_samples
        num_seen += packed.num_samples + len(packed.problems)
        labels |= packed.labels
        problems.extend(packed.problems)
        shards.extend([packed.shard] if packed.shard else [])
        reporter.progress(num_seen / len(plan.samples), f"{num_seen} of {len(plan.samples)} files")
    if not num_samples:
        raise DatasetIsEmpty(f"none of {len(problems)} files is a sample: {_first(problems)}")
    if missing := sorted(plan.classes - labels):
        mine = [problem for problem in problems if problem.path.split("/")[-2:-1] == missing[:1]]
        raise ClassIsEmpty(f"class {missing[0]!r} has no sample that can be read. {_first(mine)}".strip())
    problems.sort(key=lambda problem: problem.path)
    shards.sort(key=lambda shard: shard.digest)
    return num_samples, shards, problems


def _first(problems: list[ImportProblem]) -> str:
    return "; ".join(f"{problem.path}: {problem.message}" for problem in problems[:SHOWN_PROBLEMS])


def _write_lines(path: Path, items: Iterable[View]) -> Path:
    with path.open("w") as file:
        file.writelines(item.model_dump_json() + "\n" for item in items)
    return path


if __name__ == "__main__":
    main(Path(sys.argv[1]))
