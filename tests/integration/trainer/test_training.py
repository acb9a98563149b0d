"""A run from its experiment to its model, undisturbed."""

import pytest
from alembic import command

from libs.common import artifacts
from libs.common.contracts.base import Step
from libs.common.contracts.experiments import CreateExperiment, GetExperiment
from libs.common.contracts.jobs import GetJob, JobState
from libs.common.contracts.packages import ModelCard
from libs.common.contracts.run_facts import RunCompleted, RunProgressed, RunQueued, RunStarted
from libs.common.contracts.runs import GetRunSummary, ListRuns, ResumeRun, StopRun
from libs.common.db.schema import alembic_config
from libs.common.errors import BadInput, Conflict
from libs.common.ids import new_id
from services.trainer.app import SCHEMA
from tests.house import House
from tests.integration.trainer.desk import CONFIG, NUM_EPOCHS, NUM_STEPS, STEPS_PER_EPOCH, Desk, Whole


async def test_the_migration_makes_what_the_models_say(house: House) -> None:
    async with house.database.engine.connect() as connection:
        await connection.run_sync(lambda sync: command.check(alembic_config(sync, SCHEMA)))


@pytest.mark.parametrize(
    ("knobs", "pointers"),
    [
        ({"architecture": "resnet1000"}, ["config.architecture"]),
        ({"epochs": 0, "learning_rate": -1}, ["config.epochs", "config.learning_rate"]),
        ({"augmentation": {"zoom": 7}}, ["config.augmentation.zoom"]),
        ({"epoch": 3}, ["config.epoch"]),
    ],
)
async def test_each_knob_that_cannot_work_is_named(desk: Desk, knobs: dict, pointers: list[str]) -> None:
    with pytest.raises(BadInput) as caught:
        await desk.experiment(**knobs)

    assert caught.value.status == 422
    assert sorted(problem.field or "" for problem in caught.value.errors) == pointers


async def test_an_unknown_preset_task_and_data_of_another_project_are_refused(desk: Desk) -> None:
    wanted = CreateExperiment(
        project_id=desk.data.project_id, name="Discs", task=desk.task, data=desk.data, preset="luxury"
    )
    for change, code, field in (
        ({}, "preset_unknown", "preset"),
        ({"project_id": new_id()}, "data_of_another_project", "data"),
        ({"preset": None, "task": "divination"}, "task_unknown", "task"),
    ):
        with pytest.raises(BadInput) as caught:
            await desk.house.bus.ask(wanted.model_copy(update=change))
        assert caught.value.code == code
        assert [problem.field for problem in caught.value.errors] == [field]


async def test_what_is_stored_is_the_whole_config(desk: Desk) -> None:
    experiment = await desk.experiment(augmentation={"zoom": 0.3})

    assert experiment.config.items() >= {**CONFIG, "seed": 0, "optimiser": "adamw"}.items()
    assert experiment.config["augmentation"]["zoom"] == 0.3
    assert experiment.config["augmentation"]["shift"] == 0.1


async def test_a_run_trains_to_its_end_and_everything_it_did_is_there(desk: Desk, whole: Whole) -> None:
    run = whole.run

    assert (run.name, run.attempt, run.then, run.device) == ("Discs #1", 1, (Step.EVALUATE,), "local/cpu")
    assert await desk.life(run) == [
        ("queued", "waits for a worker"),
        ("preparing", "worker … prepares"),
        ("running", "trains"),
        ("completed", "trained"),
    ]
    assert run.started_at is not None and run.finished_at is not None
    assert run.created_at <= run.started_at < run.finished_at
    summary = await desk.ask(GetRunSummary(run_id=run.id))
    assert (summary.num_epochs, summary.num_steps) == (NUM_EPOCHS, NUM_STEPS)
    job = await desk.ask(GetJob(job_id=run.job_id))
    assert (job.state, job.progress, job.attempt, job.title) == (JobState.COMPLETED, 1.0, 1, "Train Discs #1")
    experiment = await desk.ask(GetExperiment(experiment_id=run.experiment_id))
    assert (experiment.num_runs, experiment.last_run_id) == (1, run.id)
    assert experiment.last_run_state == "completed"


def test_every_step_is_measured_once_and_every_epoch_validated_once(whole: Whole) -> None:
    of_steps = {"train/loss", "train/lr"}
    for key in of_steps:
        assert [(point.step, point.epoch) for point in whole.series[key]] == [
            (step, (step - 1) // STEPS_PER_EPOCH) for step in range(1, NUM_STEPS + 1)
        ]
    for key in whole.series.keys() - of_steps:
        assert [(point.step, point.epoch) for point in whole.series[key]] == [
            ((epoch + 1) * STEPS_PER_EPOCH, epoch) for epoch in range(NUM_EPOCHS)
        ]
    assert {"val/loss", "val/accuracy"} < whole.series.keys()


def test_its_last_progress_and_its_log_are_there(whole: Whole) -> None:
    assert whole.run.progress is not None
    assert (whole.run.progress.fraction, whole.run.progress.num_epochs) == (1.0, NUM_EPOCHS)
    first = whole.texts.index(f"training starts at epoch 1 of {NUM_EPOCHS}")
    starts = [text.partition(":")[0] for text in whole.texts[first + 1 :]]
    assert starts == [f"epoch {number}" for number in range(1, NUM_EPOCHS + 1)]


async def test_checkpoints_hold_models_that_know_where_they_come_from(desk: Desk, whole: Whole) -> None:
    found = await desk.checkpoints(whole.run)

    assert set(found) == {"best", "last"}
    listed = await desk.ask(ListRuns(experiment_id=whole.run.experiment_id, has_checkpoint=True))
    assert [run.id for run in listed.items] == [whole.run.id]
    assert (found["last"].epoch, found["last"].step) == (NUM_EPOCHS - 1, NUM_STEPS)
    accuracies, losses = whole.series["val/accuracy"], whole.series["val/loss"]
    ranked = [
        (-accuracy.value, loss.value, loss.step) for accuracy, loss in zip(accuracies, losses, strict=True)
    ]
    assert found["best"].step == min(ranked)[2], "among equally accurate ones the one with the smallest loss"
    for each in found.values():
        card = ModelCard.model_validate_json(
            await desk.house.storage.get_bytes(artifacts.package_card(each.package))
        )
        assert (card.run_id, card.epoch, card.step) == (whole.run.id, each.epoch, each.step)
        assert card.data is not None and card.data.version == desk.data.version
        weights = await desk.house.storage.stat(artifacts.package_weights(each.package))
        assert 0 < weights.size_bytes < each.size_bytes


async def test_its_fact_carries_all_that_the_next_rooms_need(desk: Desk, whole: Whole) -> None:
    fact = await desk.house.wait_for(RunCompleted, run_id=whole.run.id)

    best = (await desk.checkpoints(whole.run))["best"]
    assert (fact.data, fact.package, fact.metrics) == (desk.data, best.package, best.metrics)
    assert (fact.then, fact.deployment, fact.name) == ((Step.EVALUATE,), "discs", "Discs #1")
    assert fact.project_id == desk.data.project_id
    assert fact.duration_seconds > 0
    started = await desk.house.wait_for(RunStarted, run_id=whole.run.id)
    assert started.attempt == 1
    queued = await desk.house.wait_for(RunQueued, run_id=whole.run.id)
    assert queued.reason == "waits for a worker"
    assert (await desk.house.wait_for(RunProgressed, run_id=whole.run.id)).attempt == 1


async def test_a_run_that_has_done_all_can_neither_stop_nor_go_on(desk: Desk, whole: Whole) -> None:
    for request, code in (
        (StopRun(run_id=whole.run.id), "run_has_ended"),
        (ResumeRun(run_id=whole.run.id), "run_is_complete"),
    ):
        with pytest.raises(Conflict) as caught:
            await desk.house.bus.ask(request)
        assert caught.value.code == code
