"""Experiments in lists, as copies and side by side; the test measures in the place of the worker."""

import asyncio
import math
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
import pytest_asyncio

from libs.common.bus import TelemetryPublisher
from libs.common.contracts.base import PageQuery, now
from libs.common.contracts.comparisons import CompareRuns, Comparison
from libs.common.contracts.experiments import (
    CreateExperiment,
    DuplicateExperiment,
    Experiment,
    ExperimentSummary,
    GetExperiment,
    ListExperiments,
    UpdateExperiment,
)
from libs.common.contracts.jobs import ReleaseJob
from libs.common.contracts.runs import CancelRun, Run
from libs.common.contracts.telemetry import MetricPoint, TelemetryBatch
from libs.common.errors import BadInput, Conflict, ModelyardError
from libs.common.ids import new_id
from tests.integration.trainer.desk import CONFIG, Desk
from tests.integration.trainer.hand import Hand

pytestmark = pytest.mark.usefixtures("no_worker")
KEY = "val/accuracy"


@pytest_asyncio.fixture
async def elsewhere(desk: Desk) -> Desk:
    """In a project of its own."""
    return Desk(desk.house, desk.task, desk.data.model_copy(update={"project_id": new_id()}))


async def listed(
    desk: Desk, sort: str = "-created", limit: int = 2, **wanted: Any
) -> list[ExperimentSummary]:
    """Page by page to the end, each experiment once."""
    wanted = {"project_id": desk.data.project_id, **wanted}
    found: list[ExperimentSummary] = []
    cursor = None
    while True:
        page = await desk.ask(
            ListExperiments.model_validate(
                {"filter": wanted, "sort": sort, "query": PageQuery(limit=2, cursor=cursor)}
            )
        )
        found += page.items
        cursor = page.next_cursor
        if cursor is None:
            assert len({each.id for each in found}) == len(found)
            return found


async def names(desk: Desk, sort: str = "-created", **wanted: Any) -> list[str]:
    return [each.name for each in await listed(desk, sort, **wanted)]


async def measured(desk: Desk, run: Run, values: Mapping[str, Sequence[float]], attempt: int = 1) -> None:
    """Stored, when this returns."""
    points = tuple(
        MetricPoint(key=key, step=step, epoch=step, value=value, at=now())
        for key, series in values.items()
        for step, value in enumerate(series)
    )
    batch = TelemetryBatch(id=new_id(), run_id=run.id, attempt=attempt, points=points)
    await TelemetryPublisher(desk.house.bus).publish(batch)
    async with asyncio.timeout(20):
        while {each.key for each in (await desk.look(run)).summary} < values.keys():
            await asyncio.sleep(0.05)


async def best_of(desk: Desk, experiment: Experiment) -> tuple[float, Any] | None:
    best = (await desk.ask(GetExperiment(experiment_id=experiment.id))).best
    return best and (best.value, best.run_id)


async def test_lists_are_sorted_and_read_page_by_page(elsewhere: Desk, hand: Hand) -> None:
    made = [await elsewhere.experiment(name) for name in ("b", "c", "a", "d")]
    for experiment, accuracy in zip(made[:3], (0.5, 0.9, 0.5), strict=True):
        await measured(elsewhere, await elsewhere.begin(experiment), {KEY: [0.1, accuracy, 0.2]})

    assert await names(elsewhere) == ["d", "a", "c", "b"]
    assert await names(elsewhere, "created") == ["b", "c", "a", "d"]
    assert await names(elsewhere, "name") == ["a", "b", "c", "d"]
    assert await names(elsewhere, "-name") == ["d", "c", "b", "a"]
    assert await names(elsewhere, "best") == ["c", "a", "b", "d"]
    assert await names(elsewhere, "-updated") == ["a", "c", "b", "d"]
    assert await names(elsewhere, "updated") == ["d", "b", "c", "a"]
    for sort in ("name", "best", "updated", "-created"):
        with pytest.raises(BadInput):
            await elsewhere.ask(ListExperiments(sort=sort, query=PageQuery(cursor="no cursor of ours")))


async def test_lists_are_narrowed_by_words_state_and_task(elsewhere: Desk, hand: Hand) -> None:
    first = await elsewhere.experiment("Straight 100%_a")
    await elsewhere.experiment("crooked")
    await elsewhere.ask(UpdateExperiment(experiment_id=first.id, note="with *Warm-up*"))
    await elsewhere.ask(CancelRun(run_id=(await elsewhere.begin(first)).id))

    assert await names(elsewhere, text="STRAIGHT") == [first.name]
    assert await names(elsewhere, text="%_") == [first.name]
    assert await names(elsewhere, text="warm-up*") == [first.name]
    assert len(await names(elsewhere, text=elsewhere.data.dataset_name.upper())) == 2
    assert await names(elsewhere, text="nowhere") == []
    assert await names(elsewhere, state="cancelled") == [first.name]
    assert await names(elsewhere, state="not_run") == ["crooked"]
    assert await names(elsewhere, state="running") == []
    assert len(await names(elsewhere, task=elsewhere.task)) == 2
    assert await names(elsewhere, task="another") == []


async def test_across_projects_all_are_listed(desk: Desk, elsewhere: Desk) -> None:
    here, there = await desk.experiment("here"), await elsewhere.experiment("there")

    page = await desk.ask(ListExperiments(query=PageQuery(limit=2)))

    assert [each.id for each in page.items] == [there.id, here.id]


async def test_a_row_tells_its_last_run_its_best_run_its_data_and_who_made_it(
    elsewhere: Desk, hand: Hand
) -> None:
    experiment = await elsewhere.experiment()
    (fresh,) = await listed(elsewhere)
    best, last = await elsewhere.begin(experiment), await elsewhere.begin(experiment)
    await measured(elsewhere, best, {KEY: [0.2, 0.8, 0.7], "val/loss": [0.5]})
    await measured(elsewhere, last, {KEY: [math.nan, 0.6]})

    (row,) = await listed(elsewhere)

    assert (fresh.num_runs, fresh.last_run_id, fresh.last_run_state, fresh.best) == (0, None, None, None)
    assert (row.num_runs, row.last_run_id, row.last_run_state) == (2, last.id, "queued")
    assert row.best is not None
    assert (row.best.key, row.best.value, row.best.run_id) == (KEY, 0.8, best.id)
    assert row.dataset_names == (elsewhere.data.dataset_name,)
    assert row.updated_at == last.created_at > fresh.updated_at


async def test_the_best_falls_back_when_a_later_attempt_measures_again(elsewhere: Desk, hand: Hand) -> None:
    experiment = await elsewhere.experiment()
    other = await elsewhere.begin(experiment)
    await measured(elsewhere, other, {KEY: [0.4]})
    await elsewhere.ask(CancelRun(run_id=other.id))
    run, first = await hand.takes(await elsewhere.begin(experiment))
    await hand.starts(first)
    await measured(elsewhere, run, {KEY: [0.9]})
    assert await best_of(elsewhere, experiment) == (0.9, run.id)

    await elsewhere.ask(ReleaseJob(job_id=first.job_id, token=first.token))
    _, second = await hand.takes(run)
    await hand.starts(second)

    assert await best_of(elsewhere, experiment) == (0.4, other.id)
    await measured(elsewhere, run, {KEY: [0.6]}, attempt=2)
    assert await best_of(elsewhere, experiment) == (0.6, run.id)


async def test_a_copy_has_the_same_data_and_config_but_for_what_is_said(elsewhere: Desk) -> None:
    first = await elsewhere.experiment("Long run" * 25)

    same = await elsewhere.ask(DuplicateExperiment(experiment_id=first.id))
    other = await elsewhere.ask(DuplicateExperiment(experiment_id=first.id, name="x", config={"epochs": 3}))

    assert (same.config, same.data, same.num_runs) == (first.config, first.data, 0)
    assert (len(same.name), same.name[-5:]) == (194, " copy")
    again = await elsewhere.ask(DuplicateExperiment(experiment_id=first.id))
    assert again.name == f"{same.name} 2"
    assert (other.name, other.config) == ("x", first.config | {"epochs": 3})
    with pytest.raises(BadInput) as refused:
        await elsewhere.ask(DuplicateExperiment(experiment_id=first.id, config={"epochs": 0}))
    assert refused.value.errors[0].field == "config.epochs"
    with pytest.raises(ModelyardError) as missing:
        await elsewhere.ask(DuplicateExperiment(experiment_id=new_id()))
    assert missing.value.code == "experiment_not_found"


async def test_a_name_is_given_once_in_a_project(desk: Desk, elsewhere: Desk) -> None:
    first, other = await elsewhere.experiment("taken 100%"), await elsewhere.experiment("taken 1000")

    for wanted in (
        elsewhere.experiment(first.name),
        elsewhere.ask(UpdateExperiment(experiment_id=other.id, name=first.name)),
        elsewhere.ask(DuplicateExperiment(experiment_id=other.id, name=first.name)),
    ):
        with pytest.raises(Conflict) as refused:
            await wanted
        assert refused.value.code == "experiment_name_taken"
        assert [problem.field for problem in refused.value.errors] == ["name"]
    at_once = await asyncio.gather(*(elsewhere.experiment("both") for _ in range(3)), return_exceptions=True)
    assert sum(isinstance(each, Conflict) for each in at_once) == 2
    assert (await desk.experiment(first.name)).name == first.name
    assert (await elsewhere.ask(UpdateExperiment(experiment_id=first.id, name=first.name))).id == first.id


async def test_a_note_changes_alone(elsewhere: Desk) -> None:
    first = await elsewhere.experiment("kept")

    changed = await elsewhere.ask(UpdateExperiment(experiment_id=first.id, note="why"))

    assert (changed.name, changed.note) == ("kept", "why")
    assert (await elsewhere.ask(UpdateExperiment(experiment_id=first.id, name="new"))).note == "why"


async def test_runs_of_several_projects_are_compared_in_one_answer(
    desk: Desk, elsewhere: Desk, hand: Hand
) -> None:
    slow, fast = await desk.experiment("slow"), await elsewhere.experiment("fast", epochs=3)
    weak, strong, silent = await desk.begin(slow), await desk.begin(slow), await elsewhere.begin(fast)
    await measured(desk, weak, {KEY: [0.1, 0.5], "train/loss": [2.0, 1.0], "lr": [0.1]})
    await measured(desk, strong, {KEY: [0.9, 0.5], "train/loss": [2.0, 0.5]})

    found = await desk.ask(
        CompareRuns(runs=(weak.id, silent.id), experiments=(slow.id,), keys=("train/loss", KEY, "unknown"))
    )

    assert [side.run_id for side in found.sides] == [weak.id, silent.id, strong.id]
    assert [side.experiment_name for side in found.sides] == ["slow", "fast", "slow"]
    assert {side.project_id for side in found.sides} == {desk.data.project_id, elsewhere.data.project_id}
    assert [(each.path, [s.value for s in each.settings]) for each in found.config] == [
        ("epochs", [CONFIG["epochs"], 3, CONFIG["epochs"]])
    ]
    assert found.data == ()
    assert found.num_same > 10
    assert [row.key for row in found.metrics] == [KEY, "lr", "train/loss"]
    primary, lr, loss = found.metrics
    assert (primary.is_primary, primary.direction, primary.best_best, primary.best_last) == (
        True,
        "max",
        (2,),
        (0, 2),
    )
    assert (lr.direction, lr.best_best) == (None, ())
    assert (loss.direction, loss.best_best, loss.best_last) == ("min", (2,), (2,))
    assert primary.reached[1] is None
    assert [(curve.key, curve.run_id, curve.values) for curve in found.curves] == [
        ("train/loss", weak.id, (2.0, 1.0)),
        ("train/loss", strong.id, (2.0, 0.5)),
        (KEY, weak.id, (0.1, 0.5)),
        (KEY, strong.id, (0.9, 0.5)),
    ]
    latest = await compared(desk, experiments=(slow.id, fast.id), chosen="latest")
    assert [side.run_id for side in latest.sides] == [strong.id, silent.id]


async def test_long_curves_are_thinned_out(elsewhere: Desk, hand: Hand) -> None:
    experiment = await elsewhere.experiment()
    runs = [await elsewhere.begin(experiment) for _ in range(2)]
    for run in runs:
        await measured(elsewhere, run, {"train/loss": [math.sin(step / 50) for step in range(3000)]})

    found = await elsewhere.ask(
        CompareRuns(runs=tuple(run.id for run in runs), keys=("train/loss",), max_points=100)
    )

    assert [50 <= len(curve.steps) <= 100 for curve in found.curves] == [True, True]
    assert all(curve.steps[-1] == 2999 for curve in found.curves)


async def compared(desk: Desk, **wanted: Any) -> Comparison:
    return await desk.ask(CompareRuns(**wanted))


async def test_what_cannot_be_compared_is_told_place_by_place(elsewhere: Desk, hand: Hand) -> None:
    tried, fresh = await elsewhere.experiment("tried"), await elsewhere.experiment("fresh")
    run = await elsewhere.begin(tried)

    async def refusal(**wanted: Any) -> tuple[str, str | None]:
        with pytest.raises(ModelyardError) as refused:
            await compared(elsewhere, **wanted)
        errors = refused.value.errors
        return refused.value.code, errors[0].field if errors else None

    only = (run.id,)
    assert await refusal(runs=(run.id, new_id())) == ("run_not_found", "runs.1")
    assert await refusal(runs=only, experiments=(new_id(),)) == ("experiment_not_found", "experiments.0")
    assert await refusal(runs=only, experiments=(fresh.id,)) == (
        "experiment_has_no_run",
        "experiments.0",
    )
    assert await refusal(runs=only, experiments=(tried.id,)) == ("too_few_to_compare", None)
    for wanted in ({"runs": only}, {"runs": (run.id, run.id)}, {"runs": [new_id() for _ in range(21)]}):
        with pytest.raises(ValueError, match="2 to 20 different"):
            CompareRuns.model_validate(wanted)


async def test_several_datasets_of_an_experiment_are_named_and_compared(desk: Desk, hand: Hand) -> None:
    part = desk.data.parts[0].model_copy(
        update={"dataset_id": new_id(), "dataset_name": "more", "version": 7}
    )
    data = desk.data.model_copy(update={"also": (part,)})
    request = CreateExperiment(
        project_id=data.project_id, name="Both", task=desk.task, data=data, config=CONFIG
    )
    both, one = await desk.ask(request), await desk.experiment()

    found = await compared(desk, runs=((await desk.begin(both)).id, (await desk.begin(one)).id))

    assert both.dataset_names == (desk.data.dataset_name, "more")
    assert [(each.path, [s.is_missing for s in each.settings]) for each in found.data] == [
        ("datasets.1.name", [False, True]),
        ("datasets.1.version", [False, True]),
        ("datasets.1.split", [False, True]),
    ]
