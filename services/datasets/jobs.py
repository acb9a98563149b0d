"""The work door of the datasets room: children read what strangers sent, the room stores what they made."""

from libs.common.contracts.dataset_exports import ExportDataset
from libs.common.contracts.imports import DetectSource, ImportDataset
from libs.common.jobs import JobDoor, Work
from services.datasets import detecting, exporting, importing
from services.datasets.service import Service

jobs = JobDoor()


@jobs.does
async def import_dataset(spec: ImportDataset, work: Work[Service]) -> None:
    await importing.import_dataset(spec, work)


@jobs.does
async def detect_source(spec: DetectSource, work: Work[Service]) -> None:
    await detecting.detect_source(spec, work)


@jobs.does
async def export_dataset(spec: ExportDataset, work: Work[Service]) -> None:
    await exporting.export_dataset(spec, work)
