"""Whose a thing is: told for each key, and what is of others is missed like what never was."""

import pytest

from libs.common.contracts.owners import MakersInDatasets, OwnersInDatasets
from libs.common.contracts.samples import ListSamples
from libs.common.contracts.uploads import CreateUpload
from libs.common.errors import NotFound
from libs.common.ids import new_id
from tests.integration.datasets.archives import class_folders
from tests.integration.datasets.desk import Desk


async def test_everything_in_a_project_is_told_to_be_its(desk: Desk) -> None:
    project = await desk.project()
    dataset = await desk.imported(class_folders({"cat": 2, "dog": 2}), project)
    sample = (await desk.ask(ListSamples(dataset_id=dataset.id))).items[0]
    things = {"project": project.id, "dataset": dataset.id, "sample": sample.id}

    for kind, id in things.items():
        asked = OwnersInDatasets.model_validate({"kind": kind, "keys": (str(id),), "within": (project.id,)})
        assert await desk.ask(asked) == (project.id,)


async def test_what_is_of_another_project_is_missed_in_the_words_of_what_never_was(desk: Desk) -> None:
    there, never = (await desk.project()).id, new_id()

    for key in (there, never):
        with pytest.raises(NotFound) as missed:
            await desk.ask(OwnersInDatasets(kind="project", keys=(str(key),), within=(new_id(),)))
        assert (missed.value.code, missed.value.detail) == (
            "project_not_found",
            f"project {key} does not exist",
        )


async def test_of_several_the_first_that_is_missing_is_named(desk: Desk) -> None:
    there, never = (await desk.project()).id, new_id()

    with pytest.raises(NotFound) as missed:
        await desk.ask(OwnersInDatasets(kind="project", keys=(str(there), str(never), "no id")))

    assert [each.row for each in missed.value.errors] == [1]


async def test_an_upload_is_its_makers(desk: Desk) -> None:
    maker = new_id()
    upload = await desk.ask(CreateUpload(filename="a.zip", size_bytes=0, made_by=maker))

    asked = MakersInDatasets(kind="upload", keys=(str(upload.id),), made_by=maker)
    assert await desk.ask(asked) == (maker,)
    with pytest.raises(NotFound, match="its time is over"):
        await desk.ask(asked.model_copy(update={"made_by": new_id()}))
