"""A model from elsewhere as a job: a child without rights reads and tries it, the room stores the result."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager

from libs.common import artifacts
from libs.common.child import ChildCrashed
from libs.common.contracts.exports import ModelFile
from libs.common.contracts.models import ImportForeignModel
from libs.common.errors import Unavailable
from libs.common.jobs import Work
from libs.common.jobs.delegate import delegate
from services.exporter.errors import ModelFileBreaksOff
from services.exporter.import_handover import ImportAssignment, ImportOutcome
from services.exporter.service import Service
from services.exporter.settings import Settings

UPLOADED = "uploaded"


class ImportWasKilled(Unavailable):
    code, title = "model_import_killed", "The process that read the model was ended"


async def import_model(spec: ImportForeignModel, work: Work[Service]) -> None:
    async with work.service() as service:
        await service.imports.require(spec)
    outcome = await _outcome(spec, work)
    file = ModelFile(
        key=artifacts.foreign_model_file(spec.version_id, outcome.sha256),
        size_bytes=outcome.size_bytes,
        sha256=outcome.sha256,
    )
    await work.resources.storage.put_file(file.key, outcome.file)
    async with work.finishing() as service:
        await service.imports.complete(spec, file, outcome.card)


async def _outcome(spec: ImportForeignModel, work: Work[Service]) -> ImportOutcome:
    settings: Settings = work.resources.settings
    folder = work.directory.resolve()
    await work.progress(0, "fetching the file")
    await work.resources.storage.get_file(spec.key, folder / UPLOADED)
    assignment = ImportAssignment(
        file=folder / UPLOADED,
        filename=spec.filename,
        model=spec.model,
        directory=folder,
        cpu_seconds=settings.import_cpu_seconds,
    )
    with _death_named(settings):
        return await delegate(
            work,
            "services.exporter.import_run",
            assignment,
            ImportOutcome,
            # Whatever a library writes beside its work stays in the folder, too.
            environment={"HOME": str(folder), "TMPDIR": str(folder)},
            memory_limit_bytes=settings.import_memory_bytes,
        )


@contextmanager
def _death_named(settings: Settings) -> Iterator[None]:
    """Of a child that was ended by a signal; one that ended by itself has told a fault of ours."""
    try:
        yield
    except ChildCrashed as crash:
        if crash.exit_code >= 0:
            raise
        number = signal.Signals(-crash.exit_code)
        if number in (signal.SIGKILL, signal.SIGTERM):
            raise ImportWasKilled(f"it was ended by {number.name}, perhaps for want of memory") from crash
        if number is signal.SIGXCPU:
            limit = f"{settings.import_cpu_seconds} s of processor time"
            raise ModelFileBreaksOff(f"reading and trying it took more than {limit}") from crash
        raise ModelFileBreaksOff(f"ONNX Runtime breaks on it ({number.name})") from crash
