"""A version on trial gets its share of the requests and nothing else, until it is promoted or ended."""

import asyncio

import pytest
import tritonclient.grpc.aio as triton

from libs.common.contracts.deployments import (
    Canary,
    CanaryFailed,
    CreateDeployment,
    DeleteDeployment,
    DeploymentState,
    GetDeployment,
    ListDeployments,
    ListRevisions,
    ModelDeployed,
    RollBackDeployment,
    SetCanary,
)
from libs.common.errors import Conflict, NotFound
from libs.common.ids import new_id
from tests.house import House
from tests.integration.inference.desk import Desk, by_label, labelled, png, scores_of, tensor_of, until

IMAGE = png(11)


async def test_a_trial_gets_exactly_its_share_and_no_direct_client(house: House, desk: Desk) -> None:
    straight = pytest.approx(labelled(desk.card, scores_of(desk.straight, IMAGE)), abs=1e-5)
    opposite = pytest.approx(labelled(desk.card, scores_of(desk.opposite, IMAGE)), abs=1e-5)
    await desk.deploy("trial", await desk.version("trial", 1, desk.straight))
    # Its revision is higher than that of the main version.
    await house.bus.ask(
        SetCanary(name="trial", version=await desk.version("other", 7, desk.opposite), percent=10)
    )
    await _until_shared(desk, "trial")

    answers = [await desk.predict("trial", IMAGE) for _ in range(100)]
    async with desk.triton() as client:
        direct = [_scores(await client.infer("trial", [tensor_of(IMAGE)])) for _ in range(20)]

    assert [answer.model for answer in answers].count("other") == 10
    for answer in answers:
        assert by_label(answer) == [opposite if answer.model == "other" else straight]
    assert all(labelled(desk.card, scores) == straight for scores in direct)

    await house.bus.ask(SetCanary(name="trial", percent=50))
    await until(lambda: _has_share(desk, "trial", "other", 5))
    found = await house.bus.ask(GetDeployment(name="trial"))
    assert (found.serving_version, found.canary) == (1, _canary(50))
    assert [each.version for each in await house.facts(ModelDeployed) if each.deployment == "trial"] == [1]
    listed = await house.bus.ask(ListDeployments(model="other"))
    assert [each.name for each in listed.items] == ["trial"]

    async with desk.asked_all_the_time("trial", IMAGE) as under_way:
        promoted = await house.bus.ask(SetCanary(name="trial", percent=100))
        assert (promoted.model, promoted.desired_version, promoted.canary) == ("other", 7, None)
        await desk.until("trial", serving=7)
        await until(lambda: _is_unloaded(desk, "trial_canary"))
        await until(lambda: _has_all(desk, "trial", "other"))

    assert all(by_label(each) == [opposite if each.model == "other" else straight] for each in under_way)
    revisions = (await house.bus.ask(ListRevisions(name="trial"))).items
    assert [(each.revision, each.version, each.is_canary) for each in revisions] == [
        (3, 7, False),
        (2, 7, True),
        (1, 1, False),
    ]
    assert all(each.served_at for each in revisions)
    back = await house.bus.ask(RollBackDeployment(name="trial"))
    assert (back.model, back.desired_version) == ("trial", 1)


async def test_a_trial_that_does_not_load_says_why_and_the_main_version_answers_all(
    house: House, desk: Desk
) -> None:
    await desk.deploy("sound", await desk.version("sound", 1, desk.straight))
    broken = await desk.version("sound", 2, desk.straight[:1000])

    async with desk.asked_all_the_time("sound", IMAGE) as answers:
        await house.bus.ask(SetCanary(name="sound", version=broken, percent=50))
        canary = await _until_failed(house, "sound")

    assert "Protobuf parsing failed" in canary.reason
    failed = await house.wait_for(CanaryFailed, deployment="sound", version=2)
    assert failed.detail == canary.reason
    assert {answer.version for answer in answers} == {1}
    found = await house.bus.ask(GetDeployment(name="sound"))
    assert (found.state, found.reason) == (DeploymentState.READY, "")
    with pytest.raises(Conflict, match="does not load"):
        await house.bus.ask(SetCanary(name="sound", percent=100))
    # Another version takes its place; its bytes are gone before they are fetched.
    lost = await desk.version("sound", 3, desk.opposite)
    await house.storage.remove([lost.file.key])
    await house.bus.ask(SetCanary(name="sound", version=lost, percent=50))
    assert "is gone" in (await _until_failed(house, "sound")).reason
    ended = await house.bus.ask(SetCanary(name="sound", percent=0))
    assert (ended.canary, ended.serving_version) == (None, 1)


async def test_any_other_version_ends_a_trial_and_so_does_deletion(house: House, desk: Desk) -> None:
    await desk.deploy("ends", await desk.version("ends", 1, desk.straight))
    await house.bus.ask(
        SetCanary(name="ends", version=await desk.version("ends", 2, desk.opposite), percent=99)
    )
    await _until_shared(desk, "ends")

    swapped = await house.bus.ask(
        CreateDeployment(name="ends", version=await desk.version("ends", 3, desk.opposite))
    )

    assert swapped.canary is None
    await desk.until("ends", serving=3)
    await until(lambda: _is_unloaded(desk, "ends_canary"))
    assert not (house.stack.stack.models / "ends_canary").exists()
    assert {(await desk.predict("ends", IMAGE)).version for _ in range(4)} == {3}

    await house.bus.ask(
        SetCanary(name="ends", version=await desk.version("ends", 2, desk.opposite), percent=1)
    )
    await until(lambda: _is_loaded(desk, "ends_canary"))
    await house.bus.ask(DeleteDeployment(name="ends"))
    await until(lambda: _is_unloaded(desk, "ends_canary"))
    await until(lambda: _is_unloaded(desk, "ends"))


async def test_what_cannot_be_tried_is_refused_by_name(house: House, desk: Desk) -> None:
    first = await desk.version("strict", 1, desk.straight)
    await desk.deploy("strict", first)
    foreign = await desk.version("strict", 2, desk.straight, project_id=new_id())
    of_another_task = await desk.version("strict", 2, desk.straight, task="detection")

    for request, words in (
        (SetCanary(name="strict", percent=10), "no version on trial"),
        (SetCanary(name="strict", percent=0), "no version on trial"),
        (SetCanary(name="strict", percent=100), "no version on trial"),
        (SetCanary(name="strict", version=first, percent=10), "serves already"),
        (SetCanary(name="strict", version=foreign, percent=10), "another project"),
        (CreateDeployment(name="strict", version=foreign), "another project"),
        (SetCanary(name="strict", version=of_another_task, percent=10), "made for detection"),
        (CreateDeployment(name="strict", version=of_another_task), "made for detection"),
    ):
        with pytest.raises(Conflict, match=words):
            await house.bus.ask(request)
    with pytest.raises(NotFound):
        await house.bus.ask(SetCanary(name="nobody", version=first, percent=10))
    found = await house.bus.ask(GetDeployment(name="strict"))
    assert (found.serving_version, found.canary) == (1, None)


def _canary(percent: int) -> Canary:
    return Canary(model="other", version=7, percent=percent, state=DeploymentState.READY)


async def _until_shared(desk: Desk, name: str) -> None:
    """Both answer; the share begins when the room has seen so."""
    before = (await desk.house.bus.ask(GetDeployment(name=name))).canary
    assert before is not None

    async def is_shared() -> bool:
        found = await desk.predict(name, IMAGE)
        return (found.model, found.version) == (before.model, before.version)

    await until(is_shared, 30)


async def _has_share(desk: Desk, name: str, model: str, expected: int) -> bool:
    answers = [await desk.predict(name, IMAGE) for _ in range(10)]
    return [answer.model for answer in answers].count(model) == expected


async def _has_all(desk: Desk, name: str, model: str) -> bool:
    return await _has_share(desk, name, model, 10)


async def _until_failed(house: House, name: str) -> Canary:
    async with asyncio.timeout(20):
        while True:
            canary = (await house.bus.ask(GetDeployment(name=name))).canary
            assert canary is not None
            if canary.state is DeploymentState.FAILED:
                return canary
            await asyncio.sleep(0.05)


async def _is_loaded(desk: Desk, triton_model: str) -> bool:
    return bool(await desk.loaded(triton_model))


async def _is_unloaded(desk: Desk, triton_model: str) -> bool:
    return not await desk.loaded(triton_model)


def _scores(answer: triton.InferResult | None):
    assert answer is not None
    scores = answer.as_numpy("scores")
    assert scores is not None
    return scores[0]
