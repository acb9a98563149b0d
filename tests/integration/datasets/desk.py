"""What every test of the datasets room does: upload, import, wait, look at rows and objects."""

import asyncio
import hashlib
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import httpx
from sqlalchemy import text

from libs.common import artifacts
from libs.common.contracts.base import PageQuery
from libs.common.contracts.dataset_exports import (
    CreateDatasetExport,
    DatasetExport,
    DatasetExportState,
    DownloadDatasetExport,
    GetDatasetExport,
)
from libs.common.contracts.datasets import (
    CreateDataset,
    Dataset,
    DatasetFailed,
    DatasetReady,
    GetDataset,
)
from libs.common.contracts.imports import GetImportReport, ImportReport
from libs.common.contracts.jobs import JobState
from libs.common.contracts.projects import CreateProject, Project
from libs.common.contracts.samples import ListSamples, LocateSample, Sample, SampleFilter, SampleSort
from libs.common.contracts.sources import UploadSource
from libs.common.contracts.uploads import CompleteUpload, CreateUpload, Upload, UploadedPart
from libs.common.errors import NotFound
from libs.common.ids import new_id
from libs.common.jobs import JobQueue
from libs.common.storage import StoredObject
from tests.house import House


@dataclass(frozen=True)
class Desk:
    house: House

    async def ask(self, request: Any) -> Any:
        return await self.house.bus.ask(request)

    async def project(self, **fields: str) -> Project:
        wanted = {"name": f"p-{new_id()}", "task": "classification", **fields}
        return await self.ask(CreateProject.model_validate(wanted))

    async def upload(self, content: bytes) -> Upload:
        """In parts, as a browser does it."""
        upload = await self.ask(CreateUpload(filename="data.zip", size_bytes=len(content)))
        parts = await put_parts(upload, content)
        return await self.ask(CompleteUpload(upload_id=upload.id, parts=tuple(parts)))

    async def create(self, content: bytes, project: Project | None = None, **fields: Any) -> Dataset:
        project = project or await self.project()
        upload = await self.upload(content)
        return await self.ask(
            CreateDataset(
                project_id=project.id,
                source=UploadSource(upload_id=upload.id),
                **{"name": f"d-{new_id()}", **fields},
            )
        )

    async def imported(self, content: bytes, project: Project | None = None, **fields: Any) -> Dataset:
        """Ready, or the test fails with what the import said."""
        made = await self.create(content, project, **fields)
        await self.settled(made.id)
        dataset = await self.ask(GetDataset(dataset_id=made.id))
        assert dataset.error_code is None, (dataset.error_code, dataset.error_detail)
        return dataset

    async def settled(self, dataset_id: UUID, timeout_seconds: float = 90) -> DatasetReady | DatasetFailed:
        async with asyncio.timeout(timeout_seconds):
            while True:
                for kind in (DatasetReady, DatasetFailed):
                    if found := await self.house.facts(kind, dataset_id=dataset_id):
                        return found[0]
                await asyncio.sleep(0.05)

    async def report(self, dataset_id: UUID, limit: int = 200) -> ImportReport:
        return await self.ask(GetImportReport(dataset_id=dataset_id, query=PageQuery(limit=limit)))

    async def samples(
        self, dataset_id: UUID, limit: int = 200, sort: SampleSort = "name", **wanted: Any
    ) -> list[Sample]:
        """Page by page to the end."""
        found: list[Sample] = []
        cursor = None
        while True:
            page = await self.ask(
                ListSamples(
                    dataset_id=dataset_id,
                    sort=sort,
                    filter=SampleFilter(**wanted),
                    query=PageQuery(limit=limit, cursor=cursor),
                )
            )
            assert len(page.items) <= limit
            found += page.items
            cursor = page.next_cursor
            if cursor is None:
                return found

    async def exported(self, dataset: Dataset, format: str, **wanted: Any) -> DatasetExport:
        """Complete, or the test fails with what the export said."""
        request = CreateDatasetExport.model_validate({"dataset_id": dataset.id, "format": format, **wanted})
        made = await self.ask(request)
        async with asyncio.timeout(90):
            while made.state is DatasetExportState.RUNNING:
                await asyncio.sleep(0.05)
                made = await self.ask(GetDatasetExport(dataset_id=dataset.id, export_id=made.id))
        assert made.error_code is None, (made.error_code, made.error_detail)
        return made

    async def downloaded(self, export: DatasetExport) -> bytes:
        request = DownloadDatasetExport(dataset_id=export.dataset_id, export_id=export.id)
        download = await self.ask(request)
        async with httpx.AsyncClient(timeout=60) as client:
            content = (await client.get(download.url)).raise_for_status().content
        assert (len(content), hashlib.sha256(content).hexdigest()) == (export.size_bytes, export.sha256)
        return content

    async def content(self, sample: Sample, rendition: str = "image") -> bytes:
        stored = await self.ask(LocateSample.model_validate({"sample_id": sample.id, "rendition": rendition}))
        return await self.house.storage.get_bytes(
            stored.key, offset=stored.offset, size_bytes=stored.size_bytes
        )

    async def stored(self, dataset_id: UUID) -> list[StoredObject]:
        return await self.house.storage.list_objects(artifacts.dataset_prefix(dataset_id))

    async def objects(self, dataset_id: UUID) -> list[str]:
        return sorted(each.key for each in await self.stored(dataset_id))

    async def count(self, table: str, dataset_id: UUID) -> int:
        statement = text(f"SELECT count(*) FROM datasets.{table} WHERE dataset_id = :id")
        async with self.house.database.transaction() as session:
            return await session.scalar(statement, {"id": dataset_id}) or 0

    async def until_no_objects(self, dataset_id: UUID) -> None:
        async with asyncio.timeout(20):
            while await self.objects(dataset_id) or await self._is_trash(dataset_id):
                await asyncio.sleep(0.05)

    async def until_removed(self, key: str) -> None:
        async with asyncio.timeout(20):
            while await self.house.storage.exists(key):
                await asyncio.sleep(0.05)

    async def until_gone(self, request: Any) -> None:
        async with asyncio.timeout(20):
            while True:
                try:
                    await self.ask(request)
                except NotFound:
                    return
                await asyncio.sleep(0.05)

    async def job_state(self, job_id: UUID) -> JobState:
        async with self.house.database.transaction() as session:
            return JobState((await JobQueue(session).get(job_id)).state)

    async def lose(self, job_id: UUID) -> None:
        """As the scheduler does when a worker was not heard of for the length of a lease."""
        expire = text("UPDATE platform.job SET lease_expires_at = now() - interval '1 s' WHERE id = :id")
        async with self.house.database.transaction() as session:
            await session.execute(expire, {"id": job_id})
            assert job_id in {row.id for row in await JobQueue(session).requeue_lost()}

    async def _is_trash(self, dataset_id: UUID) -> bool:
        statement = text("SELECT count(*) FROM datasets.trash WHERE prefix = :prefix")
        async with self.house.database.transaction() as session:
            return bool(await session.scalar(statement, {"prefix": artifacts.dataset_prefix(dataset_id)}))


async def put_parts(upload: Upload, content: bytes) -> list[UploadedPart]:
    """Those that the upload still misses."""
    size = upload.part_size_bytes
    found: list[UploadedPart] = []
    async with httpx.AsyncClient(timeout=60) as client:
        for part in upload.parts:
            data = content[(part.number - 1) * size : part.number * size]
            answer = await client.put(part.url, content=data)
            answer.raise_for_status()
            found.append(UploadedPart(number=part.number, etag=answer.headers["etag"]))
    return found
