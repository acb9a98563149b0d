"""Exports and the registry on a real database and object store."""

from typing import Any

import httpx
import pytest
from alembic import command

from libs.common.contracts.base import PageQuery, Step
from libs.common.contracts.datasets import DataReference
from libs.common.contracts.evaluations import Evaluable
from libs.common.contracts.exports import (
    Export,
    ExportCompleted,
    ExportFailed,
    ExportFormat,
    ExportModel,
    ExportState,
)
from libs.common.contracts.models import ListModels, ModelAliased, ModelRegistered
from libs.common.contracts.owners import OwnersInExporter
from libs.common.db.schema import alembic_config
from libs.common.errors import BadInput
from libs.common.ids import new_id
from services.exporter.app import SCHEMA
from services.exporter.errors import (
    AliasIsReserved,
    AliasNotFound,
    ExportIsNotReady,
    ExportNotFound,
    ModelIsOfAnotherTask,
    ModelNameIsTaken,
    ModelNotFound,
    VersionHasAlias,
    VersionNotFound,
)
from tests.factories import data_reference, evaluable, model_card, model_file, parity_report
from tests.house import House
from tests.integration.exporter.conftest import EmptyTrash, OpenService

CHAIN = (Step.DEPLOY,)


async def _queued(
    open_service: OpenService, source: Evaluable, format: str = ExportFormat.ONNX
) -> ExportModel:
    async with open_service() as service:
        made = await service.create(source, format=format, then=CHAIN)
    return ExportModel(export_id=made.id, model=source, format=format, then=CHAIN)


async def _completed(open_service: OpenService, source: Evaluable, format: str = ExportFormat.ONNX) -> Export:
    spec = await _queued(open_service, source, format)
    async with open_service() as service:
        await service.start(spec)
        await service.complete(spec, model_file(spec.export_id), parity_report(), model_card())
    async with open_service() as service:
        return await service.get(spec.export_id)


def _source(**changes: object) -> Evaluable:
    """With a name that no other test uses."""
    return evaluable(**{"deployment": f"m-{new_id().hex[-12:]}", **changes})


async def test_the_migration_makes_what_the_models_say(house: House) -> None:
    async with house.database.engine.connect() as connection:
        await connection.run_sync(lambda sync: command.check(alembic_config(sync, SCHEMA)))


async def test_a_completed_export_is_in_the_registry_and_says_what_is_left_to_do(
    house: House, open_service: OpenService
) -> None:
    source = _source()

    export = await _completed(open_service, source)

    assert (export.state, export.model, export.model_version) == (
        ExportState.COMPLETED,
        source.deployment,
        1,
    )
    fact = await house.wait_for(ExportCompleted, export_id=export.id)
    assert (fact.then, fact.model, fact.model_version) == (CHAIN, source.deployment, 1)
    registered = await house.wait_for(ModelRegistered, export_id=export.id)
    assert (registered.model, registered.version) == (source.deployment, 1)


async def test_the_next_export_of_the_same_name_is_the_next_version(open_service: OpenService) -> None:
    data = data_reference()
    source = _source(data=data)
    for _ in range(3):
        await _completed(open_service, source)

    async with open_service() as service:
        assert (await service.registry.get(source.deployment)).latest_version == 3
        first = await service.registry.list_versions(source.deployment, PageQuery(limit=2))
        rest = await service.registry.list_versions(
            source.deployment, PageQuery(limit=2, cursor=first.next_cursor)
        )
        assert [each.version for each in (*first.items, *rest.items)] == [3, 2, 1]
        assert (await service.registry.version(source.deployment, None, None)).version == 3


async def test_two_projects_that_use_one_name_get_two_models(open_service: OpenService) -> None:
    source = _source()
    other = evaluable(deployment=source.deployment)
    await _completed(open_service, source)

    export = await _completed(open_service, other)

    assert export.model == f"{source.deployment}-{other.project_id.hex[-8:]}"
    async with open_service() as service:
        with pytest.raises(ModelNameIsTaken):
            await service.register(source.deployment, export.id)


async def test_registering_twice_answers_the_same_version(open_service: OpenService) -> None:
    export = await _completed(open_service, _source())
    name = f"named-{export.id.hex[-8:]}"

    async with open_service() as service:
        first = await service.register(name, export.id)
    async with open_service() as service:
        second = await service.register(name, export.id)

    assert (first, first.version) == (second, 1)


async def test_an_alias_moves_and_latest_is_always_there(open_service: OpenService) -> None:
    source = _source()
    await _completed(open_service, source)
    await _completed(open_service, source)
    name = source.deployment

    async with open_service() as service:
        for version in (2, 1):
            model = await service.registry.set_alias(name, "champion", version)
        assert model.aliases == {"champion": 1}
        champion = await service.registry.version(name, None, "champion")
        assert (champion.version, champion.aliases) == (1, ("champion",))
        assert (await service.registry.version(name, None, "latest")).version == 2
        with pytest.raises(AliasIsReserved):
            await service.registry.set_alias(name, "latest", 1)
        with pytest.raises(VersionNotFound):
            await service.registry.set_alias(name, "champion", 9)
        with pytest.raises(VersionNotFound):
            await service.registry.version(name, None, "challenger")
        with pytest.raises(ModelNotFound):
            await service.registry.set_alias("nobody", "champion", 1)
        with pytest.raises(BadInput):
            await service.registry.version(name, 1, "champion")


async def test_a_version_goes_unless_an_alias_points_to_it_and_its_number_never_comes_again(
    house: House, open_service: OpenService
) -> None:
    source = _source(data=data_reference())
    exports = [await _completed(open_service, source) for _ in range(2)]
    name = source.deployment
    async with open_service() as service:
        await service.registry.set_alias(name, "champion", 2)
    async with open_service() as service:
        with pytest.raises(VersionHasAlias, match="champion"):
            await service.registry.delete_version(name, 2)
        await service.registry.remove_alias(name, "champion")
    async with open_service() as service:
        await service.registry.delete_version(name, 2)

    async with open_service() as service:
        assert (await service.registry.get(name)).latest_version == 1
        assert (await service.registry.version(name, None, "latest")).version == 1
        with pytest.raises(VersionNotFound):
            await service.registry.delete_version(name, 2)
        export = await service.get(exports[1].id)
        assert (export.state, export.model, export.model_version) == (ExportState.COMPLETED, None, None)
        again = await service.register(name, export.id, "back again")
    assert (again.version, again.note) == (3, "back again")


async def test_a_model_without_versions_still_counts_on(open_service: OpenService) -> None:
    source = _source(data=data_reference())
    await _completed(open_service, source)
    async with open_service() as service:
        await service.registry.delete_version(source.deployment, 1)

    async with open_service() as service:
        assert (await service.registry.get(source.deployment)).latest_version == 0
        with pytest.raises(VersionNotFound):
            await service.registry.version(source.deployment, None, None)
    assert (await _completed(open_service, source)).model_version == 2


async def test_notes_are_kept_and_a_deleted_model_is_forgotten(open_service: OpenService) -> None:
    source = _source()
    export = await _completed(open_service, source)
    name = source.deployment
    async with open_service() as service:
        await service.registry.annotate(name, "reads meters")
        await service.registry.annotate_version(name, 1, "the first that works")
    async with open_service() as service:
        assert (await service.registry.get(name)).note == "reads meters"
        assert (await service.registry.version(name, 1, None)).note == "the first that works"
        await service.registry.delete(name)

    async with open_service() as service:
        with pytest.raises(ModelNotFound):
            await service.registry.get(name)
        assert (await service.get(export.id)).file is not None
        with pytest.raises(ModelNotFound):
            await service.registry.delete(name)


async def test_moved_and_removed_aliases_are_announced_once_each(
    house: House, open_service: OpenService
) -> None:
    source = _source(data=data_reference())
    for _ in range(2):
        await _completed(open_service, source)
    name = source.deployment
    for version in (1, 1, 2):
        async with open_service() as service:
            await service.registry.set_alias(name, "champion", version)
    async with open_service() as service:
        await service.registry.remove_alias(name, "champion")
    async with open_service() as service:
        with pytest.raises(AliasNotFound):
            await service.registry.remove_alias(name, "champion")
        with pytest.raises(AliasIsReserved):
            await service.registry.remove_alias(name, "latest")

    facts = await house.facts(ModelAliased, model=name)
    assert [(fact.alias, fact.version) for fact in facts] == [
        ("champion", 1),
        ("champion", 2),
        ("champion", None),
    ]


async def test_a_name_is_for_one_task(open_service: OpenService) -> None:
    source = _source()
    await _completed(open_service, source)

    other = await _completed(open_service, source.model_copy(update={"task": "counting"}))

    assert other.model == f"{source.deployment}-{source.project_id.hex[-8:]}"
    async with open_service() as service:
        with pytest.raises(ModelIsOfAnotherTask):
            await service.register(source.deployment, other.id)


async def test_models_are_listed_by_name_per_project_with_their_aliases(open_service: OpenService) -> None:
    data = data_reference()
    sources = [_source(data=data) for _ in range(3)]
    for source in sources:
        await _completed(open_service, source)
    names = sorted(source.deployment for source in sources)

    async with open_service() as service:
        await service.registry.set_alias(names[0], "champion", 1)
        first = await service.registry.list_models(_models_of(data, limit=2))
        rest = await service.registry.list_models(_models_of(data, limit=2, cursor=first.next_cursor))
        hidden = await service.registry.list_models(ListModels(within=()))
        with pytest.raises(BadInput):
            await service.registry.list_models(ListModels(query=PageQuery(cursor="\x00")))
    assert [each.name for each in (*first.items, *rest.items)] == names
    assert first.items[0].aliases == {"champion": 1}
    assert hidden.items == ()


async def test_models_and_exports_are_told_to_be_their_project_s(open_service: OpenService) -> None:
    data = data_reference()
    export = await _completed(open_service, _source(data=data))
    assert export.model is not None

    async with open_service() as service:
        asked = OwnersInExporter(kind="model", keys=(export.model,), within=(data.project_id,))
        assert await service.registry.owners(asked) == (data.project_id,)
        found = await service.owners(OwnersInExporter(kind="export", keys=(str(export.id),)))
        assert found == (data.project_id,)
        with pytest.raises(ModelNotFound, match=f"there is no model named {export.model}"):
            await service.registry.owners(asked.model_copy(update={"within": ()}))


async def test_a_download_is_a_link_that_gives_the_bytes_under_a_name(
    house: House, open_service: OpenService
) -> None:
    export = await _completed(open_service, _source())
    assert export.file is not None
    await house.storage.put_bytes(export.file.key, b"the file")

    async with open_service() as service:
        found = await service.download(export.id)

    async with httpx.AsyncClient() as client:
        answer = await client.get(found.url)
    assert answer.content == b"the file"
    assert found.filename == "first-run-best.onnx"
    assert f'filename="{found.filename}"' in answer.headers["content-disposition"]


async def test_an_export_without_a_file_can_be_neither_downloaded_nor_registered(
    open_service: OpenService,
) -> None:
    spec = await _queued(open_service, _source())
    async with open_service() as service:
        with pytest.raises(ExportIsNotReady):
            await service.download(spec.export_id)
        with pytest.raises(ExportIsNotReady):
            await service.register("early", spec.export_id)
        with pytest.raises(ExportNotFound):
            await service.get(new_id())


async def test_a_refused_export_keeps_the_certificate_it_did_not_pass(
    house: House, open_service: OpenService
) -> None:
    spec = await _queued(open_service, _source())
    refused = parity_report(max_abs_difference=3.0, passed=False)
    async with open_service() as service:
        await service.refuse(spec, refused)
        await service.fail(spec, "parity_failed", "the outputs differ")

    async with open_service() as service:
        export = await service.get(spec.export_id)
    assert (export.state, export.error_code, export.parity) == (
        ExportState.FAILED,
        "parity_failed",
        refused,
    )
    assert await house.wait_for(ExportFailed, export_id=export.id)


async def test_a_deleted_project_leaves_neither_rows_nor_bytes(
    house: House, open_service: OpenService, empty_trash: EmptyTrash
) -> None:
    export = await _completed(open_service, _source())
    kept = await _completed(open_service, _source())
    for each in (export, kept):
        assert each.file is not None
        await house.storage.put_bytes(each.file.key, b"the file")

    async with open_service() as service:
        await service.forget_project(export.project_id)
    await empty_trash()

    assert export.file and kept.file and export.model
    assert not await house.storage.exists(export.file.key)
    assert await house.storage.exists(kept.file.key)
    async with open_service() as service:
        with pytest.raises(ModelNotFound):
            await service.registry.get(export.model)
        with pytest.raises(ExportNotFound):
            await service.get(export.id)


def _models_of(data: DataReference, **page: Any) -> ListModels:
    """Asked twice over: as a filter, and as all that may be seen."""
    return ListModels(project_id=data.project_id, within=(data.project_id,), query=PageQuery(**page))
