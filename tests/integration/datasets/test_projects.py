"""Projects: created, listed, changed, deleted with everything in them."""

import pytest
from alembic import command

from libs.common.contracts.base import PageQuery
from libs.common.contracts.datasets import DatasetDeleted, GetDataset
from libs.common.contracts.projects import (
    CreateProject,
    DeleteProject,
    GetProject,
    ListProjects,
    ProjectDeleted,
    UpdateProject,
)
from libs.common.contracts.splits import CreateSplit, GetSplit
from libs.common.db.schema import alembic_config
from libs.common.errors import Conflict, NotFound
from libs.common.ids import new_id
from services.datasets.app import SCHEMA
from tests.integration.datasets.archives import class_folders
from tests.integration.datasets.desk import Desk


async def test_the_migration_makes_what_the_models_say(desk: Desk) -> None:
    async with desk.house.database.engine.connect() as connection:
        await connection.run_sync(lambda sync: command.check(alembic_config(sync, SCHEMA)))


async def test_a_project_is_what_it_was_made_as(desk: Desk) -> None:
    made = await desk.project(name=f"Cats {new_id()}", description="Of the garden")

    found = await desk.ask(GetProject(project_id=made.id))

    assert found == made
    assert (found.task, found.description, found.num_datasets) == ("classification", "Of the garden", 0)


async def test_projects_come_newest_first_page_by_page(desk: Desk) -> None:
    made = [await desk.project() for _ in range(3)]

    first = await desk.ask(ListProjects(query=PageQuery(limit=2)))
    second = await desk.ask(ListProjects(query=PageQuery(limit=2, cursor=first.next_cursor)))

    assert [each.id for each in (*first.items, *second.items)][:3] == [each.id for each in reversed(made)]


async def test_a_project_can_be_renamed_and_described(desk: Desk) -> None:
    made = await desk.project()

    changed = await desk.ask(UpdateProject(project_id=made.id, name=f"New {made.id}", description="Better"))

    assert changed == await desk.ask(GetProject(project_id=made.id))
    assert (changed.name, changed.description, changed.task) == (f"New {made.id}", "Better", made.task)
    assert changed.updated_at > made.updated_at


async def test_a_name_that_is_taken_is_refused_for_new_and_renamed_projects(desk: Desk) -> None:
    taken, other = await desk.project(), await desk.project()

    for request in (
        CreateProject(name=taken.name, task="classification"),
        UpdateProject(project_id=other.id, name=taken.name),
    ):
        with pytest.raises(Conflict) as refused:
            await desk.ask(request)
        assert (refused.value.code, refused.value.errors[0].field) == ("project_name_taken", "name")
    assert (await desk.ask(GetProject(project_id=other.id))).name == other.name


async def test_what_is_not_there_is_told_so(desk: Desk) -> None:
    for request in (
        GetProject(project_id=new_id()),
        UpdateProject(project_id=new_id(), name="x"),
        DeleteProject(project_id=new_id()),
    ):
        with pytest.raises(NotFound, match="does not exist"):
            await desk.ask(request)


async def test_a_deleted_project_takes_rows_and_bytes_with_it(desk: Desk) -> None:
    project = await desk.project()
    dataset = await desk.imported(class_folders({"a": 10, "b": 10}), project)
    split = await desk.ask(CreateSplit(dataset_id=dataset.id))
    kept = await desk.imported(class_folders({"a": 2, "b": 2}))
    assert (await desk.ask(GetProject(project_id=project.id))).num_datasets == 1
    assert len(await desk.objects(dataset.id)) == 3

    await desk.ask(DeleteProject(project_id=project.id))

    await desk.until_no_objects(dataset.id)
    for request in (
        GetProject(project_id=project.id),
        GetDataset(dataset_id=dataset.id),
        GetSplit(split_id=split.id),
    ):
        with pytest.raises(NotFound):
            await desk.ask(request)
    assert [await desk.count(table, dataset.id) for table in ("samples", "shards", "splits")] == [0, 0, 0]
    assert await desk.house.wait_for(ProjectDeleted, project_id=project.id, name=project.name)
    assert await desk.house.wait_for(DatasetDeleted, dataset_id=dataset.id)
    assert len(await desk.objects(kept.id)) == 2
