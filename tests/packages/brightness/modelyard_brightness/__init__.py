"""How bright an image is, from 0 to 1; each sample's class is the number itself, as text."""

from libs.common.contracts.catalogue import MetricSpec
from libs.common.errors import Problem
from libs.tasks.config import TrainingConfig
from libs.tasks.manifest import DataFacts, TaskManifest


def check_data(_: TrainingConfig, facts: DataFacts) -> list[Problem]:
    words = [name for name in facts.classes if not name.replace(".", "", 1).isdigit()]
    return [Problem(field="data.classes", message=f"{word!r} is no number") for word in words]


MANIFEST = TaskManifest(
    id="brightness",
    title="Brightness",
    description="How bright an image is, from 0 to 1.",
    version="0.1",
    modality="image",
    annotation_types=("label",),
    prediction_type="value",
    config_model=TrainingConfig,
    metrics=(MetricSpec(key="mae", title="Mean absolute error", direction="min", is_primary=True),),
    architectures=(),
    presets=(),
    codec="modelyard_brightness.codec:CODEC",
    runtime="modelyard_brightness.runtime:RUNTIME",
    check_data=check_data,
    views=("scatter",),
)
