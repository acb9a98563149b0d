"""One file per noun: parse, authorise, ask, return."""

from fastapi import APIRouter

from services.gateway.routes import (
    catalogue,
    dataset_exports,
    datasets,
    deployments,
    evaluations,
    events,
    experiments,
    exports,
    jobs,
    models,
    notifications,
    people,
    projects,
    runs,
    samples,
    splits,
    system,
    uploads,
    versions,
)

ROUTERS: tuple[APIRouter, ...] = (
    people.router,
    catalogue.router,
    projects.router,
    uploads.router,
    datasets.router,
    versions.router,
    dataset_exports.router,
    samples.router,
    splits.router,
    experiments.router,
    runs.router,
    jobs.router,
    evaluations.router,
    exports.router,
    models.router,
    deployments.router,
    notifications.router,
    system.router,
    events.router,
)
