"""How a model is run: changed as a revision, seen in the answers, taken back like any other."""

import pytest

from libs.common.contracts.base import PageQuery
from libs.common.contracts.deployments import (
    ChangeServing,
    CreateDeployment,
    GetDeploymentMetadata,
    ListRevisions,
    RollBackDeployment,
    ServingSettings,
    SetCanary,
)
from libs.common.errors import NotFound
from tests.house import House
from tests.integration.inference.desk import Desk, png, until

IMAGE = png(31)


async def test_a_threshold_decides_from_the_next_revision_on_and_is_rolled_back(
    house: House, desk: Desk
) -> None:
    """Of a model whose answer is any number of classes: the two scores add up to one."""
    card = desk.card.model_copy(update={"config": desk.card.config | {"mode": "multi"}})
    version = await desk.version("sure", 1, desk.straight, card=card)
    low, high = ServingSettings(threshold=0.0), ServingSettings(threshold=1.0, num_instances=2)
    await house.bus.ask(CreateDeployment(name="sure", version=version, settings=low))
    await desk.until("sure", serving=1)
    assert await _num_labels(desk) == 2

    async with desk.asked_all_the_time("sure", IMAGE):
        wished = await house.bus.ask(ChangeServing(name="sure", settings=high))
        assert (wished.settings, wished.serving_version) == (high, 1)
        await until(lambda: _has_labels(desk, 0))
        shown = await house.bus.ask(GetDeploymentMetadata(name="sure"))
        assert shown.card.calibration["threshold"] == 1.0
        # Asked again for the same, or for the version that is there: nothing changes.
        await desk.until("sure", serving=1)
        await house.bus.ask(ChangeServing(name="sure", settings=high))
        await house.bus.ask(CreateDeployment(name="sure", version=version))
        assert len((await house.bus.ask(ListRevisions(name="sure"))).items) == 2
        back = await house.bus.ask(RollBackDeployment(name="sure"))
        assert back.settings == low
        await until(lambda: _has_labels(desk, 2))

    first = await house.bus.ask(ListRevisions(name="sure", query=PageQuery(limit=2)))
    second = await house.bus.ask(ListRevisions(name="sure", query=PageQuery(cursor=first.next_cursor)))
    found = [(each.revision, each.settings, each.is_rollback) for each in (*first.items, *second.items)]
    assert found == [(3, low, True), (2, high, False), (1, low, False)]


async def test_a_version_on_trial_is_run_as_the_main_one_is(house: House, desk: Desk) -> None:
    settings = ServingSettings(threshold=0.25)
    await desk.deploy("tuned", await desk.version("tuned", 1, desk.straight))
    await house.bus.ask(
        SetCanary(name="tuned", version=await desk.version("tuned", 2, desk.straight), percent=30)
    )

    changed = await house.bus.ask(ChangeServing(name="tuned", settings=settings))

    assert changed.canary is not None
    assert (changed.settings, changed.canary.percent) == (settings, 30)
    revisions = (await house.bus.ask(ListRevisions(name="tuned"))).items
    assert [(each.version, each.is_canary, each.settings.threshold) for each in revisions] == [
        (2, True, 0.25),
        (1, False, 0.25),
        (2, True, None),
        (1, False, None),
    ]


async def test_who_is_not_there_has_no_settings_and_no_revisions(house: House) -> None:
    with pytest.raises(NotFound, match="nobody"):
        await house.bus.ask(ChangeServing(name="nobody", settings=ServingSettings()))
    with pytest.raises(NotFound, match="nobody"):
        await house.bus.ask(ListRevisions(name="nobody"))


async def _num_labels(desk: Desk) -> int:
    (prediction,) = (await desk.predict("sure", IMAGE)).predictions
    assert prediction.type == "labels"
    return len(prediction.labels)


async def _has_labels(desk: Desk, number: int) -> bool:
    return await _num_labels(desk) == number
