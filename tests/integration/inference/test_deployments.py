"""From a completed export to answers, the same as ONNX Runtime's own."""

import asyncio

import numpy as np
import pytest
import pytest_asyncio
import tritonclient.grpc.aio as triton
from alembic import command

from libs.common.contracts.deployments import (
    CreateDeployment,
    Deployment,
    DeploymentState,
    GetDeployment,
    GetDeploymentMetadata,
    ListDeployments,
    ModelDeployed,
)
from libs.common.db.schema import alembic_config
from libs.common.errors import BadInput, NotFound
from libs.tasks import registry
from services.inference.app import SCHEMA
from services.inference.predictor import Predictor
from services.inference.served import Served, Shares
from services.inference.traffic import Traffic
from services.inference.triton import Triton
from tests.house import House
from tests.integration.inference.desk import (
    Desk,
    by_label,
    export_completed,
    labelled,
    png,
    scores_of,
    tensor_of,
)


@pytest_asyncio.fixture(scope="module")
async def shapes(desk: Desk) -> Deployment:
    return await desk.deploy("shapes", await desk.version("shapes", 1, desk.straight))


async def test_the_migration_makes_what_the_models_say(house: House) -> None:
    async with house.database.engine.connect() as connection:
        await connection.run_sync(lambda sync: command.check(alembic_config(sync, SCHEMA)))


async def test_a_completed_export_is_deployed_announced_once_and_answers(house: House, desk: Desk) -> None:
    version = await desk.version("from-a-run", 3, desk.straight)
    fact = export_completed(version, "wanted-name")

    await house.announce(fact)
    await house.announce(fact)

    deployed = await house.wait_for(ModelDeployed, deployment="wanted-name")
    assert (deployed.model, deployed.version, deployed.run_id) == ("from-a-run", 3, version.run_id)
    found = await house.bus.ask(GetDeployment(name="wanted-name"))
    assert (found.state, found.desired_version, found.serving_version) == (DeploymentState.READY, 3, 3)
    assert found.classes == desk.card.classes
    answer = await desk.predict("wanted-name", png())
    assert (answer.deployment, answer.model, answer.version) == ("wanted-name", "from-a-run", 3)
    await house.bus.ask(CreateDeployment(name="wanted-name", version=version))
    assert len([each for each in await house.facts(ModelDeployed) if each.deployment == "wanted-name"]) == 1


@pytest.mark.usefixtures("shapes")
async def test_images_of_different_sizes_are_answered_in_their_order_as_by_onnx_runtime(desk: Desk) -> None:
    sizes = [(32, 32), (20, 47), (32, 32), (200, 150), (20, 47), (1, 1), (32, 32)]
    images = [png(seed, *size) for seed, size in enumerate(sizes)]

    answer = await desk.predict("shapes", *images)

    for image, found in zip(images, by_label(answer), strict=True):
        assert found == pytest.approx(labelled(desk.card, scores_of(desk.straight, image)), abs=1e-5)


@pytest.mark.usefixtures("shapes")
async def test_a_triton_client_gets_the_same_scores(house: House, desk: Desk) -> None:
    image = png(7)
    metadata = await house.bus.ask(GetDeploymentMetadata(name="shapes"))

    async with triton.InferenceServerClient(metadata.triton_grpc) as client:
        answer = await client.infer(metadata.triton_model, [tensor_of(image)])

    assert answer is not None
    scores = answer.as_numpy("scores")
    assert isinstance(scores, np.ndarray)
    (found,) = by_label(await desk.predict("shapes", image))
    assert found == pytest.approx(labelled(metadata.card, scores[0]), abs=1e-6)


@pytest.mark.usefixtures("shapes")
async def test_bad_images_are_named_by_their_rows(desk: Desk) -> None:
    with pytest.raises(BadInput) as refused:
        await desk.predict("shapes", png(), b"no image", png(1), png(2)[:60])

    assert (refused.value.status, refused.value.code) == (422, "image_refused")
    assert [problem.row for problem in refused.value.errors] == [1, 3]
    assert len((await desk.predict("shapes", png())).predictions) == 1


@pytest_asyncio.fixture
async def frugal(house: House, desk: Desk, shapes: Deployment) -> Predictor:
    """A predictor in this process, before the same Triton, with two images at once at most."""
    triton = Triton(house.stack.environment("inference")["MODELYARD_TRITON__GRPC"])
    predictor = Predictor(triton, Traffic())
    version = await desk.version("shapes", 1, desk.straight)
    codec = registry.task(version.task).load_codec()
    predictor.serve(shapes.name, Shares(Served(shapes.name, 1, version, version.card, codec, 2)))
    return predictor


async def test_more_images_than_the_model_takes_at_once_are_split(desk: Desk, frugal: Predictor) -> None:
    images = [png(seed) for seed in range(5)]

    answer = await frugal.predict("shapes", images)

    for image, found in zip(images, by_label(answer), strict=True):
        assert found == pytest.approx(labelled(desk.card, scores_of(desk.straight, image)), abs=1e-5)


async def test_small_files_that_are_huge_pictures_are_decoded_a_few_at_a_time(
    desk: Desk, frugal: Predictor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.inference.decoding.SLICE_BYTES", 3 * 1500)
    monkeypatch.setattr("services.inference.decoding.MOST_BYTES", 3 * 1024)
    images = [png(seed) for seed in range(5)]

    answers = await asyncio.gather(*(frugal.predict("shapes", images) for _ in range(3)))

    for answer in answers:
        assert by_label(answer) == by_label(answers[0])
        assert len(answer.predictions) == 5


async def test_a_name_that_nobody_deployed_is_not_found(desk: Desk) -> None:
    with pytest.raises(NotFound, match="nobody"):
        await desk.predict("nobody", png())


async def test_deployments_are_listed_by_project_page_by_page(house: House, shapes: Deployment) -> None:
    listed = await house.bus.ask(ListDeployments(project_id=shapes.project_id))

    assert [each.name for each in listed.items] == sorted(each.name for each in listed.items)
    assert shapes in listed.items
