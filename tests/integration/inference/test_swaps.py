"""From version to version without a gap; what is broken never takes the place of what works."""

import asyncio
from dataclasses import replace

import pytest
from tritonclient.utils import InferenceServerException

from libs.common.contracts.deployments import (
    CreateDeployment,
    DeleteDeployment,
    DeploymentFailed,
    DeploymentState,
    GetDeployment,
    ModelDeployed,
    PredictionAnswer,
    RollBackDeployment,
)
from libs.common.contracts.exports import ModelFile
from libs.common.contracts.models import ModelVersion
from libs.common.contracts.projects import ProjectDeleted
from libs.common.errors import Conflict, NotFound, Unavailable
from libs.common.ids import new_id
from tests.house import House
from tests.integration.inference.desk import (
    Desk,
    by_label,
    export_completed,
    labelled,
    png,
    scores_of,
    tensor_of,
    until,
)

IMAGE = png(3)


async def _corrupt(desk: Desk) -> ModelVersion:
    """Somebody has changed the stored bytes."""
    version = await desk.version("swapped", 2, desk.opposite)
    await desk.house.storage.put_bytes(version.file.key, desk.straight)
    return version


async def _broken(desk: Desk) -> ModelVersion:
    return await desk.version("swapped", 3, desk.straight[: len(desk.straight) // 2])


async def _lost(desk: Desk) -> ModelVersion:
    return await desk.version(
        "swapped", 4, b"", file=ModelFile(key="exports/gone.onnx", size_bytes=1, sha256="0")
    )


async def _unreadable(desk: Desk) -> ModelVersion:
    """Its graph answers for two classes, its card knows one."""
    card = desk.card.model_copy(update={"classes": desk.card.classes[:1]})
    return await desk.version("swapped", 5, desk.straight, card=card)


BROKEN = (
    (_corrupt, "SHA-256"),
    (_broken, "Protobuf parsing failed"),
    (_lost, "is gone"),
    (_unreadable, "scores has the shape (1, 2)"),
)


async def test_a_swap_and_the_way_back_leave_no_request_unanswered(house: House, desk: Desk) -> None:
    first = await desk.version("swapped", 1, desk.straight)
    second = await desk.version("swapped", 2, desk.opposite)
    await desk.deploy("swap", first)

    async with desk.asked_all_the_time("swap", IMAGE) as answers:
        await desk.deploy("swap", second)
        await _until_answered_by(answers, 2)
        # Long enough for the old one to be let go.
        await until(lambda: _are_loaded(desk, "swap", {2}))
        await house.bus.ask(RollBackDeployment(name="swap"))
        await desk.until("swap", serving=1)
        await _until_answered_by(answers, 1)

    right = {
        1: pytest.approx(labelled(desk.card, scores_of(desk.straight, IMAGE)), abs=1e-5),
        2: pytest.approx(labelled(desk.card, scores_of(desk.opposite, IMAGE)), abs=1e-5),
    }
    for answer in answers:
        assert by_label(answer) == [right[answer.version]]
    with pytest.raises(Conflict, match="nothing served as swap before"):
        await house.bus.ask(RollBackDeployment(name="swap"))
    announced = [each.version for each in await house.facts(ModelDeployed) if each.deployment == "swap"]
    assert announced == [1, 2, 1]


async def test_a_version_with_another_number_of_classes_takes_over_without_a_gap(desk: Desk) -> None:
    card = desk.card.model_copy(update={"classes": (*desk.card.classes, "neither")})
    await desk.deploy("grows", await desk.version("grows", 1, desk.straight))

    async with desk.asked_all_the_time("grows", IMAGE) as answers:
        await desk.deploy("grows", await desk.version("grows", 2, desk.wider, card=card))
        await _until_answered_by(answers, 2)

    assert {answer.version: set(*by_label(answer)) for answer in answers} == {
        1: set(desk.card.classes),
        2: set(card.classes),
    }


async def _until_answered_by(answers: list[PredictionAnswer], version: int) -> None:
    async def has() -> bool:
        return answers[-1].version == version

    await until(has)


async def _are_loaded(desk: Desk, name: str, revisions: set[int]) -> bool:
    return await desk.loaded(name) == revisions


async def test_what_is_broken_is_refused_with_a_reason_and_the_old_version_goes_on(
    house: House, desk: Desk
) -> None:
    await desk.deploy("careful", await desk.version("swapped", 1, desk.straight))

    async with desk.asked_all_the_time("careful", IMAGE) as answers:
        for make, reason in BROKEN:
            version = await make(desk)
            await house.bus.ask(CreateDeployment(name="careful", version=version))
            failed = await house.wait_for(DeploymentFailed, deployment="careful", version=version.version)
            assert reason in failed.detail
            found = await house.bus.ask(GetDeployment(name="careful"))
            assert (found.state, found.reason) == (DeploymentState.FAILED, failed.detail)
            assert (found.desired_version, found.serving_version) == (version.version, 1)

    assert {answer.version for answer in answers} == {1}
    failures = [each.version for each in await house.facts(DeploymentFailed) if each.deployment == "careful"]
    assert failures == [2, 3, 4, 5]
    await desk.deploy("careful", await desk.version("swapped", 6, desk.opposite))
    assert (await house.bus.ask(RollBackDeployment(name="careful"))).desired_version == 1


async def test_who_asks_triton_directly_meets_no_version_that_was_not_tried_out(
    house: House, desk: Desk
) -> None:
    await desk.deploy("proven", await desk.version("proven", 1, desk.straight))
    # By its card like the first; its graph answers for a class more.
    await house.bus.ask(CreateDeployment(name="proven", version=await desk.version("proven", 2, desk.wider)))

    refusal = asyncio.create_task(house.wait_for(DeploymentFailed, deployment="proven", version=2))
    shapes = set()
    async with desk.triton() as client:
        while not refusal.done():
            answer = await client.infer("proven", [tensor_of(IMAGE)])
            assert answer is not None
            scores = answer.as_numpy("scores")
            assert scores is not None
            shapes.add(scores.shape)

    assert "scores has the shape (1, 3)" in (await refusal).detail
    assert shapes == {(1, len(desk.card.classes))}
    assert not (house.stack.stack.models / "proven_trial").exists()


async def test_a_first_version_that_is_broken_leaves_nothing_behind(house: House, desk: Desk) -> None:
    for number, (make, reason) in enumerate(BROKEN):
        name = f"broken-{number}"
        await house.bus.ask(CreateDeployment(name=name, version=await make(desk)))

        found = await desk.until(name, state=DeploymentState.FAILED)

        assert reason in found.reason and found.serving_version is None
        with pytest.raises(Unavailable):
            await desk.predict(name, IMAGE)
        assert await _are_loaded(desk, name, set())
        assert not (house.stack.stack.models / name).exists()


async def test_a_deleted_deployment_is_unloaded_and_its_name_is_free_again(house: House, desk: Desk) -> None:
    await desk.deploy("brief", await desk.version("swapped", 1, desk.straight))

    await house.bus.ask(DeleteDeployment(name="brief"))

    await _until_removed(house, desk, "brief")
    other = await desk.version("swapped", 1, desk.opposite, project_id=new_id())
    await desk.deploy("brief", other)
    (found,) = by_label(await desk.predict("brief", IMAGE))
    assert found == pytest.approx(labelled(desk.card, scores_of(desk.opposite, IMAGE)), abs=1e-5)
    with pytest.raises(Conflict):
        await house.bus.ask(RollBackDeployment(name="brief"))


async def test_a_deleted_project_takes_its_deployments_along(house: House, desk: Desk) -> None:
    own = replace(desk, project_id=new_id())
    await own.deploy("goes", await own.version("goes", 1, desk.straight))
    await desk.deploy("stays", await desk.version("stays", 1, desk.straight))

    await house.announce(ProjectDeleted(project_id=own.project_id, name="gone"))

    await _until_removed(house, desk, "goes")
    assert (await desk.predict("stays", IMAGE)).version == 1


async def test_no_project_takes_the_name_of_another(house: House, desk: Desk) -> None:
    await desk.deploy("mine", await desk.version("mine", 1, desk.straight))
    foreign = await desk.version("theirs", 1, desk.opposite, project_id=new_id())

    with pytest.raises(Conflict, match="another project"):
        await house.bus.ask(CreateDeployment(name="mine", version=foreign))
    await house.announce(export_completed(foreign, "mine"))

    await house.wait_for(ModelDeployed, deployment=f"mine-{foreign.project_id.hex[-8:]}")
    assert (await desk.predict("mine", IMAGE)).model == "mine"


async def _until_removed(house: House, desk: Desk, name: str) -> None:
    async def is_removed() -> bool:
        return not (house.stack.stack.models / name).exists()

    await desk.until_gone(name)
    await until(is_removed)
    with pytest.raises(NotFound):
        await desk.predict(name, IMAGE)
    async with desk.triton() as client:
        with pytest.raises(InferenceServerException):
            await client.infer(name, [tensor_of(IMAGE)])
