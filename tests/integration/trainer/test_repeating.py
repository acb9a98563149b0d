"""A run that is run again: the same numbers, whatever its experiment says now."""

import json

import pytest
from sqlalchemy import text

from libs.common.contracts.checkpoints import StartPoint
from libs.common.contracts.measurements import ReadMetrics
from libs.common.contracts.runs import Run, RunState
from libs.common.errors import BadInput
from libs.common.ids import new_id
from tests.integration.trainer.desk import STEPS_PER_EPOCH, Desk

NUM_EPOCHS = 2


async def _values(desk: Desk, run: Run) -> dict[str, list[tuple[int, float]]]:
    """Of all that training and validation measured; speeds are the machine's affair."""
    await desk.until(run, RunState.COMPLETED)
    while True:
        series = await desk.ask(ReadMetrics(run_id=run.id))
        found = {each.key: [(it.step, it.value) for it in each.points] for each in series}
        if "val/loss" in found and found["val/loss"][-1][0] == NUM_EPOCHS * STEPS_PER_EPOCH:
            return {key: values for key, values in found.items() if key.startswith(("train/", "val/"))}


async def _change_stored_config(desk: Desk, experiment_id: object, **knobs: object) -> None:
    statement = text(
        "UPDATE trainer.experiments SET config = config || CAST(:knobs AS jsonb) WHERE id = :experiment_id"
    )
    async with desk.house.database.transaction() as session:
        await session.execute(statement, {"knobs": json.dumps(knobs), "experiment_id": experiment_id})


async def test_a_deterministic_run_again_measures_the_same_and_keeps_every_epoch(desk: Desk) -> None:
    knobs = {"epochs": NUM_EPOCHS, "is_deterministic": True, "checkpoint_every_epochs": 1}
    experiment = await desk.experiment("Repeated", **knobs)
    first = await desk.begin(experiment, device="cpu")
    values = await _values(desk, first)
    await _change_stored_config(desk, experiment.id, epochs=1, seed=7)

    again = await desk.begin(experiment, like=first.id)

    assert (again.config, again.data, again.reproduces) == (first.config, first.data, first.id)
    assert await _values(desk, again) == values
    done, original = await desk.look(again), await desk.look(first)
    assert original.environment is not None and original.environment.device_name
    assert original.environment.torch.startswith("2.")
    assert (done.environment, done.warnings) == (original.environment, ())
    assert set(await desk.checkpoints(first)) == {"best", "last", "epoch-1", "epoch-2"}
    sizes = [each.size_bytes for each in (await desk.checkpoints(first)).values()]
    assert all(size > 0 for size in sizes)

    # With what the first has learned another one begins better than from nothing, on the same first batch.
    await _change_stored_config(desk, experiment.id, epochs=NUM_EPOCHS, seed=0)
    point = StartPoint(run_id=first.id, checkpoint="last")
    warm = await desk.begin(experiment, from_checkpoint=point)
    assert warm.starts_from is not None and warm.starts_from.run_id == first.id
    assert (await _values(desk, warm))["train/loss"][0][1] < values["train/loss"][0][1]
    other = await desk.experiment("Another network", architecture="mobilenet_v3_small")
    with pytest.raises(BadInput) as caught:
        await desk.begin(other, from_checkpoint=point)
    assert caught.value.code == "checkpoint_does_not_fit"


@pytest.mark.usefixtures("no_worker", "hand")
async def test_what_cannot_be_the_same_is_told_at_once(desk: Desk) -> None:
    experiment = await desk.experiment("Close")
    first = await desk.begin(experiment, device="cpu")
    await _other_environment(desk, first)

    again = await desk.begin(experiment, like=first.id)

    assert [warning.split(" was ")[0] for warning in again.warnings] == [
        "not in deterministic mode: the numbers come out close, not equal",
        "code_version",
    ]


@pytest.mark.usefixtures("no_worker", "hand")
async def test_what_cannot_be_run_is_refused_before_anything_is_queued(desk: Desk) -> None:
    experiment, other = await desk.experiment("Refused"), await desk.experiment("Other")
    run = await desk.begin(other)
    old = await desk.experiment("Old")
    await _change_stored_config(desk, old.id, momentun=0.9, epochs=0)
    for wanted, changes, code, fields in (
        (experiment, {"like": run.id}, "run_of_another_experiment", {"like"}),
        (experiment, {"like": new_id()}, "run_of_another_experiment", {"like"}),
        (
            experiment,
            {"from_checkpoint": StartPoint(run_id=run.id)},
            "checkpoint_does_not_fit",
            {"from_checkpoint"},
        ),
        (experiment, {"device": "cuda:5"}, "device_unknown", {"device"}),
        (old, {}, "config_outdated", {"config.momentun", "config.epochs"}),
    ):
        with pytest.raises(BadInput) as caught:
            await desk.begin(wanted, **changes)
        assert caught.value.code == code
        assert {problem.field for problem in caught.value.errors} == fields
    assert (await desk.begin(experiment)).name == "Refused #1"


async def _other_environment(desk: Desk, run: Run) -> None:
    """As if it had been trained long ago."""
    environment = {
        "code_version": "0.0.1",
        "python": "3.11.0",
        "torch": "1.0",
        "platform": "somewhere",
        "device_name": "a slow one",
    }
    statement = text("UPDATE trainer.runs SET environment = CAST(:environment AS jsonb) WHERE id = :run_id")
    async with desk.house.database.transaction() as session:
        await session.execute(statement, {"environment": json.dumps(environment), "run_id": run.id})
