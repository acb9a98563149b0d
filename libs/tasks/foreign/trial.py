"""A model from elsewhere is asked before anybody relies on it: several sizes, several images at once."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import onnxruntime

from libs.common.contracts.packages import ModelCard
from libs.tasks import registry
from libs.tasks.codec import Codec, ServingSignature
from libs.tasks.foreign.errors import ModelAnswersNonsense, ModelBatchIsFixed, ModelDoesNotRun
from libs.tasks.foreign.reading import first_line
from libs.tasks.foreign.shapes import require_lengths

BATCH = 3
# What one image is answered alone and among others may differ by rounding only.
CLOSE = 1e-3
NUM_THREADS = 2
Answers = dict[str, np.ndarray]


def try_out(path: Path, card: ModelCard) -> None:
    """Raises what a person can mend; afterwards every answer was decoded."""
    codec = registry.task(card.task).load_codec()
    signature = codec.signature(card)
    session = _opened(path)
    for images in _tried(codec, card):
        found = _answered(session, images, signature)
        _require_answers(found, images, signature, codec, card)
        first = _answered(session, images[:1], signature)
        for name, values in first.items():
            if not np.allclose(values[0], found[name][0], atol=CLOSE, rtol=CLOSE):
                detail = (
                    "an image is answered otherwise among others than alone; export it in evaluation mode"
                )
                raise ModelAnswersNonsense(detail)


def _tried(codec: Codec, card: ModelCard) -> Iterator[np.ndarray]:
    """What deployments are warmed up with, and noise of two odd sizes."""
    yield from codec.warm_up(card).values()
    numbers = np.random.default_rng(0)
    height, width = card.input.height, card.input.width
    for size in ((height + 5, width + 9), (height // 2 + 1, 2 * width + 3)):
        yield numbers.integers(0, 256, (BATCH, *size, 3), np.uint8)


def _opened(path: Path) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = NUM_THREADS
    try:
        return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    except Exception as error:
        reason = first_line(error).replace(str(path), "it")
        raise ModelDoesNotRun(f"ONNX Runtime refuses the file: {reason}") from error


def _answered(
    session: onnxruntime.InferenceSession, images: np.ndarray, signature: ServingSignature
) -> Answers:
    names = [output.name for output in signature.outputs]
    try:
        found = session.run(names, {signature.inputs[0].name: images})
    except Exception as error:
        size = f"{len(images)} images of {images.shape[1]} × {images.shape[2]} pixels"
        raise ModelDoesNotRun(f"{size} could not be answered: {first_line(error)}") from error
    return {name: np.asarray(values) for name, values in zip(names, found, strict=True)}


def _require_answers(
    found: Answers, images: np.ndarray, signature: ServingSignature, codec: Codec, card: ModelCard
) -> None:
    for spec in signature.outputs:
        values = found[spec.name]
        if len(values.shape) != 1 + len(spec.dims) or values.shape[0] != len(images):
            detail = f"{len(images)} images at once are answered with {spec.name} of shape {values.shape}"
            raise ModelBatchIsFixed(f"{detail}; export it with a dynamic batch")
        require_lengths(spec.name, values.shape[1:], spec)
        if not np.isfinite(values).all():
            raise ModelAnswersNonsense(f"{spec.name} holds numbers that are infinite or none (NaN)")
    if misfit := codec.misfit(found, card):
        raise ModelAnswersNonsense(misfit)
    codec.decode(found, card)
