"""Reads a source: what is in it, how good it is, and all of it packed. Only this decodes hostile bytes."""

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import islice
from pathlib import Path

from libs.common.child import Reporter
from libs.common.contracts.base import View
from libs.common.contracts.imports import Example, Tally
from services.datasets.chunk import fingerprint, num_annotations, read_outcome
from services.datasets.examples import example_of
from services.datasets.files import Files, open_files
from services.datasets.formats.plan import Plan
from services.datasets.formats.registry import FORMATS, detect
from services.datasets.full_disk import full_disk_named
from services.datasets.handover import Assignment, Depth, Outcome
from services.datasets.labels import labels_of
from services.datasets.packing import Chunk, Packer, chunks, pack
from services.datasets.tallies import added, tally_of_refused, tally_of_samples
from services.datasets.tasks import task_of

NUM_EXAMPLES = 12


def main(spec: Path) -> None:
    with Reporter.from_environment() as reporter:
        assignment = Assignment.model_validate_json(spec.read_bytes())
        with full_disk_named("the source was read"):
            outcome = read_source(assignment, reporter)
        reporter.finished(outcome)


def read_source(assignment: Assignment, reporter: Reporter) -> Outcome:
    reporter.progress(0, "reading the annotations")
    with open_files(
        assignment.source, assignment.limits, assignment.directory, filename=assignment.filename
    ) as files:
        name = assignment.format or detect(files)
        plan = FORMATS[name].read(files, assignment.options)
        waiting = chunks(plan.samples, files)
        outcome = _planned(name, plan, len(waiting), assignment, files)
    match assignment.depth:
        case Depth.LISTING:
            return outcome
        case Depth.DECODING:
            return _looked_at(outcome, assignment, plan, waiting, reporter)
        case Depth.PACKING:
            _pack(assignment, plan, waiting, reporter)
            return outcome


def _planned(name: str, plan: Plan, num_chunks: int, assignment: Assignment, files: Files) -> Outcome:
    """As the annotations tell it, as if every file were what it should be."""
    classes = Counter(label for found in plan.samples for label in labels_of(found.annotations))
    num_kept = sum(map(num_annotations, plan.samples))
    is_look = assignment.depth is not Depth.PACKING
    return Outcome(
        format=name,
        modality=plan.modality,
        task=task_of(plan.samples),
        num_chunks=num_chunks,
        num_samples=len(plan.samples),
        samples=tally_of_samples(plan.problems, len(plan.samples)),
        annotations=added(
            [tally_of_refused(plan.problems), Tally(num_found=num_kept, num_imported=num_kept)]
        ),
        classes=dict.fromkeys(plan.classes, 0) | classes,
        subsets=dict(Counter(found.subset for found in plan.samples if found.subset)),
        must_have=tuple(sorted(plan.must_have)),
        problems=_write_lines(assignment.directory / "problems.jsonl", plan.problems),
        examples=tuple(_examples(plan, assignment, files)) if is_look else (),
    )


def _examples(plan: Plan, assignment: Assignment, files: Files) -> Iterable[Example]:
    with_content = assignment.depth is Depth.DECODING
    for found in islice(plan.samples, NUM_EXAMPLES):
        yield example_of(found, plan.modality, files if with_content else None)


def _pack(assignment: Assignment, plan: Plan, waiting: Sequence[Chunk], reporter: Reporter) -> None:
    """Chunks that an earlier attempt stored are left out; each of the others is told when it is packed."""
    rest = [chunk for chunk in waiting if not _is_staged(chunk, assignment)]
    num_done = len(plan.samples) - sum(len(chunk.samples) for chunk in rest)
    sizes = {chunk.number: len(chunk.samples) for chunk in rest}
    for packed in pack(_packer(assignment, plan), rest, assignment.processes):
        reporter.checkpoint(packed)
        num_done += sizes[packed.number]
        _report(reporter, num_done, plan)


def _is_staged(chunk: Chunk, assignment: Assignment) -> bool:
    staged = assignment.staged.get(chunk.number)
    return staged is not None and staged == fingerprint(chunk.samples)


def _looked_at(
    outcome: Outcome, assignment: Assignment, plan: Plan, waiting: Sequence[Chunk], reporter: Reporter
) -> Outcome:
    """The same, after every sample was decoded, and nothing kept."""
    problems, tallies = list(plan.problems), [tally_of_refused(plan.problems)]
    classes, subsets = Counter(dict.fromkeys(plan.classes, 0)), Counter[str]()
    num_samples = 0
    for packed in pack(_packer(assignment, plan), waiting, assignment.processes):
        seen = read_outcome(packed.outcome.read_bytes())
        packed.outcome.unlink()
        problems.extend(seen.problems)
        tallies.append(seen.annotations)
        num_samples += len(seen.samples)
        classes.update(label for sample in seen.samples for label in labels_of(sample.annotations))
        subsets.update(sample.subset for sample in seen.samples if sample.subset)
        _report(reporter, tally_of_samples(problems, num_samples).num_found, plan)
    return outcome.model_copy(
        update={
            "samples": tally_of_samples(problems, num_samples),
            "annotations": added(tallies),
            "classes": dict(classes),
            "subsets": dict(subsets),
            "problems": _write_lines(outcome.problems, problems),
        }
    )


def _packer(assignment: Assignment, plan: Plan) -> Packer:
    return Packer(
        source=assignment.source,
        filename=assignment.filename,
        limits=assignment.limits,
        directory=assignment.directory,
        modality=plan.modality,
        depth=assignment.depth,
        known=assignment.known,
    )


def _report(reporter: Reporter, num_done: int, plan: Plan) -> None:
    total = len(plan.samples)
    reporter.progress(min(num_done / total, 1), f"{num_done:,} of {total:,} samples")


def _write_lines(path: Path, items: Iterable[View]) -> Path:
    with path.open("w") as file:
        file.writelines(item.model_dump_json() + "\n" for item in items)
    return path
