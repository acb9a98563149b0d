"""Datasets from every kind of source, imported by the real room; what is refused is refused at once."""

import asyncio
import io
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from libs.common.contracts.datasets import CreateDataset, Dataset, DatasetFailed, DatasetStatus, GetDataset
from libs.common.contracts.sources import (
    DatasetSource,
    PathSource,
    S3Source,
    SampleSource,
    UrlSource,
)
from libs.common.errors import ModelyardError
from libs.common.ids import new_id
from libs.common.settings import StorageSettings
from libs.common.storage import Storage
from tests.integration.datasets.archives import class_folders
from tests.integration.datasets.desk import Desk
from tests.integration.datasets.room import RoomProcess
from tests.unit.datasets.sources.web import Answer, Asked, head, web

BUCKET = "imports"


@pytest.fixture
def imports(desk: Desk) -> Path:
    """The folder of the local stack that may be imported from."""
    return desk.house.stack.stack.imports


@pytest.fixture
def bucket(desk: Desk) -> Iterator[Storage]:
    variables = desk.house.stack.environment("datasets")
    opened = Storage(
        StorageSettings(
            endpoint=variables["MODELYARD_IMPORT_S3__ENDPOINT"],
            access_key=variables["MODELYARD_IMPORT_S3__ACCESS_KEY"],
            secret_key=SecretStr(variables["MODELYARD_IMPORT_S3__SECRET_KEY"]),
            bucket=BUCKET,
        )
    )
    yield opened
    opened.close()


async def created(desk: Desk, source: DatasetSource, **fields: Any) -> Dataset:
    project = await desk.project()
    return await desk.ask(CreateDataset(project_id=project.id, name=f"d-{new_id()}", source=source, **fields))


async def imported(desk: Desk, source: DatasetSource) -> Dataset:
    made = await created(desk, source)
    await desk.settled(made.id)
    dataset = await desk.ask(GetDataset(dataset_id=made.id))
    assert dataset.error_code is None, (dataset.error_code, dataset.error_detail)
    return dataset


def unpacked(content: bytes, folder: Path) -> Path:
    with zipfile.ZipFile(io.BytesIO(content)) as file:
        file.extractall(folder)
    return folder


async def test_an_archive_of_the_server_is_imported_where_it_lies(desk, imports):
    file = imports / f"{new_id()}.zip"
    file.write_bytes(class_folders({"cat": 3, "dog": 2}))
    assert (await imported(desk, PathSource(path=str(file)))).num_samples == 5
    assert file.is_file()


async def test_a_folder_of_the_server_is_imported_where_it_lies(desk, imports):
    folder = unpacked(class_folders({"cat": 3, "dog": 2}), imports / str(new_id()))
    dataset = await imported(desk, PathSource(path=folder.name))
    assert (dataset.num_samples, dataset.classes) == (5, ("cat", "dog"))
    assert len(list(folder.rglob("*.png"))) == 5


async def test_a_prefix_of_a_bucket_is_imported(desk, bucket, tmp_path):
    await bucket.ensure_bucket()
    prefix = f"sets/{new_id()}"
    folder = unpacked(class_folders({"cat": 3, "dog": 2}), tmp_path)
    for path in folder.rglob("*.png"):
        await bucket.put_file(f"{prefix}/{path.relative_to(folder)}", path)
    assert (await imported(desk, S3Source(bucket=BUCKET, prefix=prefix))).num_samples == 5


async def test_an_archive_in_a_bucket_is_imported(desk, bucket):
    await bucket.ensure_bucket()
    await bucket.put_bytes("animals.zip", class_folders({"cat": 3}))
    assert (await imported(desk, S3Source(bucket=BUCKET, prefix="animals.zip"))).num_samples == 3


def interrupted(content: bytes) -> Answer:
    """The first answer ends in the middle."""
    num_asked = 0

    async def answer(asked: Asked):
        nonlocal num_asked
        num_asked += 1
        yield head(content_length=len(content)) + (content[:-100] if num_asked == 1 else content)

    return answer


async def test_an_archive_of_the_web_is_imported_though_its_connection_broke(desk):
    async with web(interrupted(class_folders({"cat": 3, "dog": 2}))) as server:
        dataset = await imported(desk, UrlSource(url=server.url("/animals.zip")))
    assert dataset.num_samples == 5
    assert len(server.asked) == 2


async def test_a_file_that_is_not_there_fails_the_import_by_name(desk):
    async def answer(asked: Asked):
        yield head("404 Not Found", content_length=0)

    async with web(answer) as server:
        made = await created(desk, UrlSource(url=server.url("/animals.zip")))
        failed = await desk.settled(made.id)
    assert isinstance(failed, DatasetFailed)
    assert (failed.code, failed.detail) == ("source_not_found", "127.0.0.1 answered 404")


SAMPLES = [
    ("shapes", 180),
    ("shapes-detection", 80),
    ("captions", 60),
    ("sentences", 200),
    ("measurements", 200),
]


@pytest.mark.parametrize(("name", "num_samples"), SAMPLES)
async def test_sample_data_is_imported_whole(desk, name, num_samples):
    dataset = await imported(desk, SampleSource(name=name))
    report = await desk.report(dataset.id)
    assert dataset.num_samples == report.num_found == report.num_imported == num_samples
    # How the columns of a table were taken is told; nothing is wrong.
    assert {problem.outcome for problem in report.problems.items} <= {"warning"}


REFUSED = [
    (PathSource(path="/etc/passwd"), "source_not_allowed", 403),
    (PathSource(path="../secrets/admin_token"), "source_not_allowed", 403),
    (S3Source(bucket="modelyard", prefix="uploads/"), "source_not_allowed", 403),
    (S3Source(bucket="others"), "source_not_allowed", 403),
    (UrlSource(url="http://169.254.169.254/latest/meta-data"), "source_not_allowed", 403),
    (UrlSource(url="http://localhost:5432/"), "source_not_allowed", 403),
    (SampleSource(name="elephants"), "source_not_found", 404),
]


@pytest.mark.parametrize(("source", "code", "status"), REFUSED)
async def test_what_may_not_be_read_is_refused_at_once(desk, source, code, status):
    with pytest.raises(ModelyardError) as refused:
        await created(desk, source)
    assert (refused.value.code, refused.value.status) == (code, status)


async def test_a_raw_dataset_says_when_its_source_is_gone(desk, imports):
    file = imports / f"{new_id()}.zip"
    file.write_bytes(class_folders({"cat": 1}))
    dataset = await created(desk, PathSource(path=file.name), is_raw=True)
    assert (await desk.ask(GetDataset(dataset_id=dataset.id))).status is DatasetStatus.RAW
    file.unlink()
    assert (await desk.ask(GetDataset(dataset_id=dataset.id))).status is DatasetStatus.NOT_FOUND


async def test_nothing_of_a_source_stays_in_the_scratch_folder(desk, room: RoomProcess, imports):
    file = imports / f"{new_id()}.zip"
    file.write_bytes(class_folders({"cat": 1}))
    await imported(desk, PathSource(path=file.name))
    async with asyncio.timeout(20):
        while list(room.scratch.rglob("job-*")):
            await asyncio.sleep(0.05)
