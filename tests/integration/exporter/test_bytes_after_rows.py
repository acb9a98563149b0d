"""A file goes after the rows that speak of it, whoever is killed in between."""

import pytest
from sqlalchemy import text

from libs.common.contracts.exports import Export, ExportFormat, ExportModel
from libs.common.db.holding import BYTES_LOCK
from libs.common.ids import new_id
from libs.common.storage import StorageUnavailable
from services.exporter.errors import ExportNotFound
from tests.factories import evaluable, model_card, model_file, parity_report
from tests.house import House
from tests.integration.exporter.conftest import EmptyTrash, OpenService


async def test_a_deletion_that_is_cut_off_has_taken_neither_row_nor_file(
    house: House, open_service: OpenService, empty_trash: EmptyTrash
) -> None:
    export, key = await _exported(house, open_service)
    with pytest.raises(ZeroDivisionError):
        async with open_service() as service:
            await service.delete(export.id)
            raise ZeroDivisionError

    await empty_trash()

    async with open_service() as service:
        assert (await service.download(export.id)).filename == export.filename
    assert await house.storage.exists(key)


async def test_a_room_that_is_killed_after_the_row_removes_the_file_when_it_is_back(
    house: House, open_service: OpenService, empty_trash: EmptyTrash, monkeypatch: pytest.MonkeyPatch
) -> None:
    export, key = await _exported(house, open_service)
    async with open_service() as service:
        await service.delete(export.id)
    with monkeypatch.context() as store_is_away:
        store_is_away.setattr(house.storage, "remove", _away)
        with pytest.raises(StorageUnavailable):
            await empty_trash()
    async with house.database.transaction() as session:
        await session.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": BYTES_LOCK})
        await empty_trash()
        assert await house.storage.exists(key), "a backup may know it still"

    await empty_trash()

    assert not await house.storage.exists(key)
    async with open_service() as service:
        with pytest.raises(ExportNotFound):
            await service.get(export.id)


async def _away(_: list[str]) -> None:
    raise StorageUnavailable("the object store cannot be reached")


async def _exported(house: House, open_service: OpenService) -> tuple[Export, str]:
    """To a file that is no version of any model."""
    source = evaluable(deployment=f"m-{new_id().hex[-12:]}")
    async with open_service() as service:
        made = await service.create(source, format=ExportFormat.TORCHSCRIPT)
        spec = ExportModel(export_id=made.id, model=source, format=made.format)
        await service.start(spec)
        file = model_file(made.id)
        await house.storage.put_bytes(file.key, b"the file")
        await service.complete(spec, file, parity_report(), model_card())
        return await service.get(made.id), file.key
