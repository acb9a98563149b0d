"""Samples, and the versions that their changes make."""

from libs.common.bus import RequestDoor
from libs.common.contracts.base import Gone, Page
from libs.common.contracts.imports import (
    GetPreview,
)
from libs.common.contracts.samples import GetSample, ListSamples, LocateSample, Sample, StoredBytes
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
from services.datasets.service import Service

door = RequestDoor()


@door.answers
async def get_preview(request: GetPreview, service: Service) -> Page[Sample]:
    return await service.samples.preview(request.dataset_id, request.version)


@door.answers
async def list_versions(request: ListVersions, service: Service) -> Page[DatasetVersion]:
    return await service.versions.list_versions(request.dataset_id, request.query)


@door.answers
async def get_stats(request: GetStats, service: Service) -> DatasetStats:
    return await service.versions.stats(request.dataset_id, request.version)


@door.answers
async def diff_versions(request: DiffVersions, service: Service) -> VersionDiff:
    return await service.versions.diff(request)


@door.answers
async def restore_version(request: RestoreVersion, service: Service) -> DatasetVersion:
    return await service.versions.restore(request)


@door.answers
async def edit_samples(request: EditSamples, service: Service) -> DatasetVersion:
    return await service.versions.edit(request)


@door.answers
async def annotate_sample(request: AnnotateSample, service: Service) -> Sample:
    return await service.versions.annotate(request)


@door.answers
async def delete_sample(request: DeleteSample, service: Service) -> Gone:
    await service.versions.delete_sample(request.sample_id)
    return Gone(id=str(request.sample_id))


@door.answers
async def list_samples(request: ListSamples, service: Service) -> Page[Sample]:
    return await service.samples.list_samples(request)


@door.answers
async def get_sample(request: GetSample, service: Service) -> Sample:
    return await service.samples.get(request.sample_id, request.version)


@door.answers
async def locate_sample(request: LocateSample, service: Service) -> StoredBytes:
    return await service.samples.locate(request.sample_id, request.rendition)
