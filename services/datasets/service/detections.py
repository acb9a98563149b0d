"""Detections: a look at a source before anything is stored."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from libs.common.contracts.base import PageQuery, now
from libs.common.contracts.imports import (
    DetectDataset,
    Detection,
    DetectionState,
    DetectSource,
    ImportProblem,
    ReportKind,
)
from libs.common.ids import new_id
from libs.common.jobs import JobQueue
from services.datasets.errors import DetectionNotFound
from services.datasets.handover import Outcome
from services.datasets.models import DetectionRow, ReportRow
from services.datasets.repository.detections import DetectionRepository
from services.datasets.repository.imports import ImportRepository
from services.datasets.service.datasets import Datasets
from services.datasets.service.imports import Imports


class Detections:
    def __init__(
        self,
        repository: DetectionRepository,
        reports: ImportRepository,
        imports: Imports,
        datasets: Datasets,
        queue: JobQueue,
        lifetime: timedelta,
    ) -> None:
        self._repository = repository
        self._reports = reports
        self._imports = imports
        self._datasets = datasets
        self._queue = queue
        self._lifetime = lifetime

    async def create(self, wanted: DetectDataset) -> Detection:
        await self._datasets.require_source(wanted.source, wanted.format)
        detection_id = new_id()
        job_id = await self._queue.enqueue(DetectSource(detection_id=detection_id), title="Look at a source")
        row = DetectionRow(
            id=detection_id,
            job_id=job_id,
            source=wanted.source.model_dump(mode="json"),
            format=wanted.format,
            options=wanted.options.model_dump(mode="json"),
            is_thorough=wanted.is_thorough,
            made_by=wanted.made_by,
            expires_at=now() + self._lifetime,
        )
        await self._repository.add(row)
        return await self._view(row, PageQuery())

    async def get(self, detection_id: UUID, query: PageQuery) -> Detection:
        return await self._view(await self._existing(detection_id), query)

    async def wanted(self, detection_id: UUID) -> DetectDataset:
        row = await self._existing(detection_id)
        return DetectDataset.model_validate(
            {name: getattr(row, name) for name in ("source", "format", "options", "is_thorough")}
        )

    async def complete(self, detection_id: UUID, outcome: Outcome, problems: Sequence[ImportProblem]) -> None:
        row = await self._existing(detection_id)
        row.state, row.format, row.task = DetectionState.COMPLETED.value, outcome.format, outcome.task
        row.examples = [example.model_dump(mode="json") for example in outcome.examples]
        report = ReportRow(
            id=row.job_id,
            kind=ReportKind.DETECT.value,
            format=outcome.format,
            modality=outcome.modality,
            samples=outcome.samples.model_dump(),
            annotations=outcome.annotations.model_dump(),
            classes=outcome.classes,
            subsets=outcome.subsets,
        )
        await self._reports.add_report(report, sorted(problems, key=lambda each: (each.path, each.row or 0)))

    async def fail(self, detection_id: UUID, code: str, detail: str) -> None:
        if row := await self._repository.get(detection_id):
            row.state, row.error_code, row.error_detail = DetectionState.FAILED.value, code, detail

    async def remove_expired(self, limit: int) -> int:
        return await self._repository.remove_expired(limit)

    async def _existing(self, detection_id: UUID) -> DetectionRow:
        row = await self._repository.get(detection_id)
        if row is None:
            raise DetectionNotFound(f"detection {detection_id} does not exist, or its time is over")
        return row

    async def _view(self, row: DetectionRow, query: PageQuery) -> Detection:
        report = await self._reports.report(row.job_id)
        fields = Detection.model_fields.keys() - {"report"}
        return Detection.model_validate(
            {
                **{name: getattr(row, name) for name in fields},
                "report": await self._imports.view(report, query) if report else None,
            }
        )
