"""Models from elsewhere: what is taken becomes a version once, what is refused leaves nothing behind."""

import asyncio
import os
import signal
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import numpy as np
import onnx
import psutil
import pytest
from onnx import TensorProto, helper, numpy_helper

from libs.common import artifacts
from libs.common.contracts.base import PageQuery
from libs.common.contracts.exports import ExportFormat, ExportModel, ModelFile
from libs.common.contracts.jobs import Job, JobFailed, JobState
from libs.common.contracts.models import ForeignModel, ImportForeignModel, ImportModel, ModelRegistered
from libs.common.ids import new_id
from libs.common.jobs import JobQueue
from libs.common.room import Resources
from libs.common.trash import empty
from libs.tasks.foreign import ForeignModelIsInvalid
from services.exporter.collecting import collect_once
from services.exporter.errors import ModelFileIsTooLarge, ModelNameIsTaken, ModelNotFound, UploadIsGone
from services.exporter.models import TrashRow
from services.exporter.new_version import NewVersion
from services.exporter.settings import Settings
from tests.factories import evaluable, model_card, model_file, parity_report
from tests.house import House
from tests.integration.exporter.conftest import OpenService
from tests.tasks.foreigners import brightness, described

PIXELS = described(answers="probabilities")


async def _begun(
    house: House, open_service: OpenService, content: bytes, model: ForeignModel = PIXELS, **changes: object
) -> tuple[str, Job]:
    """Uploaded, and the upload gone at once, as its owner may wish."""
    key = artifacts.upload(new_id())
    await house.storage.put_bytes(key, content)
    wanted = {
        "name": f"m-{new_id().hex[-12:]}",
        "project_id": new_id(),
        "filename": "brightness.onnx",
        "key": key,
        "size_bytes": len(content),
        "model": model,
        **changes,
    }
    async with open_service() as service:
        job = await service.imports.begin(ImportModel.model_validate(wanted))
    await house.storage.remove([key])
    return str(wanted["name"]), job


async def _ended(house: House, job: Job) -> Job:
    async with asyncio.timeout(120):
        while True:
            async with house.database.transaction() as session:
                found = (await JobQueue(session).get(job.id)).view()
            if found.state.is_final:
                return found
            await asyncio.sleep(0.05)


async def _stored(house: House) -> set[str]:
    """Once the room has removed the bytes of what was deleted."""
    await empty(Resources("exporter", Settings(), house.bus, house.database, house.storage), TrashRow)
    return {each.key for each in await house.storage.list_objects(artifacts.FOREIGN_MODELS)}


@pytest.mark.usefixtures("worker")
async def test_a_file_becomes_a_version_and_goes_with_it(house: House, open_service: OpenService) -> None:
    before = await _stored(house)
    name, job = await _begun(house, open_service, brightness().SerializeToString(), note="from a friend")

    ended = await _ended(house, job)

    assert (ended.state, ended.error_detail) == (JobState.COMPLETED, None)
    async with open_service() as service:
        version = await service.registry.version(name, 1, None)
    assert (version.origin, version.run_id, version.export_id, version.parity) == ("upload", None, None, None)
    assert (version.note, version.card.classes) == ("from a friend", PIXELS.classes)
    assert await _stored(house) - before == {version.file.key}
    content = await house.storage.get_bytes(version.file.key)
    assert len(content) == version.file.size_bytes
    onnx.checker.check_model(onnx.load_model_from_string(content))
    registered = await house.wait_for(ModelRegistered, model=name)
    assert (registered.version, registered.export_id) == (1, None)

    async with open_service() as service:
        await service.registry.delete_version(name, 1)
    assert await _stored(house) == before


@pytest.mark.usefixtures("worker")
async def test_what_is_refused_leaves_a_reason_and_nothing_else(
    house: House, open_service: OpenService
) -> None:
    before = await _stored(house)
    name, job = await _begun(house, open_service, b"\x80\x04 a pickle")

    failed = await house.wait_for(JobFailed, job_id=job.id)

    assert (failed.code, failed.attempt) == ("model_file_pickled", 1)
    assert "torch.onnx.export" in failed.detail
    async with open_service() as service:
        await service.imports.drop(ImportForeignModel.model_validate(failed.spec))
    assert await _stored(house) == before
    async with open_service() as service:
        with pytest.raises(ModelNotFound):
            await service.registry.get(name)


def _bomb_of_memory() -> bytes:
    """A few bytes that ask for four tebibytes."""
    model = _with_a_total("total")
    model.graph.initializer.append(numpy_helper.from_array(np.array([2**40], np.int64), "size"))
    model.graph.node.insert(2, helper.make_node("ReduceSum", ["huge"], ["total"], keepdims=0))
    model.graph.node.insert(2, helper.make_node("ConstantOfShape", ["size"], ["huge"]))
    return model.SerializeToString()


def _with_a_total(name: str) -> onnx.ModelProto:
    """That is added to each mean before the last step; who makes it comes third."""
    model = brightness()
    model.graph.node[2].CopyFrom(helper.make_node("Softmax", ["more"], ["y"], axis=1))
    model.graph.node.insert(2, helper.make_node("Add", ["means", name], ["more"]))
    return model


def _huge_weight() -> bytes:
    """Of a shape that no file of this size can hold."""
    model = brightness()
    model.graph.initializer.append(TensorProto(name="huge", data_type=TensorProto.FLOAT, dims=[2**31, 2**31]))
    return model.SerializeToString()


def _endless_loop() -> bytes:
    """2^62 rounds before the first answer."""
    model = _with_a_total("total")
    for name, value in {"rounds": np.int64(2**62), "always": np.bool_(True), "start": np.float32(0)}.items():
        model.graph.initializer.append(numpy_helper.from_array(np.array(value), name))
    body = helper.make_graph(
        [helper.make_node("Identity", ["on"], ["still"]), helper.make_node("Add", ["sum", "sum"], ["next"])],
        "body",
        [_scalar("round", TensorProto.INT64), _scalar("on", TensorProto.BOOL), _scalar("sum")],
        [_scalar("still", TensorProto.BOOL), _scalar("next")],
    )
    model.graph.node.insert(2, helper.make_node("Loop", ["rounds", "always", "start"], ["total"], body=body))
    return model.SerializeToString()


def _scalar(name: str, kind: int = TensorProto.FLOAT) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, kind, [])


@pytest.mark.usefixtures("worker")
@pytest.mark.parametrize(
    ("content", "codes"),
    [
        (_bomb_of_memory(), {"model_does_not_run", "out_of_memory"}),
        (_huge_weight(), {"model_file_not_onnx", "model_does_not_run"}),
    ],
    ids=["memory", "weight"],
)
async def test_bombs_end_their_own_process_by_name(
    house: House, open_service: OpenService, content: bytes, codes: set[str]
) -> None:
    _, job = await _begun(house, open_service, content)

    ended = await _ended(house, job)

    assert (ended.state, ended.attempt) == (JobState.FAILED, 1)
    assert ended.error_code in codes, ended.error_detail


@pytest.mark.usefixtures("worker")
async def test_a_graph_without_end_is_ended_by_its_time(house: House, open_service: OpenService) -> None:
    _, job = await _begun(house, open_service, _endless_loop())

    ended = await _ended(house, job)

    assert (ended.error_code, ended.attempt) == ("model_file_breaks_off", 1), ended.error_detail
    assert "processor time" in (ended.error_detail or "")


@pytest.mark.usefixtures("worker")
async def test_a_reader_that_is_killed_is_tried_again_and_ends_with_one_version(
    house: House, open_service: OpenService
) -> None:
    name, job = await _begun(house, open_service, brightness().SerializeToString())
    async with asyncio.timeout(60):
        while not (found := _readers()):
            await asyncio.sleep(0.01)
    os.kill(found[0], signal.SIGKILL)

    ended = await _ended(house, job)

    assert (ended.state, ended.attempt) == (JobState.COMPLETED, 2)
    async with open_service() as service:
        versions = await service.registry.list_versions(name, PageQuery())
    assert [each.version for each in versions.items] == [1]


def _readers() -> list[int]:
    return [
        each.pid
        for each in psutil.Process().children()
        if any("import_run" in word for word in each.cmdline())
    ]


async def test_what_cannot_become_a_version_is_refused_before_it_waits(
    house: House, open_service: OpenService
) -> None:
    before = await _stored(house)
    content, taken = brightness().SerializeToString(), f"m-{new_id().hex[-12:]}"
    async with open_service() as service:
        await service.registry.add(taken, _version(new_id()))

    with pytest.raises(ModelFileIsTooLarge):
        await _begun(house, open_service, content, size_bytes=2**31)
    with pytest.raises(ForeignModelIsInvalid):
        await _begun(house, open_service, content, PIXELS.model_copy(update={"task": "divination"}))
    with pytest.raises(ModelNameIsTaken):
        await _begun(house, open_service, content, name=taken)
    with pytest.raises(UploadIsGone):
        async with open_service() as service:
            await service.imports.begin(
                ImportModel(
                    name=f"m-{new_id().hex[-12:]}",
                    project_id=new_id(),
                    filename="gone.onnx",
                    key=artifacts.upload(new_id()),
                    size_bytes=1,
                    model=PIXELS,
                )
            )
    assert await _stored(house) == before


async def test_a_deleted_project_ends_its_imports_and_frees_its_files(
    house: House, open_service: OpenService
) -> None:
    before = await _stored(house)
    project, version = new_id(), _version(new_id())
    _, job = await _begun(house, open_service, brightness().SerializeToString(), project_id=project)
    await house.storage.put_bytes(version.file.key, b"the file")
    async with open_service() as service:
        await service.registry.add(f"m-{project.hex[-12:]}", replace(version, project_id=project))
    assert len(await _stored(house) - before) == 2

    async with open_service() as service:
        await service.forget_project(project)

    assert await _stored(house) == before
    assert (await _ended(house, job)).state is JobState.CANCELLED


async def test_the_collector_takes_what_no_row_speaks_of(house: House, open_service: OpenService) -> None:
    version = _version(new_id())
    orphans = {artifacts.foreign_model_source(new_id()), artifacts.export_file(new_id(), "abc", "onnx")}
    exported = await _exported(open_service)
    for key in (version.file.key, exported, *orphans):
        await house.storage.put_bytes(key, b"the file")
    async with open_service() as service:
        await service.registry.add(f"m-{new_id().hex[-12:]}", version)
    _, job = await _begun(house, open_service, brightness().SerializeToString())
    resources = Resources("exporter", Settings(), house.bus, house.database, house.storage)

    assert await collect_once(resources) == 0
    await collect_once(resources, timedelta(seconds=-60))

    left = {each.key for each in await house.storage.list_objects("")}
    assert {version.file.key, exported} < left
    assert not orphans & left
    async with house.database.transaction() as session:
        waiting = (await JobQueue(session).cancel(job.id)).spec
    assert waiting["key"] in left


async def _exported(open_service: OpenService) -> str:
    """The key of an export that is no version of any model."""
    source = evaluable(deployment=f"m-{new_id().hex[-12:]}")
    async with open_service() as service:
        made = await service.create(source, format=ExportFormat.TORCHSCRIPT)
        spec = ExportModel(export_id=made.id, model=source, format=made.format)
        await service.start(spec)
        file = model_file(made.id)
        await service.complete(spec, file, parity_report(), model_card())
    return file.key


def _version(version_id: UUID) -> NewVersion:
    file = ModelFile(key=artifacts.foreign_model_file(version_id, "abc"), size_bytes=8, sha256="abc")
    return NewVersion(
        project_id=new_id(), task=PIXELS.task, file=file, card=model_card(task=PIXELS.task), origin="upload"
    )
