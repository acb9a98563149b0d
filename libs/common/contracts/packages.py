"""Model packages: weights in `model.safetensors`, all else in `model.json`, this card. No pickle."""

from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AwareDatetime, Field

from libs.common.contracts.base import View
from libs.common.contracts.datasets import DataPart, DataReference


class ImageInput(View):
    """How pixels become the network's input; the exported graph does the same to uint8 images of any size."""

    height: Annotated[int, Field(ge=1)]
    width: Annotated[int, Field(ge=1)]
    mean: tuple[float, float, float]
    std: tuple[float, float, float]


class DataSource(View):
    """The exact data that a model was trained on; of several datasets the others in `also`."""

    project_id: UUID
    dataset_id: UUID
    dataset_name: str = ""
    version: int
    split_id: UUID
    also: tuple[DataPart, ...] = ()

    @classmethod
    def of(cls, data: DataReference) -> "DataSource":
        return cls(**{name: getattr(data, name) for name in cls.model_fields})


class ModelCard(View):
    """All that evaluation, export and serving need beside the weights.

    `config` is what was asked for, `plan` what it was resolved to (with statistics of the training data);
    `calibration` holds what was chosen on validation data, such as a threshold. `epoch` counts from 0.
    """

    format: Literal[1] = 1
    task: str
    task_version: str
    architecture: str
    classes: tuple[str, ...]
    input: ImageInput
    config: dict[str, Any]
    plan: dict[str, Any] = {}
    calibration: dict[str, float] = {}
    data: DataSource | None = None
    experiment_id: UUID | None = None
    run_id: UUID | None = None
    experiment: str = ""
    epoch: Annotated[int, Field(ge=0)] = 0
    step: Annotated[int, Field(ge=0)] = 0
    metrics: dict[str, float] = {}
    seed: int
    code_version: str
    created_at: AwareDatetime
