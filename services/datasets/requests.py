"""The request door of the datasets room."""

from uuid import UUID

from libs.common.bus import RequestDoor
from libs.common.contracts.base import Gone, Page
from libs.common.contracts.dataset_exports import (
    CreateDatasetExport,
    DatasetExport,
    DownloadDatasetExport,
    GetDatasetExport,
    ListDatasetExports,
)
from libs.common.contracts.datasets import (
    AddSamples,
    CreateDataset,
    DataReference,
    Dataset,
    DeleteDataset,
    GetDataset,
    ListDatasets,
    PrepareDataset,
    UpdateDataset,
)
from libs.common.contracts.exports import Download
from libs.common.contracts.imports import (
    DetectDataset,
    Detection,
    FormatDescription,
    GetDetection,
    GetImportReport,
    GetPreview,
    ImportReport,
    ListFormats,
)
from libs.common.contracts.owners import MakersInDatasets, OwnersInDatasets, Projects
from libs.common.contracts.projects import (
    CreateProject,
    DeleteProject,
    GetProject,
    ListProjects,
    Project,
    UpdateProject,
)
from libs.common.contracts.samples import GetSample, ListSamples, LocateSample, Sample, StoredBytes
from libs.common.contracts.splits import (
    CheckLeaks,
    CombineSplits,
    CreateSplit,
    GetSplit,
    LeakReport,
    ListSplits,
    PreviewSplit,
    ReferSplit,
    Split,
    SplitPreview,
)
from libs.common.contracts.uploads import (
    CompleteUpload,
    CreateUpload,
    DeleteUpload,
    GetUpload,
    StoreUpload,
    Upload,
)
from libs.common.contracts.versions import (
    AnnotateSample,
    DatasetStats,
    DatasetVersion,
    DeleteSample,
    DiffVersions,
    EditSamples,
    GetStats,
    ListVersions,
    RestoreVersion,
    VersionDiff,
)
from services.datasets.formats import registry
from services.datasets.service import Service

requests = RequestDoor()


@requests.answers
async def list_owners(request: OwnersInDatasets, service: Service) -> Projects:
    return await service.owners.projects(request)


@requests.answers
async def list_makers(request: MakersInDatasets, service: Service) -> tuple[UUID | None, ...]:
    return await service.owners.makers(request)


@requests.answers
async def create_project(request: CreateProject, service: Service) -> Project:
    return await service.projects.create(request)


@requests.answers
async def get_project(request: GetProject, service: Service) -> Project:
    return await service.projects.get(request.project_id)


@requests.answers
async def list_projects(request: ListProjects, service: Service) -> Page[Project]:
    return await service.projects.list_projects(request)


@requests.answers
async def update_project(request: UpdateProject, service: Service) -> Project:
    return await service.projects.update(request)


@requests.answers
async def delete_project(request: DeleteProject, service: Service) -> Gone:
    await service.projects.delete(request.project_id)
    return Gone(id=str(request.project_id))


@requests.answers
async def create_upload(request: CreateUpload, service: Service) -> Upload:
    return await service.uploads.create(request)


@requests.answers
async def get_upload(request: GetUpload, service: Service) -> Upload:
    return await service.uploads.get(request.upload_id)


@requests.answers
async def complete_upload(request: CompleteUpload, service: Service) -> Upload:
    return await service.uploads.complete(request.upload_id, request.parts)


@requests.answers
async def store_upload(request: StoreUpload, service: Service) -> Upload:
    return await service.uploads.store(request.upload_id)


@requests.answers
async def delete_upload(request: DeleteUpload, service: Service) -> Gone:
    await service.uploads.delete(request.upload_id)
    return Gone(id=str(request.upload_id))


@requests.answers
async def create_dataset(request: CreateDataset, service: Service) -> Dataset:
    return await service.datasets.create(request)


@requests.answers
async def get_dataset(request: GetDataset, service: Service) -> Dataset:
    return await service.datasets.get(request.dataset_id)


@requests.answers
async def list_datasets(request: ListDatasets, service: Service) -> Page[Dataset]:
    return await service.datasets.list_datasets(request.project_id, request.query)


@requests.answers
async def update_dataset(request: UpdateDataset, service: Service) -> Dataset:
    return await service.datasets.rename(request.dataset_id, request.name)


@requests.answers
async def delete_dataset(request: DeleteDataset, service: Service) -> Gone:
    await service.datasets.delete(request.dataset_id)
    return Gone(id=str(request.dataset_id))


@requests.answers
async def prepare_dataset(request: PrepareDataset, service: Service) -> Dataset:
    return await service.datasets.prepare(request)


@requests.answers
async def add_samples(request: AddSamples, service: Service) -> Dataset:
    return await service.datasets.extend(request)


@requests.answers
async def list_formats(_: ListFormats, __: Service) -> Page[FormatDescription]:
    return Page(items=registry.describe())


@requests.answers
async def detect_dataset(request: DetectDataset, service: Service) -> Detection:
    return await service.detections.create(request)


@requests.answers
async def get_detection(request: GetDetection, service: Service) -> Detection:
    return await service.detections.get(request.detection_id, request.query)


@requests.answers
async def get_report(request: GetImportReport, service: Service) -> ImportReport:
    return await service.imports.report(request.dataset_id, request.report_id, request.query)


@requests.answers
async def get_preview(request: GetPreview, service: Service) -> Page[Sample]:
    return await service.samples.preview(request.dataset_id, request.version)


@requests.answers
async def list_versions(request: ListVersions, service: Service) -> Page[DatasetVersion]:
    return await service.versions.list_versions(request.dataset_id, request.query)


@requests.answers
async def get_stats(request: GetStats, service: Service) -> DatasetStats:
    return await service.versions.stats(request.dataset_id, request.version)


@requests.answers
async def diff_versions(request: DiffVersions, service: Service) -> VersionDiff:
    return await service.versions.diff(request)


@requests.answers
async def restore_version(request: RestoreVersion, service: Service) -> DatasetVersion:
    return await service.versions.restore(request)


@requests.answers
async def edit_samples(request: EditSamples, service: Service) -> DatasetVersion:
    return await service.versions.edit(request)


@requests.answers
async def annotate_sample(request: AnnotateSample, service: Service) -> Sample:
    return await service.versions.annotate(request)


@requests.answers
async def delete_sample(request: DeleteSample, service: Service) -> Gone:
    await service.versions.delete_sample(request.sample_id)
    return Gone(id=str(request.sample_id))


@requests.answers
async def list_samples(request: ListSamples, service: Service) -> Page[Sample]:
    return await service.samples.list_samples(request)


@requests.answers
async def get_sample(request: GetSample, service: Service) -> Sample:
    return await service.samples.get(request.sample_id, request.version)


@requests.answers
async def locate_sample(request: LocateSample, service: Service) -> StoredBytes:
    return await service.samples.locate(request.sample_id, request.rendition)


@requests.answers
async def preview_split(request: PreviewSplit, service: Service) -> SplitPreview:
    return await service.splits.preview(request)


@requests.answers
async def create_split(request: CreateSplit, service: Service) -> Split:
    return await service.splits.create(request)


@requests.answers
async def list_splits(request: ListSplits, service: Service) -> Page[Split]:
    return await service.splits.list_splits(request.dataset_id, request.query)


@requests.answers
async def get_split(request: GetSplit, service: Service) -> Split:
    return await service.splits.get(request.split_id)


@requests.answers
async def refer_split(request: ReferSplit, service: Service) -> DataReference:
    return await service.splits.refer(request.split_id)


@requests.answers
async def combine_splits(request: CombineSplits, service: Service) -> DataReference:
    return await service.combinations.combine(request)


@requests.answers
async def check_leaks(request: CheckLeaks, service: Service) -> LeakReport:
    return await service.splits.check_leaks(request)


@requests.answers
async def create_export(request: CreateDatasetExport, service: Service) -> DatasetExport:
    return await service.exports.create(request)


@requests.answers
async def get_export(request: GetDatasetExport, service: Service) -> DatasetExport:
    return await service.exports.get(request.dataset_id, request.export_id, request.query)


@requests.answers
async def list_exports(request: ListDatasetExports, service: Service) -> Page[DatasetExport]:
    return await service.exports.list_exports(request.dataset_id, request.query)


@requests.answers
async def download_export(request: DownloadDatasetExport, service: Service) -> Download:
    return await service.exports.download(request.dataset_id, request.export_id)
