"""The rules of exports: what is queued, what becomes of it, what is announced."""

from datetime import datetime
from uuid import UUID

from libs.common import artifacts
from libs.common.contracts.base import Chain, Page, now
from libs.common.contracts.evaluations import Evaluable
from libs.common.contracts.exports import (
    Certificate,
    Download,
    Export,
    ExportCompleted,
    ExportFailed,
    ExportFormat,
    ExportModel,
    ExportOption,
    ExportState,
    FormatName,
    ListExports,
    ModelFile,
    Precision,
)
from libs.common.contracts.models import ModelVersion
from libs.common.contracts.owners import OwnersInExporter, Projects
from libs.common.contracts.packages import DataSource, ModelCard
from libs.common.contracts.reports import ParityReport
from libs.common.db.outbox import Outbox
from libs.common.ids import new_id
from libs.common.jobs import JobQueue
from libs.common.owners import ids_of, projects_of
from libs.common.paging import after, page_of
from libs.common.storage import Storage
from libs.common.trash import Trash
from libs.tasks.exporters import catalogue
from services.exporter.errors import (
    ExportIsNotReady,
    ExportIsRegistered,
    ExportNotFound,
    FormatIsNotServed,
)
from services.exporter.imports import Imports
from services.exporter.models import ExportRow
from services.exporter.registry import Registry
from services.exporter.repository.exports import OPEN, ExportRepository


class Service:
    """One transaction's worth; nothing here commits."""

    def __init__(
        self,
        repository: ExportRepository,
        registry: Registry,
        imports: Imports,
        trash: Trash,
        queue: JobQueue,
        outbox: Outbox,
        storage: Storage,
    ) -> None:
        self.registry = registry
        self.imports = imports
        self._repository = repository
        self._trash = trash
        self._queue = queue
        self._outbox = outbox
        self._storage = storage

    def options(self) -> tuple[ExportOption, ...]:
        return catalogue.options()

    async def create(
        self,
        source: Evaluable,
        *,
        format: FormatName = ExportFormat.ONNX,
        precision: Precision = Precision.FP32,
        metric_tolerance: float | None = None,
        then: Chain = (),
    ) -> Export:
        """Raises FormatIsUnavailable before anything is queued."""
        exporter = catalogue.find(format, precision)
        spec = ExportModel(
            export_id=new_id(),
            model=source,
            format=format,
            precision=precision,
            metric_tolerance=metric_tolerance,
            then=then,
        )
        title = f"Export {source.run_name} to {exporter.name_of(precision)}"
        row = ExportRow(
            id=spec.export_id,
            run_id=source.run_id,
            project_id=source.project_id,
            job_id=await self._queue.enqueue(spec, project_id=source.project_id, title=title),
            source=source.model_dump(mode="json"),
            format=format,
            precision=precision.value,
            metric_tolerance=metric_tolerance,
        )
        await self._repository.add(row)
        return row.view()

    async def owners(self, asked: OwnersInExporter) -> Projects:
        found = await self._repository.owners(ids_of(asked.keys))
        return projects_of(asked, found, ExportNotFound, lambda key: f"export {key} does not exist")

    async def get(self, export_id: UUID) -> Export:
        return (await self._existing(export_id)).view()

    async def list_exports(self, wanted: ListExports) -> Page[Export]:
        query = wanted.query
        rows = await self._repository.page_exports(wanted, after(query, UUID), query.limit + 1)
        return page_of(rows, query, ExportRow.view, lambda row: row.id)

    async def download(self, export_id: UUID) -> Download:
        """A link that ends by itself; the bytes come from the object store, which answers ranges."""
        export = (await self._completed(export_id)).view()
        assert export.file is not None
        assert export.filename is not None
        return Download(
            url=self._storage.presign_get(export.file.key, filename=export.filename),
            filename=export.filename,
            size_bytes=export.file.size_bytes,
            sha256=export.file.sha256,
        )

    async def certificate(self, export_id: UUID) -> Certificate:
        row = await self._existing(export_id)
        export = row.view()
        if export.parity is None:
            raise ExportIsNotReady(
                f"export {export_id} is {export.state}; it was not compared with its model"
            )
        return Certificate(
            export_id=export.id,
            run_id=export.run_id,
            run_name=export.run_name,
            checkpoint=export.checkpoint,
            task=export.task,
            format=export.format,
            precision=export.precision,
            data=DataSource.of(Evaluable.model_validate(row.source).data),
            sha256=export.file.sha256 if export.file else None,
            parity=export.parity,
            issued_at=export.finished_at or now(),
        )

    async def delete(self, export_id: UUID) -> None:
        """With its file and, while it is under way, its job."""
        row = await self._locked(export_id)
        if names := await self.registry.names_of(export_id):
            raise ExportIsRegistered(f"this export is {', '.join(names)}: delete that first")
        if ExportState(row.state) in OPEN:
            await self._queue.cancel(row.job_id)
        await self._trash.add(artifacts.export_prefix(row.id), row.job_id)
        await self._repository.remove(row)

    async def register(self, name: str, export_id: UUID, note: str = "") -> ModelVersion:
        # Locked, so that its file cannot go meanwhile.
        export = (await self._locked(export_id)).view()
        if not catalogue.is_served(export.format):
            raise FormatIsNotServed(f"an export to {export.format} is a file to take away, not to deploy")
        version = await self.registry.register(name, await self._completed(export_id), note)
        return await self.registry.view(version)

    async def start(self, spec: ExportModel) -> datetime:
        """When it was asked for."""
        if not await self._repository.set_running(spec.export_id):
            raise ExportNotFound(f"export {spec.export_id} was deleted")
        return (await self._existing(spec.export_id)).created_at

    async def complete(
        self, spec: ExportModel, file: ModelFile, parity: ParityReport, card: ModelCard
    ) -> None:
        """File, registry entry and facts together; raises ExportNotFound if it was deleted meanwhile."""
        row = await self._locked(spec.export_id)
        row.state, row.finished_at = ExportState.COMPLETED.value, now()
        row.file = file.model_dump(mode="json")
        row.parity = parity.model_dump(mode="json")
        row.card = card.model_dump(mode="json")
        if catalogue.is_served(spec.format):
            version = await self.registry.register(await self.registry.free_name(spec.model), row)
            row.model, row.model_version = version.model, version.version
        completed = ExportCompleted(
            export_id=row.id,
            project_id=row.project_id,
            run_id=row.run_id,
            source=spec.model,
            format=spec.format,
            precision=spec.precision,
            file=file,
            card=card,
            parity=parity,
            model=row.model,
            model_version=row.model_version,
            then=spec.then,
        )
        await self._outbox.add(completed)

    async def refuse(self, spec: ExportModel, parity: ParityReport) -> None:
        """Keeps the certificate that was not passed; the job's failure says the rest."""
        row = await self._locked(spec.export_id)
        row.parity = parity.model_dump(mode="json")

    async def fail(self, spec: ExportModel, code: str, detail: str) -> None:
        await self._end_without_file(spec, ExportState.FAILED, code, detail)

    async def cancel(self, spec: ExportModel) -> None:
        await self._end_without_file(
            spec, ExportState.CANCELLED, "cancelled", "The export was cancelled on request"
        )

    async def forget_project(self, project_id: UUID) -> None:
        for row in await self._repository.exports_of_project(project_id):
            if ExportState(row.state) in OPEN:
                await self._queue.cancel(row.job_id)
            await self._trash.add(artifacts.export_prefix(row.id), row.job_id)
        await self.imports.forget_project(project_id)
        await self.registry.forget_project(project_id)
        await self._repository.delete_project(project_id)

    async def _existing(self, export_id: UUID) -> ExportRow:
        row = await self._repository.export(export_id)
        if row is None:
            raise ExportNotFound(f"export {export_id} does not exist")
        return row

    async def _completed(self, export_id: UUID) -> ExportRow:
        row = await self._existing(export_id)
        if row.state != ExportState.COMPLETED:
            raise ExportIsNotReady(f"export {export_id} is {row.state}")
        return row

    async def _locked(self, export_id: UUID) -> ExportRow:
        row = await self._repository.lock_export(export_id)
        if row is None:
            raise ExportNotFound(f"export {export_id} was deleted")
        return row

    async def _end_without_file(self, spec: ExportModel, state: ExportState, code: str, detail: str) -> None:
        """A deleted export has nobody left to tell."""
        row = await self._repository.lock_export(spec.export_id)
        if row is None:
            return
        row.state, row.finished_at = state.value, now()
        row.error_code, row.error_detail = code, detail
        failed = ExportFailed(
            export_id=row.id,
            project_id=row.project_id,
            run_id=row.run_id,
            run_name=spec.model.run_name,
            code=code,
            detail=detail,
        )
        await self._outbox.add(failed)
