"""The request door of the trainer room, one file per noun."""

from libs.common.bus import RequestDoor
from services.trainer.requests import attempts, experiments, jobs, queue, runs, system

requests = RequestDoor.of(experiments.door, runs.door, attempts.door, jobs.door, queue.door, system.door)
