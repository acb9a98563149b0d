"""Experiments, the comparison of their runs, and whose they are."""

from libs.common.bus import RequestDoor
from libs.common.contracts.base import Gone, Page
from libs.common.contracts.comparisons import CompareRuns, Comparison
from libs.common.contracts.experiments import (
    CreateExperiment,
    DeleteExperiment,
    DuplicateExperiment,
    Experiment,
    ExperimentSummary,
    GetExperiment,
    ListExperiments,
    UpdateExperiment,
)
from libs.common.contracts.owners import OwnersInTrainer, Projects
from services.trainer.service import Service

door = RequestDoor()


@door.answers
async def list_owners(request: OwnersInTrainer, service: Service) -> Projects:
    return await service.owners.projects(request)


@door.answers
async def create_experiment(request: CreateExperiment, service: Service) -> Experiment:
    return await service.experiments.create(request)


@door.answers
async def get_experiment(request: GetExperiment, service: Service) -> Experiment:
    return await service.experiments.get(request.experiment_id)


@door.answers
async def list_experiments(request: ListExperiments, service: Service) -> Page[ExperimentSummary]:
    return await service.experiments.list_experiments(request)


@door.answers
async def duplicate_experiment(request: DuplicateExperiment, service: Service) -> Experiment:
    return await service.experiments.duplicate(request)


@door.answers
async def update_experiment(request: UpdateExperiment, service: Service) -> Experiment:
    return await service.experiments.update(request)


@door.answers
async def delete_experiment(request: DeleteExperiment, service: Service) -> Gone:
    return await service.experiments.delete(request.experiment_id)


@door.answers
async def compare_runs(request: CompareRuns, service: Service) -> Comparison:
    return await service.comparisons.compare(request)
