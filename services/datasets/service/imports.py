"""Imports: chunks staged one by one, then published at once with all that was found."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

from libs.common.contracts.base import PageQuery
from libs.common.contracts.datasets import DatasetReady, DatasetStatus
from libs.common.contracts.imports import ImportDataset, ImportProblem, ImportReport, ReportKind, Tally
from libs.common.db.outbox import Outbox
from libs.common.paging import after, page_of, whole_number
from services.datasets.chunk import read_outcome
from services.datasets.errors import ClassIsEmpty, DatasetIsEmpty, ReportNotFound
from services.datasets.figures import Figures, counts
from services.datasets.formats.plan import rejected
from services.datasets.handover import ChunkOutcome, Outcome, PackedChunk, PackedSample
from services.datasets.models import DatasetRow, ReportRow, ShardRow, StagedChunkRow
from services.datasets.repository.imports import ImportRepository
from services.datasets.repository.samples import SampleRepository
from services.datasets.service.datasets import Datasets
from services.datasets.service.versions import Versions
from services.datasets.tallies import added, tally_of_refused, tally_of_samples

SHOWN_PROBLEMS = 3


@dataclass
class _Found:
    """What an import adds to a dataset, as it grows chunk by chunk."""

    problems: list[ImportProblem]
    figures: Figures = field(default_factory=Figures)
    annotations: list[Tally] = field(default_factory=list)

    @property
    def samples(self) -> Tally:
        return tally_of_samples(self.problems, self.figures.num_samples)

    def first_problems(self, folder: str | None = None) -> str:
        """Of one class, when its folder is named."""
        mine = [each for each in self.problems if folder is None or each.path.split("/")[-2:-1] == [folder]]
        return "; ".join(f"{problem.path}: {problem.message}" for problem in mine[:SHOWN_PROBLEMS])


class Imports:
    def __init__(
        self,
        repository: ImportRepository,
        samples: SampleRepository,
        datasets: Datasets,
        versions: Versions,
        outbox: Outbox,
    ) -> None:
        self._repository = repository
        self._samples = samples
        self._datasets = datasets
        self._versions = versions
        self._outbox = outbox

    async def digests(self, dataset_id: UUID) -> Sequence[str]:
        """SHA-256 of what the newest version holds, sorted."""
        return await self._samples.digests(dataset_id)

    async def staged(self, job_id: UUID) -> dict[int, str]:
        """Fingerprints of the chunks that earlier attempts stored, by number."""
        return await self._repository.staged(job_id)

    async def stage(
        self, job_id: UUID, dataset_id: UUID, chunk: PackedChunk, shard_id: UUID | None, outcome: bytes
    ) -> None:
        """After its bytes were stored. Raises DatasetNotFound when the dataset was deleted meanwhile."""
        await self._datasets.existing(dataset_id)
        row = StagedChunkRow(
            job_id=job_id,
            number=chunk.number,
            dataset_id=dataset_id,
            fingerprint=chunk.fingerprint,
            shard_id=shard_id,
            shard_size_bytes=chunk.shard.size_bytes if chunk.shard else 0,
            outcome=outcome,
        )
        await self._repository.stage(row)

    async def publish(
        self, spec: ImportDataset, outcome: Outcome, problems: Sequence[ImportProblem], job_id: UUID
    ) -> None:
        """Raises DatasetIsEmpty or ClassIsEmpty: what is missing would only show as a strange model later."""
        dataset = await self._datasets.existing(spec.dataset_id, lock=True)
        found = _Found(list(problems), annotations=[tally_of_refused(problems)])
        for number in range(outcome.num_chunks):
            await self._publish_chunk(dataset, await self._repository.chunk(job_id, number), found)
        await self._repository.unstage(job_id)
        _require_samples(spec, outcome, found)
        await self._write_report(spec, outcome, found, job_id)
        await self._complete(dataset, spec, outcome, found)

    async def report_failure(
        self, spec: ImportDataset, outcome: Outcome, problems: Sequence[ImportProblem], job_id: UUID
    ) -> None:
        """What was wrong, where nothing was imported."""
        found = _Found(list(problems), annotations=[tally_of_refused(problems)])
        for number in range(outcome.num_chunks):
            chunk = await asyncio.to_thread(
                read_outcome, (await self._repository.chunk(job_id, number)).outcome
            )
            found.problems.extend(chunk.problems)
            found.annotations.append(chunk.annotations)
        await self._write_report(spec, outcome, found, job_id)

    async def fail(self, spec: ImportDataset, job_id: UUID, code: str, detail: str) -> None:
        await self._repository.unstage(job_id)
        await self._datasets.fail(spec, code, detail)

    async def report(self, dataset_id: UUID, report_id: UUID | None, query: PageQuery) -> ImportReport:
        await self._datasets.existing(dataset_id)
        row = await self._repository.report_of(dataset_id, report_id)
        if row is None:
            raise ReportNotFound(f"dataset {dataset_id} has no such report, or has not been imported")
        return await self.view(row, query)

    async def view(self, row: ReportRow, query: PageQuery) -> ImportReport:
        problems = await self._repository.page_problems(row.id, after(query, whole_number), query.limit + 1)
        return ImportReport.model_validate(
            {
                "id": row.id,
                "kind": row.kind,
                "dataset_id": row.dataset_id,
                "format": row.format,
                "modality": row.modality,
                **row.samples,
                "annotations": row.annotations,
                "classes": counts(row.classes),
                "subsets": counts(row.subsets),
                "created_at": row.created_at,
                "problems": page_of(problems, query, lambda each: each.view(), lambda each: each.number),
            }
        )

    async def _publish_chunk(self, dataset: DatasetRow, row: StagedChunkRow, found: _Found) -> None:
        chunk = await asyncio.to_thread(read_outcome, row.outcome)
        found.problems.extend(chunk.problems)
        found.annotations.append(chunk.annotations)
        samples = await self._free(dataset, chunk, found) if dataset.version else chunk.samples
        if not samples or row.shard_id is None:
            return
        shard = ShardRow(id=row.shard_id, dataset_id=dataset.id, size_bytes=row.shard_size_bytes)
        await self._samples.add_shard(shard, dataset.version + 1, samples)
        for sample in samples:
            found.figures.add(sample, sample.annotations)

    async def _free(self, dataset: DatasetRow, chunk: ChunkOutcome, found: _Found) -> Sequence[PackedSample]:
        """Without those whose name or content came into the dataset while this import was at work."""
        digests, names = await self._samples.taken(
            dataset.id, [each.sha256 for each in chunk.samples], [each.name for each in chunk.samples]
        )
        free = [each for each in chunk.samples if each.sha256 not in digests and each.name not in names]
        for sample in chunk.samples:
            if sample.sha256 in digests:
                found.problems.append(_duplicate(sample))
            elif sample.name in names:
                message = "another sample of the dataset has this name; delete it first to replace it"
                found.problems.append(rejected(sample.name, "name_taken", message))
        return free

    async def _complete(
        self, dataset: DatasetRow, spec: ImportDataset, outcome: Outcome, found: _Found
    ) -> None:
        num_samples = found.figures.num_samples
        dataset.is_adding, dataset.error_code, dataset.error_detail = False, None, None
        if num_samples:
            verb = "Added" if spec.is_addition else "Import of"
            await self._versions.add(dataset, found.figures, f"{verb} {num_samples:,} samples")
        dataset.status = DatasetStatus.READY.value
        if not spec.is_addition:
            dataset.format, dataset.modality = outcome.format, outcome.modality
        ready = DatasetReady(
            dataset_id=dataset.id,
            project_id=dataset.project_id,
            name=dataset.name,
            version=dataset.version,
            num_samples=dataset.num_samples,
            classes=tuple(dataset.classes),
        )
        await self._outbox.add(ready)

    async def _write_report(self, spec: ImportDataset, outcome: Outcome, found: _Found, job_id: UUID) -> None:
        row = ReportRow(
            id=job_id,
            dataset_id=spec.dataset_id,
            kind=(ReportKind.ADD if spec.is_addition else ReportKind.IMPORT).value,
            format=outcome.format,
            modality=outcome.modality,
            samples=found.samples.model_dump(),
            annotations=added(found.annotations).model_dump(),
            classes=dict(found.figures.labels),
            subsets=dict(found.figures.subsets),
        )
        await self._repository.add_report(row, sorted(found.problems, key=_place))


def _require_samples(spec: ImportDataset, outcome: Outcome, found: _Found) -> None:
    if spec.is_addition:
        # Nothing new is an answer: the dataset stays what it was.
        return
    if not found.figures.num_samples:
        reasons = found.first_problems()
        raise DatasetIsEmpty(f"none of {len(found.problems)} files is a sample: {reasons}")
    if missing := sorted(set(outcome.must_have) - found.figures.labels.keys()):
        reasons = found.first_problems(missing[0])
        raise ClassIsEmpty(f"class {missing[0]!r} has no sample that can be read. {reasons}".strip())


def _duplicate(sample: PackedSample) -> ImportProblem:
    message = "the dataset holds these bytes already"
    return ImportProblem(path=sample.name, code="duplicate", message=message, outcome="duplicate")


def _place(problem: ImportProblem) -> tuple[str, int]:
    return problem.path, problem.row or 0
