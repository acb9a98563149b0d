"""The work door of the exporter: a child process exports and compares, the room stores what passed."""

from datetime import datetime
from importlib.metadata import version

from libs.common import artifacts
from libs.common.cache import ObjectCache
from libs.common.contracts.exports import ExportModel, ModelFile
from libs.common.contracts.models import ImportForeignModel
from libs.common.contracts.reports import ParityReport
from libs.common.jobs import JobDoor, Work
from libs.common.jobs.delegate import delegate
from libs.common.staging import stage_model
from services.exporter import importing
from services.exporter.errors import ParityFailed
from services.exporter.handover import Assignment, Outcome
from services.exporter.service import Service

jobs = JobDoor()


@jobs.does
async def export_model(spec: ExportModel, work: Work[Service]) -> None:
    async with work.service() as service:
        asked_at = await service.start(spec)
    assignment = await _assignment(spec, asked_at, work)
    # What libraries lay down on their way goes with the job's folder, however the job ends.
    scratch = {"TMPDIR": str(assignment.directory)}
    outcome = await delegate(work, "services.exporter.run", assignment, Outcome, environment=scratch)
    if not outcome.parity.passed:
        async with work.service() as service:
            await service.refuse(spec, outcome.parity)
        raise ParityFailed(_difference(outcome.parity))
    await _publish(spec, outcome, work)


@jobs.does
async def import_model(spec: ImportForeignModel, work: Work[Service]) -> None:
    await importing.import_model(spec, work)


async def _publish(spec: ExportModel, outcome: Outcome, work: Work[Service]) -> None:
    """Bytes first, then all that speaks of them."""
    file = ModelFile(
        key=artifacts.export_file(spec.export_id, outcome.sha256, outcome.suffix),
        size_bytes=outcome.size_bytes,
        sha256=outcome.sha256,
    )
    await work.resources.storage.put_file(file.key, outcome.file)
    async with work.finishing() as service:
        await service.complete(spec, file, outcome.parity, outcome.card)


async def _assignment(spec: ExportModel, asked_at: datetime, work: Work[Service]) -> Assignment:
    await work.progress(0, "fetching samples and model")
    settings, storage = work.resources.settings, work.resources.storage
    cache = ObjectCache(settings.scratch / "objects", settings.cache_bytes, storage.get_file)
    return Assignment(
        model=await stage_model(cache, spec.model.package, spec.model.data, work.directory),
        subset=next(iter(spec.model.data.held_out), "test"),
        format=spec.format,
        precision=spec.precision,
        metric_tolerance=spec.metric_tolerance,
        provenance=provenance(spec, asked_at),
        device=work.job.device or "cpu",
        directory=work.directory.resolve(),
    )


def provenance(spec: ExportModel, asked_at: datetime) -> dict[str, str]:
    """Where the file comes from, written into the file itself; every attempt writes the same."""
    source = spec.model
    return {
        "modelyard.run": str(source.run_id),
        "modelyard.checkpoint": source.checkpoint,
        "modelyard.dataset": str(source.data.dataset_id),
        "modelyard.dataset_version": str(source.data.version),
        "modelyard.split": str(source.data.split_id),
        "modelyard.task": source.task,
        "modelyard.export": str(spec.export_id),
        "modelyard.format": spec.format,
        "modelyard.precision": spec.precision.value,
        "modelyard.exported_at": asked_at.isoformat(),
        "modelyard.code_version": version("modelyard"),
    }


def _difference(parity: ParityReport) -> str:
    allowed = "as they like" if parity.tolerance is None else f"{parity.tolerance:.3g}"
    return (
        f"On {parity.num_samples} samples the outputs differ by {parity.max_abs_difference:.3g} "
        f"(allowed {allowed}); {parity.metric} is {parity.metric_pytorch:.4f} in PyTorch and "
        f"{parity.metric_exported:.4f} in the file (allowed loss {parity.metric_tolerance:.3g})"
    )
