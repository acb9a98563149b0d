"""The rules of the datasets room, by what they are about; one transaction's worth, nothing here commits."""

from dataclasses import dataclass

from services.datasets.service.combinations import Combinations
from services.datasets.service.datasets import Datasets
from services.datasets.service.detections import Detections
from services.datasets.service.exports import Exports
from services.datasets.service.imports import Imports
from services.datasets.service.owners import Owners
from services.datasets.service.projects import Projects
from services.datasets.service.samples import Samples
from services.datasets.service.splits import Splits
from services.datasets.service.uploads import Uploads
from services.datasets.service.versions import Versions


@dataclass(frozen=True)
class Service:
    owners: Owners
    projects: Projects
    uploads: Uploads
    datasets: Datasets
    detections: Detections
    imports: Imports
    versions: Versions
    samples: Samples
    splits: Splits
    combinations: Combinations
    exports: Exports
