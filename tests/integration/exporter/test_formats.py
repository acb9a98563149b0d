"""Exports of several formats: what is refused, what becomes a version, what is deleted with what."""

import pytest

from libs.common import artifacts
from libs.common.contracts.base import PageQuery
from libs.common.contracts.exports import (
    ExportCompleted,
    ExportFailed,
    ExportFormat,
    ExportState,
    ListExports,
    Precision,
)
from libs.common.contracts.jobs import JobCancelled
from libs.common.ids import new_id
from libs.tasks.exporters.catalogue import FormatIsUnavailable
from services.exporter.errors import (
    ExportIsNotReady,
    ExportIsRegistered,
    ExportNotFound,
    FormatIsNotServed,
)
from tests.factories import data_reference, parity_report
from tests.house import House
from tests.integration.exporter.conftest import EmptyTrash, OpenService
from tests.integration.exporter.test_registry import _completed, _queued, _source
from tests.toy import Toy


@pytest.mark.usefixtures("worker")
async def test_an_export_in_eight_bits_is_calibrated_certified_and_a_version(
    house: House, open_service: OpenService, toy: Toy
) -> None:
    source = await toy.publish(house, deployment=f"m-{new_id().hex[-12:]}")
    async with open_service() as service:
        made = await service.create(source, precision=Precision.INT8, metric_tolerance=0.25)

    fact = await house.wait_for(ExportCompleted, export_id=made.id)

    assert (fact.precision, fact.model, fact.model_version) == (Precision.INT8, source.deployment, 1)
    async with open_service() as service:
        export = await service.get(made.id)
        version = await service.registry.version(source.deployment, 1, None)
        certificate = await service.certificate(made.id)
    assert (export.precision, export.metric_tolerance) == (Precision.INT8, 0.25)
    assert export.filename == "first-run-best-int8.onnx"
    assert version.precision is Precision.INT8
    assert certificate.parity == export.parity
    assert (certificate.parity.tolerance, certificate.parity.metric_tolerance) == (None, 0.25)
    assert (certificate.parity.subset, certificate.parity.num_samples) == ("test", 24)
    assert "ONNX Runtime" in certificate.parity.runtime
    assert export.file and certificate.sha256 == export.file.sha256


async def test_what_deployments_do_not_take_stays_an_export(house: House, open_service: OpenService) -> None:
    export = await _completed(open_service, _source(), ExportFormat.TORCH_EXPORT)

    fact = await house.wait_for(ExportCompleted, export_id=export.id)

    assert (fact.format, fact.model, fact.model_version) == ("torch_export", None, None)
    assert export.model is None
    async with open_service() as service:
        with pytest.raises(FormatIsNotServed):
            await service.register("never", export.id)


@pytest.mark.parametrize(
    ("format", "precision"),
    [("tensorrt", Precision.FP16), ("coreml", Precision.FP32), ("torchscript", Precision.INT8)],
)
async def test_what_cannot_be_made_here_is_refused_before_anything_is_queued(
    open_service: OpenService, format: str, precision: Precision
) -> None:
    source = _source()
    async with open_service() as service:
        with pytest.raises(FormatIsUnavailable):
            await service.create(source, format=format, precision=precision)
    async with open_service() as service:
        assert not (await service.list_exports(ListExports(run_id=source.run_id))).items


async def test_exports_are_listed_by_run_and_by_project(open_service: OpenService) -> None:
    data = data_reference()
    ids = [(await _queued(open_service, _source(data=data))).export_id for _ in range(3)]
    await _queued(open_service, _source())

    async with open_service() as service:
        wanted = ListExports(project_id=data.project_id, query=PageQuery(limit=2))
        first = await service.list_exports(wanted)
        query = PageQuery(limit=2, cursor=first.next_cursor)
        rest = await service.list_exports(ListExports(project_id=data.project_id, query=query))
        alone = await service.list_exports(
            ListExports(run_id=first.items[0].run_id, project_id=data.project_id)
        )
    assert [each.id for each in (*first.items, *rest.items)] == ids[::-1]
    assert [each.id for each in alone.items] == ids[2:]


async def test_an_export_that_is_a_version_cannot_be_deleted_before_it(
    house: House, open_service: OpenService, empty_trash: EmptyTrash
) -> None:
    export = await _completed(open_service, _source())
    assert export.file and export.model
    await house.storage.put_bytes(export.file.key, b"the file")

    async with open_service() as service:
        with pytest.raises(ExportIsRegistered, match=f"{export.model} v1"):
            await service.delete(export.id)
        await service.registry.delete(export.model)
    await empty_trash()
    assert await house.storage.exists(export.file.key)
    async with open_service() as service:
        await service.delete(export.id)

    await empty_trash()
    assert not await house.storage.exists(export.file.key)
    async with open_service() as service:
        with pytest.raises(ExportNotFound):
            await service.delete(export.id)


async def test_deleting_an_export_under_way_gives_up_its_job(house: House, open_service: OpenService) -> None:
    spec = await _queued(open_service, _source())
    async with open_service() as service:
        job_id = (await service.get(spec.export_id)).job_id
        await service.delete(spec.export_id)

    cancelled = await house.wait_for(JobCancelled, job_id=job_id)

    assert cancelled.kind == "run.export"
    async with open_service() as service:
        with pytest.raises(ExportNotFound):
            await service.start(spec)
        await service.cancel(spec)
    assert await house.storage.list_objects(artifacts.export_prefix(spec.export_id)) == []


async def test_there_is_a_certificate_once_something_was_compared(
    house: House, open_service: OpenService
) -> None:
    spec = await _queued(open_service, _source())
    async with open_service() as service:
        with pytest.raises(ExportIsNotReady):
            await service.certificate(spec.export_id)
        await service.refuse(spec, parity_report(passed=False))
        await service.fail(spec, "parity_failed", "the outputs differ")

    async with open_service() as service:
        certificate = await service.certificate(spec.export_id)
        assert (await service.get(spec.export_id)).state is ExportState.FAILED
    assert (certificate.parity.passed, certificate.sha256) == (False, None)
    failed = await house.wait_for(ExportFailed, export_id=spec.export_id)
    assert (failed.run_name, failed.code) == ("First run", "parity_failed")
