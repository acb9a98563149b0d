"""The request door of the datasets room, one file per noun."""

from libs.common.bus import RequestDoor
from services.datasets.requests import datasets, exports, projects, samples, splits, uploads

requests = RequestDoor.of(projects.door, uploads.door, datasets.door, samples.door, splits.door, exports.door)
