"""The rules of the datasets room, by what they are about; one transaction's worth, nothing here commits."""

from dataclasses import dataclass

from services.datasets.service.datasets import Datasets
from services.datasets.service.projects import Projects
from services.datasets.service.samples import Samples
from services.datasets.service.splits import Splits
from services.datasets.service.uploads import Uploads


@dataclass(frozen=True)
class Service:
    projects: Projects
    uploads: Uploads
    datasets: Datasets
    samples: Samples
    splits: Splits
