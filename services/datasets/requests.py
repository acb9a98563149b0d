"""The request door of the datasets room."""

from libs.common.bus import RequestDoor
from libs.common.contracts.base import Gone, Page
from libs.common.contracts.datasets import (
    CreateDataset,
    DataReference,
    Dataset,
    DatasetStats,
    DatasetVersion,
    DeleteDataset,
    GetDataset,
    GetImportReport,
    GetStats,
    ImportReport,
    ListDatasets,
    ListVersions,
    UpdateDataset,
)
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
    CreateSplit,
    GetSplit,
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
from services.datasets.service import Service

requests = RequestDoor()


@requests.answers
async def create_project(request: CreateProject, service: Service) -> Project:
    return await service.projects.create(request)


@requests.answers
async def get_project(request: GetProject, service: Service) -> Project:
    return await service.projects.get(request.project_id)


@requests.answers
async def list_projects(request: ListProjects, service: Service) -> Page[Project]:
    return await service.projects.list_projects(request.query)


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
async def list_versions(request: ListVersions, service: Service) -> Page[DatasetVersion]:
    return await service.datasets.list_versions(request.dataset_id, request.query)


@requests.answers
async def get_stats(request: GetStats, service: Service) -> DatasetStats:
    return await service.datasets.stats(request.dataset_id, request.version)


@requests.answers
async def get_report(request: GetImportReport, service: Service) -> ImportReport:
    return await service.datasets.report(request.dataset_id, request.query)


@requests.answers
async def list_samples(request: ListSamples, service: Service) -> Page[Sample]:
    return await service.samples.list_samples(request)


@requests.answers
async def get_sample(request: GetSample, service: Service) -> Sample:
    return await service.samples.get(request.sample_id)


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
