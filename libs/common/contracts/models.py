"""The registry: models by name, their versions and aliases."""

from typing import Annotated
from uuid import UUID

from pydantic import AwareDatetime, Field

from libs.common.contracts.base import Fact, Page, PageQuery, Request, Slug, View
from libs.common.contracts.exports import ModelFile
from libs.common.contracts.packages import ModelCard
from libs.common.contracts.reports import ParityReport

VersionNumber = Annotated[int, Field(ge=1, lt=2**31)]


class ModelVersion(View):
    model: str
    version: int
    run_id: UUID
    export_id: UUID
    project_id: UUID
    task: str
    file: ModelFile
    card: ModelCard
    parity: ParityReport
    aliases: tuple[str, ...] = ()
    created_at: AwareDatetime


class Model(View):
    name: str
    project_id: UUID
    task: str
    latest_version: int
    aliases: dict[str, int]
    created_at: AwareDatetime


class RegisterModel(Request[ModelVersion], subject="svc.exporter.model.register"):
    """A completed export becomes the next version of a model; asking twice answers the same version."""

    name: Slug
    export_id: UUID


class ListModels(Request[Page[Model]], subject="svc.exporter.model.list"):
    project_id: UUID | None = None
    query: PageQuery = PageQuery()


class GetModel(Request[Model], subject="svc.exporter.model.get"):
    name: Slug


class ListModelVersions(Request[Page[ModelVersion]], subject="svc.exporter.model.versions"):
    name: Slug
    query: PageQuery = PageQuery()


class GetModelVersion(Request[ModelVersion], subject="svc.exporter.model.version"):
    """By number, by alias, or the latest when both are left out; the alias `latest` is always there."""

    name: Slug
    version: VersionNumber | None = None
    alias: Slug | None = None


class SetAlias(Request[Model], subject="svc.exporter.model.alias"):
    name: Slug
    alias: Slug
    version: VersionNumber


class ModelRegistered(Fact, noun="model", past="registered", about="model"):
    model: str
    version: int
    run_id: UUID
    export_id: UUID
