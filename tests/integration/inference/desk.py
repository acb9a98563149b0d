"""What tests deploy: a really exported file and its opposite; images, and what ONNX Runtime says of them."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np
import onnx
import onnxruntime
import tritonclient.grpc.aio as triton
from PIL import Image

from libs.common.contracts.base import Step, now
from libs.common.contracts.deployments import (
    CreateDeployment,
    Deployment,
    DeploymentState,
    GetDeployment,
    Predict,
    PredictionAnswer,
)
from libs.common.contracts.exports import ExportCompleted, ExportFormat, ModelFile
from libs.common.contracts.models import ModelVersion
from libs.common.contracts.packages import ModelCard
from libs.common.errors import NotFound, TimedOut, Unavailable
from libs.common.ids import new_id
from libs.tasks.exporting import export_onnx
from libs.tasks.images import read_pixels
from tests.factories import data_reference, evaluable, parity_report
from tests.house import House
from tests.toy import Toy


@dataclass
class Desk:
    """`straight` is the exported file; `opposite` gives every class what `straight` denies it, and `wider`
    knows one class more, which nothing is.
    """

    house: House
    card: ModelCard
    straight: bytes
    opposite: bytes
    wider: bytes
    project_id: UUID = field(default_factory=new_id)

    async def version(self, model: str, number: int, content: bytes, **changes: Any) -> ModelVersion:
        """As the registry would have it, its file in the object store."""
        digest = hashlib.sha256(content).hexdigest()
        key = f"exports/{new_id()}/{digest}.onnx"
        await self.house.storage.put_bytes(key, content)
        fields: dict[str, Any] = {
            "model": model,
            "version": number,
            "run_id": new_id(),
            "export_id": new_id(),
            "project_id": self.project_id,
            "task": self.card.task,
            "file": ModelFile(key=key, size_bytes=len(content), sha256=digest),
            "card": self.card,
            "parity": parity_report(),
            "created_at": now(),
        }
        return ModelVersion(**fields | changes)

    async def deploy(self, name: str, version: ModelVersion) -> Deployment:
        """Ready when this returns."""
        await self.house.bus.ask(CreateDeployment(name=name, version=version))
        return await self.until(name, serving=version.version)

    async def until(
        self,
        name: str,
        *,
        serving: int | None = None,
        state: DeploymentState = DeploymentState.READY,
        timeout_seconds: float = 20,
    ) -> Deployment:
        async with asyncio.timeout(timeout_seconds):
            while True:
                found = await self.house.bus.ask(GetDeployment(name=name))
                if found.state is state and serving in (None, found.serving_version):
                    return found
                await asyncio.sleep(0.05)

    async def predict(self, name: str, *images: bytes, timeout_seconds: float = 20) -> PredictionAnswer:
        return await self.house.bus.ask(Predict(name=name, images=images), timeout_seconds)

    async def until_it_answers(self, name: str, *images: bytes, timeout_seconds: float = 30) -> None:
        """However often it has to be asked; a room that is killed leaves its last request unanswered."""
        async with asyncio.timeout(timeout_seconds):
            while True:
                try:
                    await self.predict(name, *images, timeout_seconds=2)
                    return
                except (Unavailable, TimedOut):
                    await asyncio.sleep(0.1)

    async def until_gone(self, name: str) -> None:
        async with asyncio.timeout(20):
            while True:
                try:
                    await self.house.bus.ask(GetDeployment(name=name))
                except NotFound:
                    return
                await asyncio.sleep(0.05)

    def triton(self) -> triton.InferenceServerClient:
        """Past the room, as any client of Triton's."""
        address = self.house.stack.environment("inference")["MODELYARD_TRITON__GRPC"]
        return triton.InferenceServerClient(address)

    async def loaded(self, name: str) -> set[int]:
        """Revisions that Triton itself says are ready."""
        async with self.triton() as client:
            index = await client.get_model_repository_index()
        assert index is not None
        return {int(each.version) for each in index.models if each.name == name and each.state == "READY"}

    @asynccontextmanager
    async def asked_all_the_time(
        self, name: str, image: bytes, num_callers: int = 3
    ) -> AsyncIterator[list[PredictionAnswer]]:
        """What was answered meanwhile; an error of any request is raised at the end."""
        answers: list[PredictionAnswer] = []
        is_over = asyncio.Event()

        async def call() -> None:
            while not is_over.is_set():
                answers.append(await self.predict(name, image))

        async with asyncio.TaskGroup() as group:
            for _ in range(num_callers):
                group.create_task(call())
            yield answers
            is_over.set()


async def until(is_so: Callable[[], Awaitable[bool]], timeout_seconds: float = 20) -> None:
    async with asyncio.timeout(timeout_seconds):
        while not await is_so():
            await asyncio.sleep(0.05)


def export_completed(version: ModelVersion, deployment: str | None) -> ExportCompleted:
    assert version.run_id and version.export_id and version.parity
    source = evaluable(
        data_reference(project_id=version.project_id),
        project_id=version.project_id,
        task=version.task,
        deployment=deployment,
    )
    return ExportCompleted(
        project_id=version.project_id,
        export_id=version.export_id,
        run_id=version.run_id,
        source=source,
        format=ExportFormat.ONNX,
        file=version.file,
        card=version.card,
        parity=version.parity,
        model=version.model,
        model_version=version.version,
        then=(Step.DEPLOY,),
    )


def export_toy(toy: Toy, folder: Path) -> tuple[ModelCard, bytes, bytes, bytes]:
    card = export_onnx(toy.folder / "package", folder / "model.onnx", {})
    straight = (folder / "model.onnx").read_bytes()
    opposite = _changed(straight, np.ones((), np.float32), lambda it, one: ("Sub", [one, it]))
    padding = np.array([0, 0, 0, 1])
    wider = _changed(straight, padding, lambda it, more: ("Pad", [it, more]), len(card.classes) + 1)
    return card, straight, opposite, wider


def _changed(
    content: bytes,
    constant: np.ndarray,
    how: Callable[[str, str], tuple[str, list[str]]],
    num_classes: int | None = None,
) -> bytes:
    """With one more node behind its output."""
    model = onnx.load_from_string(content)
    (output,) = model.graph.output
    for node in model.graph.node:
        node.output[:] = ["before" if name == output.name else name for name in node.output]
    model.graph.initializer.append(onnx.numpy_helper.from_array(constant, "constant"))
    kind, inputs = how("before", "constant")
    model.graph.node.append(onnx.helper.make_node(kind, inputs, [output.name]))
    if num_classes is not None:
        output.type.tensor_type.shape.dim[1].dim_value = num_classes
    onnx.checker.check_model(model)
    return model.SerializeToString()


def png(seed: int = 0, height: int = 32, width: int = 32) -> bytes:
    pixels = np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)
    buffer = BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()


def scores_of(content: bytes, image: bytes) -> np.ndarray:
    """By ONNX Runtime in this process, in the order of the classes."""
    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    (scores,) = session.run(["scores"], {"images": read_pixels(image)[None]})
    return np.asarray(scores)[0]


def tensor_of(image: bytes) -> triton.InferInput:
    pixels = read_pixels(image)[None]
    tensor = triton.InferInput("images", list(pixels.shape), "UINT8")
    tensor.set_data_from_numpy(pixels)
    return tensor


def by_label(answer: PredictionAnswer) -> list[dict[str, float]]:
    found: list[dict[str, float]] = []
    for prediction in answer.predictions:
        assert prediction.type == "class"
        found.append({each.label: each.score for each in prediction.scores})
    return found


def labelled(card: ModelCard, scores: np.ndarray) -> Mapping[str, float]:
    return dict(zip(card.classes, map(float, scores), strict=True))
