"""Predictions over HTTP: every way in, many at once, with labels, and by the classic names."""

import base64
import io
import zipfile
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
import pytest_asyncio

from libs.client import Connection, Modelyard
from libs.common import artifacts
from libs.common.contracts.batches import BatchAnswer
from libs.common.contracts.deployments import DeploymentEvaluation, PredictionAnswer
from libs.common.errors import BadInput, TooLarge
from tests.house import House
from tests.integration.inference.desk import Desk, png
from tests.stack import TestStack

NAME = "by-http"
HERE = f"/v1/deployments/{NAME}"
ZIP = {"Content-Type": "application/zip"}


@dataclass(frozen=True)
class Sample:
    """With what the model says of it."""

    data: bytes
    label: str


@pytest_asyncio.fixture(scope="module")
async def samples(desk: Desk) -> list[Sample]:
    await desk.deploy(NAME, await desk.version(NAME, 1, desk.straight))
    images = [png(seed) for seed in range(12)]
    answer = await desk.predict(NAME, *images)
    return [Sample(*pair) for pair in zip(images, labels_of(answer), strict=True)]


@pytest_asyncio.fixture(scope="module")
async def http(rooms: TestStack) -> AsyncIterator[httpx.AsyncClient]:
    """As any program would ask."""
    headers = {"Authorization": f"Bearer {rooms.token}"}
    async with httpx.AsyncClient(base_url=rooms.gateway_url, headers=headers, timeout=60) as client:
        yield client


@pytest.fixture(scope="module")
def yard(rooms: TestStack):
    with Modelyard(Connection(rooms.gateway_url, rooms.token)) as connected:
        yield connected


def labels_of(answer: PredictionAnswer) -> list[str]:
    return [each.label for each in answer.predictions if each.type == "class"]


def zipped(samples: list[Sample], *more: tuple[str, bytes]) -> bytes:
    """In folders of their classes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as target:
        for number, sample in enumerate(samples):
            target.writestr(f"{sample.label}/{number:02}.png", sample.data)
        for name, content in more:
            target.writestr(name, content)
    return buffer.getvalue()


async def test_every_form_of_an_image_gets_the_same_answer(samples, http):
    image = samples[0].data
    text = base64.b64encode(image).decode()
    sent = [
        {"content": image, "headers": {"Content-Type": "image/png"}},
        {"content": image, "headers": {"Content-Type": "image/jpeg"}},  # it lies; the bytes tell
        {"files": [("whatever", ("a.png", image))]},
        {"json": {"images": [text]}},
        {"json": {"images": [f"data:image/png;base64,{text}"]}},
    ]

    answers = [(await http.post(f"{HERE}/predict", **each)).raise_for_status().json() for each in sent]

    assert all(answer["predictions"] == answers[0]["predictions"] for answer in answers)
    assert answers[0]["predictions"][0]["label"] == samples[0].label


@pytest.mark.parametrize(
    ("content", "media_type", "status", "code"),
    [
        (b"\x89PNG cut off", "image/png", 422, "image_refused"),
        (b"", "image/png", 422, "bad_input"),
        (b"text", "text/plain", 415, "content_type_unknown"),
        (b"[" * 50_000, "application/json", 422, "bad_input"),
        (b'{"images": [{"url": "http://169.254.169.254/"}]}', "application/json", 403, "urls_not_fetched"),
        (b"\xff\xd8" + bytes(9 * 2**20), "image/jpeg", 413, "images_too_many_bytes"),
        (bytes(33 * 2**20), "image/jpeg", 413, "body_too_large"),
    ],
)
async def test_what_cannot_be_answered_is_refused_by_name(samples, http, content, media_type, status, code):
    answer = await http.post(f"{HERE}/predict", content=content, headers={"Content-Type": media_type})

    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("route", ["predict", "predict/batch", "evaluate"])
async def test_an_unknown_deployment_is_404(samples, http, route):
    headers = {"Content-Type": "image/png"} if route == "predict" else ZIP
    answer = await http.post(f"/v1/deployments/nobody/{route}", content=zipped(samples), headers=headers)

    assert (answer.status_code, answer.json()["code"]) == (404, "deployment_unknown")


def test_a_folder_is_answered_file_by_file_in_order(yard: Modelyard, samples, tmp_path: Path):
    for number, sample in enumerate(samples):
        file = tmp_path / f"{number % 3}" / f"{number:02}.png"
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(sample.data)
    (tmp_path / "1" / "notes.txt").write_text("no image")
    (tmp_path / ".hidden").write_text("not looked at")

    items = list(yard.deployments.predict_batch(NAME, tmp_path))

    found = {item.name: item for item in items}
    assert list(found) == sorted(found) and len(items) == len(samples) + 1
    assert "not an image" in (found["1/notes.txt"].problem or "")
    for number, sample in enumerate(samples):
        item = found[f"{number % 3}/{number:02}.png"]
        assert item.prediction is not None and item.prediction.type == "class"
        assert (item.prediction.label, item.version) == (sample.label, 1)


async def test_an_archive_of_more_than_one_message_holds_is_answered_in_order(samples, http):
    """300 images in messages of 32, four of them under way at once."""
    many = [samples[number % len(samples)] for number in range(300)]
    body = zipped(many, ("9/bad.png", b"no image"))

    sent = await http.post(f"{HERE}/predict/batch", content=body, headers=ZIP)

    answer = BatchAnswer.model_validate_json(sent.raise_for_status().content)
    assert (answer.num_predicted, answer.num_left_out, answer.num_refused) == (300, 1, 0)
    labels = [
        item.prediction.label for item in answer.items if item.prediction and item.prediction.type == "class"
    ]
    assert labels == [sample.label for sample in many]
    assert (answer.items[-1].name, answer.items[-1].prediction) == ("9/bad.png", None)


def test_five_thousand_files_are_too_many(yard: Modelyard, samples, tmp_path: Path):
    archive = tmp_path / "many.zip"
    with zipfile.ZipFile(archive, "w") as target:
        for number in range(5000):
            target.writestr(f"{number}.png", samples[0].data)

    with pytest.raises(TooLarge, match="2000"):
        list(yard.deployments.predict_batch(NAME, archive))


class TestLabelledSamples:
    def test_are_scored_and_nothing_is_kept(self, yard: Modelyard, samples, tmp_path: Path):
        archive = tmp_path / "labelled.zip"
        archive.write_bytes(zipped(samples, ("unicorn/1.png", samples[0].data)))

        found = yard.deployments.evaluate(NAME, archive)

        assert (found.report.num_samples, found.report.metrics["accuracy"]) == (len(samples), 1.0)
        assert [problem.field for problem in found.left_out] == ["unicorn/1.png"]

    def test_may_be_a_folder_with_a_csv(self, yard: Modelyard, samples, tmp_path: Path):
        rows = ["file,label"]
        for number, sample in enumerate(samples):
            (tmp_path / f"{number}.png").write_bytes(sample.data)
            rows.append(f"{number}.png,{sample.label}")
        (tmp_path / "labels.csv").write_text("\n".join(rows))

        assert yard.deployments.evaluate(NAME, tmp_path).report.metrics["accuracy"] == 1.0

    def test_without_any_label_are_refused_by_name(self, yard: Modelyard, samples, tmp_path: Path):
        (tmp_path / "1.png").write_bytes(samples[0].data)

        with pytest.raises(BadInput) as refused:
            yard.deployments.evaluate(NAME, tmp_path)

        assert refused.value.code == "samples_unusable"
        assert refused.value.errors[0].field == "1.png"

    async def test_that_are_no_archive_are_refused_and_leave_nothing(self, http, samples, house: House):
        answer = await http.post(f"{HERE}/evaluate", content=b"no archive", headers=ZIP)

        assert (answer.status_code, answer.json()["code"]) == (422, "archive_refused")
        assert await house.storage.list_objects(artifacts.LABELLED_SAMPLES) == []


class TestClassicNames:
    async def test_answer_as_the_new_ones_do(self, samples, http, yard: Modelyard):
        query = {"deployment": NAME}
        archive = {"content": zipped(samples), "headers": ZIP}
        image = {"content": samples[0].data, "headers": {"Content-Type": "image/png"}}

        one = (await http.post("/forward", params=query, **image)).raise_for_status()
        many = (await http.post("/forward_batch", params=query, **archive)).raise_for_status()
        scored = (await http.post("/evaluate", params=query, **archive)).raise_for_status()
        about = (await http.get("/metadata", params=query)).raise_for_status()

        assert labels_of(PredictionAnswer.model_validate_json(one.content)) == [samples[0].label]
        assert len(BatchAnswer.model_validate_json(many.content).items) == len(samples)
        assert DeploymentEvaluation.model_validate_json(scored.content).report.num_samples == len(samples)
        assert about.json() == yard.deployments.metadata(NAME).model_dump(mode="json")

    async def test_ask_which_deployment_is_meant(self, desk: Desk, samples, http):
        await desk.deploy("second", await desk.version("second", 1, desk.straight))

        answer = await http.get("/metadata")

        assert (answer.status_code, answer.json()["code"]) == (409, "deployment_not_named")
        assert NAME in answer.json()["detail"] and "second" in answer.json()["detail"]

    @pytest.mark.parametrize("path", ["/forward", "/forward_batch", "/evaluate"])
    def test_want_a_token(self, rooms: TestStack, path: str):
        assert httpx.post(f"{rooms.gateway_url}{path}").status_code == 401
