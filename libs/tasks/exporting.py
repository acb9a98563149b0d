"""Model packages as ONNX files, with the proof that nothing changed on the way."""

import warnings
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch

from libs.common.contracts.packages import ModelCard
from libs.common.contracts.reports import ParityReport
from libs.common.errors import BadInput
from libs.common.staging import LocalData
from libs.tasks import registry
from libs.tasks.codec import Judged
from libs.tasks.predicting import LoadedModel, load_model, run_by_size, run_chunk
from libs.tasks.reading import SampleRecord, ShardReader, batches, read_manifest

TOLERANCE = 1e-3
METRIC_TOLERANCE = 1e-3
BATCH = 64
# Between 18 and 22 every runtime we serve with reads it, and antialiased resizing exists.
OPSET = 20
Told = Callable[[float, str], None]


class NothingToCompare(BadInput):
    code, title = "subset_empty", "There are no samples to prove the export on"


def export_onnx(package: Path, path: Path, provenance: Mapping[str, str]) -> ModelCard:
    """One self-contained file: uint8 [batch, height, width, 3] of any size → the signature's outputs."""
    loaded = load_model(package)
    signature = loaded.codec.signature(loaded.card)
    # Two images of an odd size: the network's own size would let the exporter drop the resizing.
    height, width = loaded.card.input.height + 5, loaded.card.input.width + 9
    example = torch.randint(0, 256, (2, height, width, 3), dtype=torch.uint8)
    dynamic = {0: torch.export.Dim("batch"), 1: torch.export.Dim("height"), 2: torch.export.Dim("width")}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        program = torch.onnx.export(
            loaded.model,
            (example,),
            dynamo=True,
            input_names=[tensor.name for tensor in signature.inputs],
            output_names=[tensor.name for tensor in signature.outputs],
            dynamic_shapes={"images": dynamic},
            opset_version=OPSET,
            external_data=False,
            verbose=False,
        )
    assert program is not None
    program.save(str(path), external_data=False)
    _write_provenance(path, {**provenance, "model_card": loaded.card.model_dump_json()})
    return loaded.card


def _write_provenance(path: Path, properties: Mapping[str, str]) -> None:
    model = onnx.load(path)
    onnx.helper.set_model_props(model, dict(properties))
    onnx.checker.check_model(model)
    onnx.save(model, path)


def check_parity(package: Path, path: Path, data: LocalData, subset: str, tell: Told) -> ParityReport:
    """Every sample of `subset` through PyTorch and through the file: outputs and the task's own metric."""
    loaded = load_model(package)
    records = read_manifest(data.manifest, (subset,))
    if not records:
        raise NothingToCompare(f"the subset {subset!r} has no samples")
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    metric = registry.task(loaded.card.task).primary_of(loaded.card.config).key
    largest = 0.0
    judged: tuple[list[Judged], list[Judged]] = ([], [])
    with ShardReader(data.shards) as reader:
        for number, chunk in enumerate(batches(records, BATCH)):
            images = [loaded.codec.encode(reader.read(record)) for record in chunk]
            pair = run_chunk(loaded, images), run_file(session, loaded, images)
            largest = max(largest, *(_difference(pair[0][name], pair[1][name]) for name in pair[0]))
            for outputs, found in zip(pair, judged, strict=True):
                found.extend(_judge(loaded, chunk, outputs))
            done = min(len(records), (number + 1) * BATCH)
            tell(done / len(records), f"{done} of {len(records)} samples compared")
    before, after = (loaded.codec.report(found, loaded.card).metrics[metric] for found in judged)
    return ParityReport(
        num_samples=len(records),
        max_abs_difference=largest,
        tolerance=TOLERANCE,
        metric=metric,
        metric_pytorch=before,
        metric_exported=after,
        metric_tolerance=METRIC_TOLERANCE,
        passed=largest <= TOLERANCE and abs(before - after) <= METRIC_TOLERANCE,
    )


def run_file(
    session: onnxruntime.InferenceSession, loaded: LoadedModel, images: Sequence[np.ndarray]
) -> dict[str, np.ndarray]:
    """As `run_chunk`, through ONNX Runtime."""
    signature = loaded.codec.signature(loaded.card)
    names = [output.name for output in signature.outputs]

    def run(pixels: np.ndarray) -> list[np.ndarray]:
        return [np.asarray(output) for output in session.run(names, {signature.inputs[0].name: pixels})]

    return run_by_size(loaded, images, run)


def _difference(left: np.ndarray, right: np.ndarray) -> float:
    return float(np.abs(left.astype(np.float64) - right.astype(np.float64)).max(initial=0))


def _judge(
    loaded: LoadedModel, records: Sequence[SampleRecord], outputs: Mapping[str, np.ndarray]
) -> list[Judged]:
    return [
        Judged(
            record.subset,
            record.annotations,
            prediction,
            loaded.codec.score(prediction, record.annotations, loaded.card),
        )
        for record, prediction in zip(records, loaded.codec.decode(outputs, loaded.card), strict=True)
    ]
