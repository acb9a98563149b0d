"""Triton's model repository on disk: written by us alone, whole or not at all."""

import filecmp
import hashlib
import json
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from libs.common.contracts.deployments import ServingSettings
from libs.common.contracts.exports import ModelFile
from libs.tasks.codec import ServingSignature, TensorSpec
from services.inference.errors import FileIsCorrupt, RepositoryIsNotWritable
from services.inference.settings import Settings

PYTHON_BACKEND = Path(__file__).parents[2] / "infra" / "triton" / "model.py"
# In every folder that is ours: what somebody else put there is left alone.
MARK = ".modelyard"
CONFIG_TYPES = {"uint8": "TYPE_UINT8", "float32": "TYPE_FP32", "int64": "TYPE_INT64"}


class ModelRepository:
    """Names are slugs by contract, those of canaries with `_canary` behind: none leaves the folder."""

    def __init__(self, settings: Settings) -> None:
        self._folder = settings.triton.repository
        self._settings = settings

    def names(self) -> set[str]:
        return {path.parent.name for path in self._folder.glob(f"*/{MARK}")}

    def has(self, name: str, revision: int, file: ModelFile) -> bool:
        """Whole: what a crash of the machine left half written counts as missing."""
        path = self._version(name, revision) / "model.onnx"
        return path.is_file() and hashlib.sha256(path.read_bytes()).hexdigest() == file.sha256

    def write_version(self, name: str, revision: int, model: bytes, file: ModelFile) -> None:
        """Beside its place first, then moved: Triton never sees half a file.

        Errors: FileIsCorrupt, RepositoryIsNotWritable.
        """
        if hashlib.sha256(model).hexdigest() != file.sha256:
            raise FileIsCorrupt("the stored file's SHA-256 is not the one that was exported")
        target = self._version(name, revision)
        # A dot in front: Triton takes only numbers for versions.
        draft = target.with_name(f".{revision}")
        with _writing():
            shutil.rmtree(draft, ignore_errors=True)
            draft.mkdir(parents=True)
            (self._folder / name / MARK).touch()
            (draft / "model.onnx").write_bytes(model)
            shutil.rmtree(target, ignore_errors=True)
            draft.rename(target)

    def write_config(
        self,
        name: str,
        revisions: Iterable[int],
        signature: ServingSignature,
        warm_up: Mapping[str, np.ndarray],
        serving: ServingSettings,
    ) -> None:
        """What Triton loads next: exactly these revisions. Raises RepositoryIsNotWritable."""
        numbers = sorted(revisions)
        config = model_config(self._settings, name, numbers, signature, warm_up, serving)
        path = self._folder / name / "config.pbtxt"
        draft = path.with_name(".config.pbtxt")
        with _writing():
            if self._settings.triton.backend == "python":
                for number in numbers:
                    self._write_backend(self._version(name, number) / "model.py")
            draft.write_text(config)
            draft.replace(path)

    def forget_other_versions(self, name: str, revisions: Iterable[int]) -> None:
        kept = {str(revision) for revision in revisions}
        for path in (self._folder / name).iterdir():
            if path.is_dir() and path.name not in kept:
                shutil.rmtree(path, ignore_errors=True)

    def remove(self, name: str) -> None:
        shutil.rmtree(self._folder / name, ignore_errors=True)

    def _write_backend(self, path: Path) -> None:
        """Again only when it is another: a version whose files change is loaded anew."""
        if not (path.is_file() and filecmp.cmp(PYTHON_BACKEND, path, shallow=False)):
            shutil.copyfile(PYTHON_BACKEND, path)

    def _version(self, name: str, revision: int) -> Path:
        return self._folder / name / str(revision)


@contextmanager
def _writing() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise RepositoryIsNotWritable(f"the model repository cannot be written: {error.strerror}") from error


def model_config(
    settings: Settings,
    name: str,
    revisions: list[int],
    signature: ServingSignature,
    warm_up: Mapping[str, np.ndarray],
    serving: ServingSettings,
) -> str:
    """`config.pbtxt` as protobuf text; its strings are quoted as JSON quotes them.

    What `serving` leaves open is the installation's.
    """
    # ONNX Runtime in the Python backend is a CPU build.
    kind = "KIND_CPU" if settings.triton.backend == "python" else "KIND_AUTO"
    delay = serving.queue_delay_microseconds
    if delay is None:
        delay = settings.max_queue_delay_microseconds
    lines = [
        f"name: {json.dumps(name)}",
        f"backend: {json.dumps(settings.triton.backend)}",
        f"max_batch_size: {serving.max_batch_size or settings.max_batch_size}",
        f"input [ {', '.join(_tensor(spec) for spec in signature.inputs)} ]",
        f"output [ {', '.join(_tensor(spec) for spec in signature.outputs)} ]",
        f"version_policy: {{ specific: {{ versions: {json.dumps(revisions)} }} }}",
        f"dynamic_batching {{ max_queue_delay_microseconds: {delay} }}",
        f"instance_group [ {{ kind: {kind} count: {serving.num_instances} }} ]",
        f"model_warmup [ {_warm_up(signature, warm_up)} ]",
    ]
    return "\n".join(lines) + "\n"


def _tensor(spec: TensorSpec) -> str:
    return (
        f"{{ name: {json.dumps(spec.name)} data_type: {CONFIG_TYPES[spec.dtype]} dims: {_list(spec.dims)} }}"
    )


def _warm_up(signature: ServingSignature, arrays: Mapping[str, np.ndarray]) -> str:
    def entry(spec: TensorSpec) -> str:
        shape = _list(arrays[spec.name].shape[1:])
        value = f"{{ data_type: {CONFIG_TYPES[spec.dtype]} dims: {shape} zero_data: true }}"
        return f"inputs {{ key: {json.dumps(spec.name)} value: {value} }}"

    entries = " ".join(entry(spec) for spec in signature.inputs)
    return f'{{ name: "first request" batch_size: 1 {entries} }}'


def _list(values: Iterable[Any]) -> str:
    return f"[ {', '.join(str(value) for value in values)} ]"
