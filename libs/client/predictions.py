"""Predictions of the SDK: one image, a few, folders of any size, and samples whose labels are known."""

import zipfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, TypeVar

from libs.client.transport import Transport
from libs.common.contracts.batches import BatchAnswer, BatchItem
from libs.common.contracts.deployments import DeploymentEvaluation, PredictionAnswer
from libs.common.errors import BadInput

Answer = TypeVar("Answer")
# Of one request of a batch; a folder is as many of them as it takes.
FILES_AT_ONCE = 200
BYTES_AT_ONCE = 32 * 2**20
EVALUATION_SECONDS = 660.0
BATCH_SECONDS = 600.0


class Predictions:
    """What deployments answer; `Deployments` of the SDK is one of these."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def predict(self, name: str, *images: bytes) -> PredictionAnswer:
        """Encoded image files (JPEG, PNG …); the predictions come in the same order.

        One alone of which the model is not sure is Forbidden; of several, `refused` has their rows.
        """
        path = f"/v1/deployments/{name}/predict"
        if len(images) == 1:
            headers = {"Content-Type": "application/octet-stream"}
            return self._transport.call(PredictionAnswer, "POST", path, headers=headers, content=images[0])
        files = [("images", (f"{row}.img", image)) for row, image in enumerate(images)]
        return self._transport.call(PredictionAnswer, "POST", path, files=files)

    def predict_batch(self, name: str, source: Path | Iterable[Path]) -> Iterator[BatchItem]:
        """A folder with all below it, an archive (.zip), or files; an item for each, in order, as they come.

        Names are relative to the folder. A file that cannot be used is told in its place.
        """
        if isinstance(source, Path) and source.is_file():
            yield from self._batch(name, [(source.name, source)]).items
            return
        files = _below(source) if isinstance(source, Path) else [(str(path), path) for path in source]
        for group in _groups(files):
            yield from self._batch(name, group).items

    def _batch(self, name: str, files: Sequence[tuple[str, Path]]) -> BatchAnswer:
        path = f"/v1/deployments/{name}/predict/batch"
        if len(files) == 1 and files[0][1].suffix.lower() == ".zip":
            with files[0][1].open("rb") as archive:
                return self._send(path, archive, BATCH_SECONDS, BatchAnswer)
        parts = [("images", (shown, file.read_bytes())) for shown, file in files]
        return self._transport.call(BatchAnswer, "POST", path, files=parts, timeout=BATCH_SECONDS)

    def evaluate(self, name: str, source: Path) -> DeploymentEvaluation:
        """A folder of class folders, or of images and a CSV (`file`, `label`), or a ZIP of such a folder."""
        path = f"/v1/deployments/{name}/evaluate"
        with _archive(source) as archive:
            return self._send(path, archive, EVALUATION_SECONDS, DeploymentEvaluation)

    def _send(self, path: str, archive: IO[bytes], seconds: float, kind: type[Answer]) -> Answer:
        headers = {"Content-Type": "application/zip"}
        return self._transport.call(kind, "POST", path, headers=headers, content=archive, timeout=seconds)


def _below(folder: Path) -> list[tuple[str, Path]]:
    """Without what systems hide there."""
    found = [
        (path.relative_to(folder).as_posix(), path) for path in sorted(folder.rglob("*")) if path.is_file()
    ]
    files = [(name, path) for name, path in found if not any(part[0] == "." for part in name.split("/"))]
    if not files:
        raise BadInput(f"{folder} has no files")
    return files


def _groups(files: Iterable[tuple[str, Path]]) -> Iterator[list[tuple[str, Path]]]:
    group: list[tuple[str, Path]] = []
    size_bytes = 0
    for name, path in files:
        length = path.stat().st_size
        if group and (len(group) == FILES_AT_ONCE or size_bytes + length > BYTES_AT_ONCE):
            yield group
            group, size_bytes = [], 0
        group.append((name, path))
        size_bytes += length
    if group:
        yield group


@contextmanager
def _archive(source: Path) -> Iterator[IO[bytes]]:
    """As it is, or made of a folder; not compressed, for images are."""
    if source.is_file():
        with source.open("rb") as file:
            yield file
        return
    with TemporaryFile() as file:
        with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as target:
            for name, path in _below(source):
                target.write(path, name)
        file.seek(0)
        yield file
