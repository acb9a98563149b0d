"""What is asked of a deployment: images of every kind, images of none, and samples whose labels are known."""

import io
import struct
import zipfile
import zlib
from collections.abc import Sequence

import numpy as np
import pytest
import pytest_asyncio
from PIL import Image

from libs.common import artifacts
from libs.common.contracts.deployments import (
    Deployment,
    DeploymentEvaluation,
    EvaluateDeployment,
    Predict,
    PredictionAnswer,
)
from libs.common.errors import BadInput, Forbidden, ModelyardError, NotFound, TooLarge
from libs.common.ids import new_id
from libs.tasks.images import read_pixels
from tests.house import House
from tests.integration.inference.desk import Desk, by_label, labelled, png, scores_of

NAME = "asked"


@pytest_asyncio.fixture(scope="module")
async def asked(desk: Desk) -> Deployment:
    return await desk.deploy(NAME, await desk.version(NAME, 1, desk.straight))


@pytest_asyncio.fixture(scope="module")
async def choosy(desk: Desk) -> Deployment:
    """It is never sure enough."""
    card = desk.card.model_copy(update={"calibration": {"threshold": 1.0}})
    return await desk.deploy("choosy", await desk.version("choosy", 1, desk.straight, card=card))


def encoded(image: Image.Image, format: str = "PNG", **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, format, **options)
    return buffer.getvalue()


def picture() -> Image.Image:
    return Image.open(io.BytesIO(png(3)))


def turned() -> bytes:
    exif = Image.Exif()
    exif[0x0112] = 6
    return encoded(picture(), "JPEG", exif=exif)


ODD = {
    "CMYK": encoded(picture().convert("CMYK"), "JPEG"),
    "16 bits": encoded(Image.fromarray(np.arange(1024, dtype=np.uint16).reshape(32, 32) * 64)),
    "turned by its EXIF": turned(),
    "palette": encoded(picture().quantize(16)),
    "see-through": encoded(picture().convert("RGBA")),
    "black and white": encoded(picture().convert("1"), "TIFF"),
    "one pixel": encoded(picture().resize((1, 1))),
}


@pytest.mark.usefixtures("asked")
@pytest.mark.parametrize("kind", ODD)
async def test_odd_images_get_the_answer_of_what_they_show(desk: Desk, kind: str) -> None:
    (found,) = by_label(await desk.predict(NAME, ODD[kind]))

    shown = encoded(Image.fromarray(read_pixels(ODD[kind])))
    assert found == pytest.approx(labelled(desk.card, scores_of(desk.straight, shown)), abs=1e-5)


def frames(format: str) -> bytes:
    return encoded(picture(), format, save_all=True, append_images=[Image.new("RGB", (32, 32), "red")])


def bomb(width: int, height: int) -> bytes:
    """A header that promises more than follows."""
    whole = encoded(Image.new("L", (1, 1)))
    head = whole[12:16] + struct.pack(">2L", width, height) + whole[24:29]
    return whole[:12] + head + struct.pack(">L", zlib.crc32(head)) + whole[33:]


UNUSABLE = {
    "cut off": (png()[:60], "broken image"),
    "empty": (b"", "not an image"),
    "no image": (b"<svg/>", "not an image"),
    "an animation": (frames("GIF"), "several frames"),
    "an animated PNG": (frames("PNG"), "several frames"),
    "an animated WebP": (frames("WEBP"), "several frames"),
    "several pages": (frames("TIFF"), "several frames"),
}


@pytest.mark.usefixtures("asked")
async def test_images_that_cannot_be_used_are_all_named(desk: Desk) -> None:
    with pytest.raises(BadInput) as refused:
        await desk.predict(NAME, png(), *(data for data, _ in UNUSABLE.values()))

    assert (refused.value.status, refused.value.code) == (422, "image_refused")
    assert [problem.row for problem in refused.value.errors] == list(range(1, 1 + len(UNUSABLE)))
    for problem, (kind, (_, why)) in zip(refused.value.errors, UNUSABLE.items(), strict=True):
        assert why in problem.message, kind


@pytest.mark.usefixtures("asked")
async def test_too_many_pixels_are_too_large_before_they_are_decoded(desk: Desk) -> None:
    with pytest.raises(TooLarge) as refused:
        await desk.predict(NAME, png(), bomb(20_000, 20_000))

    assert (refused.value.status, refused.value.code) == (413, "images_too_large")
    assert [problem.row for problem in refused.value.errors] == [1]


@pytest.mark.usefixtures("asked")
async def test_what_cannot_be_used_may_be_left_out(desk: Desk, house: House) -> None:
    images = (b"no image", png(1), bomb(20_000, 20_000), png(2))

    answer = await house.bus.ask(Predict(name=NAME, images=images, leaves_out=True))

    assert [problem.row for problem in answer.left_out] == [0, 2]
    assert by_label(answer) == by_label(await desk.predict(NAME, png(1), png(2)))


@pytest.mark.usefixtures("asked")
async def test_nothing_usable_may_be_left_of_it(house: House) -> None:
    answer = await house.bus.ask(Predict(name=NAME, images=(b"no image",), leaves_out=True))

    assert (answer.predictions, [problem.row for problem in answer.left_out]) == ((), [0])


@pytest.mark.usefixtures("choosy")
async def test_one_answer_that_the_model_is_not_sure_of_is_refused(desk: Desk) -> None:
    with pytest.raises(Forbidden) as refused:
        await desk.predict("choosy", png())

    (problem,) = refused.value.errors
    assert (refused.value.status, refused.value.code) == (403, "prediction_refused")
    assert problem.row == 0
    assert any(f"{label!r} with a confidence of 0." in problem.message for label in desk.card.classes)


@pytest.mark.usefixtures("choosy")
async def test_of_several_the_refused_are_listed(desk: Desk, house: House) -> None:
    answer = await desk.predict("choosy", png(1), png(2))
    alone = await house.bus.ask(Predict(name="choosy", images=(png(1),), leaves_out=True))

    assert (answer.refused, alone.refused) == ((0, 1), (0,))
    assert len(answer.predictions) == 2


class TestLabelledSamples:
    """`asked` answers; truth is what it says itself, or what it does not."""

    async def test_class_folders_are_scored_and_the_worst_are_shown(
        self, desk: Desk, house: House, asked: Deployment
    ) -> None:
        samples = await self.right(desk, 6)
        name, data = samples[2]
        samples[2] = (f"toys/{self.other(desk, name)}/wrong.png", data)

        found = await evaluate(house, zipped(*samples))

        assert (found.deployment, found.model, found.version) == (NAME, NAME, 1)
        assert found.report.num_samples == 6
        assert found.report.metrics["accuracy"] == pytest.approx(5 / 6)
        assert found.worst[0].name.endswith("wrong.png")
        assert (found.worst[0].correct, found.left_out) == (False, ())

    async def test_a_csv_names_files_and_labels(self, desk: Desk, house: House, asked: Deployment) -> None:
        samples = [(f"images/{number}.png", png(number)) for number in range(3)]
        labels = await self.answers(desk, [data for _, data in samples])
        rows = [
            f"{name.removeprefix('images/')};{label}"
            for (name, _), label in zip(samples, labels, strict=True)
        ]
        table = "\n".join(["\ufeffFilename;Label", *rows, "missing.png;" + labels[0], "images/0.png;"])

        found = await evaluate(
            house, zipped(*samples, ("more/extra.png", png(9)), ("labels.csv", table.encode()))
        )

        assert (found.report.num_samples, found.report.metrics["accuracy"]) == (3, 1.0)
        assert [(problem.row, problem.field) for problem in found.left_out] == [
            (3, "missing.png"),
            (4, "images/0.png"),
            (5, "more/extra.png"),
        ]
        assert "no such file" in found.left_out[0].message
        assert all("no label" in problem.message for problem in found.left_out[1:])

    async def test_what_cannot_be_used_is_left_out_by_name(
        self, desk: Desk, house: House, asked: Deployment
    ) -> None:
        (good,) = await self.right(desk, 1)
        label = good[0].split("/")[-2]

        found = await evaluate(
            house,
            zipped(("loose.png", png()), ("unicorn/1.png", png()), (f"{label}/bad.png", b"no image"), good),
        )

        assert found.report.num_samples == 1
        assert [problem.field for problem in found.left_out] == [
            "loose.png",
            "unicorn/1.png",
            f"{label}/bad.png",
        ]
        assert "unicorn" in found.left_out[1].message

    @pytest.mark.parametrize(
        ("files", "code"),
        [
            ([("unicorn/1.png", png())], "samples_unusable"),
            ([("labels.csv", b"file,label\n")], "samples_unusable"),
            ([("1.png", png()), ("labels.csv", b"name of it,what it is\n1.png,a\n")], "labels_unclear"),
            ([("1.png", png()), ("labels.csv", b"file,label\n\xff,a\n")], "labels_unclear"),
            ([("a.csv", b""), ("b.csv", b"")], "labels_unclear"),
            ([("a.csv", b"")], "labels_unclear"),
            ([("../a/1.png", png())], "archive_refused"),
            ([], "samples_unusable"),
        ],
    )
    async def test_what_cannot_be_scored_is_refused_by_name(
        self, house: House, asked: Deployment, files: list[tuple[str, bytes]], code: str
    ) -> None:
        with pytest.raises(BadInput) as refused:
            await evaluate(house, zipped(*files))

        assert refused.value.code == code

    @pytest.mark.parametrize("key", ["datasets/1/shards/2.tar", "labelled/../datasets/1", "labelled/"])
    async def test_other_keys_are_neither_read_nor_removed(
        self, house: House, asked: Deployment, key: str
    ) -> None:
        with pytest.raises(ModelyardError):
            await house.bus.ask(EvaluateDeployment(name=NAME, key=key, filename="a.zip"))

    async def test_an_unknown_deployment_is_not_found(self, house: House) -> None:
        with pytest.raises(NotFound):
            await evaluate(house, zipped(), name="nobody")

    async def right(self, desk: Desk, count: int) -> list[tuple[str, bytes]]:
        """In folders of what the model says of them."""
        images = [png(number) for number in range(count)]
        labels = await self.answers(desk, images)
        return [
            (f"toys/{label}/{number}.png", data)
            for number, (label, data) in enumerate(zip(labels, images, strict=True))
        ]

    async def answers(self, desk: Desk, images: Sequence[bytes]) -> list[str]:
        return labels_of(await desk.predict(NAME, *images))

    def other(self, desk: Desk, path: str) -> str:
        return next(label for label in desk.card.classes if label != path.split("/")[-2])


def labels_of(answer: PredictionAnswer) -> list[str]:
    return [each.label for each in answer.predictions if each.type == "class"]


def zipped(*files: tuple[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as target:
        for name, content in files:
            target.writestr(name, content)
    return buffer.getvalue()


async def evaluate(house: House, archive: bytes, name: str = NAME) -> DeploymentEvaluation:
    """The archive is gone afterwards, whatever came of it."""
    key = artifacts.labelled_samples(new_id())
    await house.storage.put_bytes(key, archive)
    try:
        request = EvaluateDeployment(name=name, key=key, filename="samples.zip")
        return await house.bus.ask(request, timeout_seconds=30)
    finally:
        if name == NAME:
            assert not await house.storage.exists(key)
