"""Whose an experiment, a run or a job is: what is not there is missed in the words of its noun."""

from libs.common.contracts.owners import OwnersInTrainer, Projects
from libs.common.errors import NotFound
from libs.common.jobs.queue import JobNotFound
from libs.common.owners import ids_of, projects_of
from services.trainer.errors import ExperimentNotFound, RunNotFound
from services.trainer.repository import Repository

MISSING: dict[str, type[NotFound]] = {
    "experiment": ExperimentNotFound,
    "run": RunNotFound,
    "job": JobNotFound,
}


class Owners:
    def __init__(self, repository: Repository) -> None:
        self._repository = repository

    async def projects(self, asked: OwnersInTrainer) -> Projects:
        found = await self._repository.owners.of(asked.kind, ids_of(asked.keys))
        return projects_of(
            asked, found, MISSING[asked.kind], lambda key: f"{asked.kind} {key} does not exist"
        )
