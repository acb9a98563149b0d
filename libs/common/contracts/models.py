"""The registry: models by name, their versions and aliases."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import AwareDatetime, Field, StringConstraints

from libs.common.contracts.base import Fact, Gone, JobSpec, Page, PageQuery, Request, Slug, View, Within
from libs.common.contracts.exports import Download, ModelFile, Precision
from libs.common.contracts.jobs import Job
from libs.common.contracts.packages import ImageInput, ModelCard
from libs.common.contracts.reports import ParityReport

VersionNumber = Annotated[int, Field(ge=1, lt=2**31)]
ModelNote = Annotated[str, StringConstraints(strip_whitespace=True, max_length=5000)]
ClassName = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=300)]


class ModelVersion(View):
    """What deployments take. One from elsewhere has no run, no export and no certificate."""

    model: str
    version: int
    origin: Literal["export", "upload"] = "export"
    run_id: UUID | None
    export_id: UUID | None
    project_id: UUID
    task: str
    precision: Precision = Precision.FP32
    file: ModelFile
    card: ModelCard
    parity: ParityReport | None
    aliases: tuple[str, ...] = ()
    note: str = ""
    created_at: AwareDatetime


class Model(View):
    name: str
    project_id: UUID
    task: str
    latest_version: int
    aliases: dict[str, int]
    note: str = ""
    created_at: AwareDatetime


class RegisterModel(Request[ModelVersion], subject="svc.exporter.model.register"):
    """A completed export becomes the next version of a model; asking twice answers the same version."""

    name: Slug
    export_id: UUID
    note: ModelNote = ""


class ForeignModel(View):
    """What an ONNX file from elsewhere does not say of itself.

    One whose input is uint8 [batch, height, width, 3] of any size is taken as it is; before one of float
    [batch, 3, height, width] `input` is put as pre-processing. `answers` of logits get the task's own tail.
    `config` holds those knobs of the task that decoding asks for, such as the mode.
    """

    task: Annotated[str, StringConstraints(min_length=1, max_length=100)]
    classes: Annotated[tuple[ClassName, ...], Field(min_length=1, max_length=100_000)]
    input: ImageInput
    answers: Literal["probabilities", "logits"] = "probabilities"
    config: dict[str, str | int | float | bool] = {}


class ImportModel(Request[Job], subject="svc.exporter.model.import"):
    """An uploaded ONNX file becomes the next version of a model, as a job, if it is what it says."""

    name: Slug
    project_id: UUID
    filename: str
    key: str
    size_bytes: int
    model: ForeignModel
    note: ModelNote = ""


class ImportForeignModel(JobSpec, kind="model.import"):
    """Parsed and tried out in a process with little memory and time; never in the room's own."""

    version_id: UUID
    name: Slug
    project_id: UUID
    filename: str
    key: str
    size_bytes: int
    model: ForeignModel
    note: str = ""


class ListModels(Request[Page[Model]], subject="svc.exporter.model.list"):
    project_id: UUID | None = None
    within: Within = None
    query: PageQuery = PageQuery()


class GetModel(Request[Model], subject="svc.exporter.model.get"):
    name: Slug


class UpdateModel(Request[Model], subject="svc.exporter.model.update"):
    name: Slug
    note: ModelNote


class DeleteModel(Request[Gone], subject="svc.exporter.model.delete"):
    """With its versions; whoever asks has seen to it that nothing serves them. Exports stay."""

    name: Slug


class ListModelVersions(Request[Page[ModelVersion]], subject="svc.exporter.model.versions"):
    """Newest first."""

    name: Slug
    query: PageQuery = PageQuery()


class GetModelVersion(Request[ModelVersion], subject="svc.exporter.model.version"):
    """By number, by alias, or the latest when both are left out; the alias `latest` is always there."""

    name: Slug
    version: VersionNumber | None = None
    alias: Slug | None = None


class DownloadModelVersion(Request[Download], subject="svc.exporter.model.download"):
    name: Slug
    version: VersionNumber


class UpdateModelVersion(Request[ModelVersion], subject="svc.exporter.model.annotate"):
    name: Slug
    version: VersionNumber
    note: ModelNote


class DeleteModelVersion(Request[Gone], subject="svc.exporter.model.forget"):
    """Refused while an alias points to it; its number is never given out again."""

    name: Slug
    version: VersionNumber


class SetAlias(Request[Model], subject="svc.exporter.model.alias"):
    name: Slug
    alias: Slug
    version: VersionNumber


class RemoveAlias(Request[Model], subject="svc.exporter.model.unalias"):
    name: Slug
    alias: Slug


class ModelRegistered(Fact, noun="model", past="registered", about="model", schema_version=2):
    """The registry has a new version of a model."""

    model: str
    version: int
    run_id: UUID | None
    export_id: UUID | None


class ModelAliased(Fact, noun="model", past="aliased", about="model"):
    """`version` is None when the alias was removed."""

    model: str
    alias: str
    version: int | None
