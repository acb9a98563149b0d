"""From a completed run to a registered file, fact by fact, through two rooms."""

import asyncio
import hashlib
import os
import signal
from pathlib import Path

import httpx
import onnx
import onnxruntime
import pytest

from libs.common.contracts.base import FactEnvelope, PageQuery, Step, now
from libs.common.contracts.evaluations import (
    CreateEvaluation,
    Evaluable,
    Evaluation,
    EvaluationCompleted,
    EvaluationFailed,
    EvaluationState,
    GetEvaluation,
    ListEvaluations,
)
from libs.common.contracts.exports import (
    CreateExport,
    ExportCompleted,
    ExportFailed,
    GetDownload,
    GetExport,
    ListExports,
)
from libs.common.contracts.jobs import CancelJob, GetJob, JobState
from libs.common.contracts.models import GetModelVersion
from libs.common.contracts.projects import ProjectDeleted
from libs.common.contracts.results import ListSampleResults
from libs.common.contracts.run_facts import RunCompleted
from libs.common.errors import NotFound
from libs.common.ids import new_id
from tests.factories import evaluable
from tests.house import House
from tests.toy import COUNTS, Toy

WHOLE_CHAIN = (Step.EVALUATE, Step.EXPORT, Step.DEPLOY)


def _completed(model: Evaluable, then: tuple[Step, ...]) -> RunCompleted:
    return RunCompleted(
        project_id=model.project_id,
        run_id=model.run_id,
        experiment_id=model.experiment_id,
        name=model.run_name,
        task=model.task,
        data=model.data,
        package=model.package,
        metrics={},
        duration_seconds=1.0,
        then=then,
        deployment=model.deployment,
    )


async def test_a_completed_run_is_evaluated_exported_proven_and_registered(house: House, toy: Toy) -> None:
    model = await toy.publish(house, deployment="discs-and-squares")

    await house.announce(_completed(model, WHOLE_CHAIN))

    evaluated = await house.wait_for(EvaluationCompleted, model=model)
    assert evaluated.then == (Step.EXPORT, Step.DEPLOY)
    evaluation = await house.bus.ask(GetEvaluation(evaluation_id=evaluated.evaluation_id))
    assert evaluation.state is EvaluationState.COMPLETED
    assert evaluation.subsets == ("test",)
    assert evaluation.report is not None
    assert (evaluation.report.num_samples, evaluation.report.metrics) == (COUNTS["test"], evaluated.metrics)
    exported = await house.wait_for(ExportCompleted, run_id=model.run_id)
    assert exported.then == (Step.DEPLOY,)
    assert (exported.model, exported.model_version) == ("discs-and-squares", 1)
    assert exported.parity.passed and exported.parity.num_samples == COUNTS["test"]
    assert exported.parity.metric_pytorch == evaluated.metrics[exported.parity.metric]
    version = await house.bus.ask(GetModelVersion(name="discs-and-squares"))
    assert (version.file, version.card.classes) == (exported.file, toy.classes)


async def test_results_of_an_evaluation_can_be_paged_filtered_and_sorted(house: House, toy: Toy) -> None:
    model = await toy.publish(house)
    made = await house.bus.ask(CreateEvaluation(model=model, subsets=("val", "test"), batch_size=7))
    await house.wait_for(EvaluationCompleted, evaluation_id=made.id)

    wanted = ListSampleResults(evaluation_id=made.id, sort="-loss", query=PageQuery(limit=25))
    first = await house.bus.ask(wanted)
    rest = await house.bus.ask(
        wanted.model_copy(update={"query": PageQuery(limit=25, cursor=first.next_cursor)})
    )

    found = [*first.items, *rest.items]
    assert len({row.sample_id for row in found}) == COUNTS["val"] + COUNTS["test"]
    losses = [row.loss for row in found]
    assert losses == sorted(losses, reverse=True)
    of_one_class = await house.bus.ask(
        ListSampleResults(evaluation_id=made.id, subset="val", label=toy.classes[0])
    )
    assert len(of_one_class.items) == COUNTS["val"] // 2


async def test_the_file_is_whole_runs_alone_and_knows_where_it_comes_from(house: House, toy: Toy) -> None:
    model = await toy.publish(house)
    made = await house.bus.ask(CreateExport(model=model))
    exported = await house.wait_for(ExportCompleted, export_id=made.id)

    link = await house.bus.ask(GetDownload(export_id=made.id))
    async with httpx.AsyncClient() as client:
        content = (await client.get(link.url)).content

    assert hashlib.sha256(content).hexdigest() == exported.file.sha256 == link.sha256
    properties = {each.key: each.value for each in onnx.load_from_string(content).metadata_props}
    assert properties["modelyard.run"] == str(model.run_id)
    assert properties["modelyard.dataset_version"] == "1"
    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    assert [each.type for each in session.get_inputs()] == ["tensor(uint8)"]


async def test_a_run_that_asks_only_for_an_export_is_not_evaluated(house: House, toy: Toy) -> None:
    model = await toy.publish(house)

    await house.announce(_completed(model, (Step.EXPORT,)))

    exported = await house.wait_for(ExportCompleted, run_id=model.run_id)
    assert exported.then == ()
    assert (await house.bus.ask(ListEvaluations(run_id=model.run_id))).items == ()


async def test_a_doubled_fact_makes_one_evaluation_and_a_missing_package_is_told_by_name(
    house: House,
) -> None:
    model = evaluable(package="runs/gone/")
    fact = _completed(model, WHOLE_CHAIN)
    envelope = FactEnvelope(
        id=new_id(),
        type=fact.type_name(),
        schema_version=1,
        aggregate_id=fact.aggregate_id,
        sequence=1,
        occurred_at=now(),
        data=fact.model_dump(mode="json"),
    )
    for _ in range(2):
        await house.bus.jetstream.publish(
            f"facts.run.completed.{model.run_id}", envelope.model_dump_json().encode()
        )

    failed = await house.wait_for(EvaluationFailed, run_id=model.run_id)

    assert failed.code == "package_missing"
    marker = await house.bus.ask(CreateEvaluation(model=model))
    await house.wait_for(EvaluationFailed, evaluation_id=marker.id)
    evaluations = (await house.bus.ask(ListEvaluations(run_id=model.run_id))).items
    assert [each.id for each in evaluations] == [marker.id, failed.evaluation_id]
    assert {each.state for each in evaluations} == {EvaluationState.FAILED}
    assert (await house.bus.ask(ListExports(run_id=model.run_id))).items == ()


async def test_an_export_of_a_missing_package_is_told_by_name(house: House) -> None:
    made = await house.bus.ask(CreateExport(model=evaluable(package="runs/gone/")))

    assert (await house.wait_for(ExportFailed, export_id=made.id)).code == "package_missing"


async def test_an_evaluation_whose_child_is_killed_is_tried_again(house: House, toy: Toy) -> None:
    made = await _running(house, await toy.publish(house))

    os.kill(await _child(house), signal.SIGKILL)

    async with asyncio.timeout(30):
        while (job := await house.bus.ask(GetJob(job_id=made.job_id))).state is JobState.RUNNING:
            await asyncio.sleep(0.02)
    assert (job.state, job.error_code) == (JobState.QUEUED, "child_killed")
    assert "SIGKILL" in (job.error_detail or "")
    await house.bus.ask(CancelJob(job_id=made.job_id))


async def test_a_cancelled_job_ends_its_child_and_the_evaluation(house: House, toy: Toy) -> None:
    made = await _running(house, await toy.publish(house))
    child = await _child(house)

    await house.bus.ask(CancelJob(job_id=made.job_id))

    failed = await house.wait_for(EvaluationFailed, evaluation_id=made.id)
    assert failed.code == "cancelled"
    assert (await house.bus.ask(GetEvaluation(evaluation_id=made.id))).state is EvaluationState.CANCELLED
    assert not Path(f"/proc/{child}").exists()


async def test_a_deleted_project_is_forgotten_by_both_rooms(house: House, toy: Toy) -> None:
    model = await toy.publish(house)
    await house.announce(_completed(model, (Step.EVALUATE, Step.EXPORT)))
    exported = await house.wait_for(ExportCompleted, run_id=model.run_id)
    evaluated = await house.wait_for(EvaluationCompleted, model=model)

    await house.announce(ProjectDeleted(project_id=model.project_id, name="gone"))

    await _until_gone(house, GetEvaluation(evaluation_id=evaluated.evaluation_id))
    await _until_gone(house, GetExport(export_id=exported.export_id))
    # Bytes go after their rows.
    async with asyncio.timeout(20):
        while await house.storage.exists(exported.file.key):
            await asyncio.sleep(0.05)


async def _running(house: House, model: Evaluable) -> Evaluation:
    made = await house.bus.ask(CreateEvaluation(model=model))
    async with asyncio.timeout(30):
        while (await house.bus.ask(GetEvaluation(evaluation_id=made.id))).state is EvaluationState.QUEUED:
            await asyncio.sleep(0.02)
    return made


async def _child(house: House) -> int:
    """The process that the evaluator started for its job."""
    room = house.stack.pid("evaluator")
    async with asyncio.timeout(30):
        while True:
            for children in Path(f"/proc/{room}/task").glob("*/children"):
                if found := children.read_text().split():
                    return int(found[0])
            await asyncio.sleep(0.02)


async def _until_gone(house: House, request: GetEvaluation | GetExport) -> None:
    async with asyncio.timeout(20):
        with pytest.raises(NotFound):
            while True:
                await house.bus.ask(request)
                await asyncio.sleep(0.05)
