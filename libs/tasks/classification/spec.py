"""What image classification says of itself."""

from libs.common.contracts.catalogue import Architecture, MetricSpec, Preset, SplitPolicy
from libs.common.errors import Problem
from libs.tasks.classification.config import Config
from libs.tasks.manifest import DataFacts, TaskManifest

ARCHITECTURES = (
    Architecture(id="simple_cnn", title="SimpleCNN", num_parameters=300_000, min_image_size=8),
    Architecture(
        id="mobilenet_v3_small", title="MobileNetV3-Small", num_parameters=1_530_000, min_image_size=32
    ),
    Architecture(id="resnet18", title="ResNet-18", num_parameters=11_200_000, min_image_size=16),
)
PRESETS = (
    Preset(
        id="fast",
        title="Fast: small images, a small network",
        config={"architecture": "simple_cnn", "image_size": 32, "epochs": 15, "learning_rate": 3e-3},
    ),
    Preset(
        id="balanced",
        title="Balanced: MobileNetV3 at 224 pixels",
        config={"architecture": "mobilenet_v3_small", "epochs": 30, "is_pretrained": True},
    ),
    Preset(
        id="best",
        title="Best: ResNet-18 at 224 pixels, longer",
        config={
            "architecture": "resnet18",
            "epochs": 60,
            "is_pretrained": True,
            "label_smoothing": 0.1,
            "augmentation": {"flip": True, "brightness": 0.2, "contrast": 0.2},
        },
    ),
)


def check_data(config: Config, facts: DataFacts) -> list[Problem]:
    problems: list[Problem] = []
    if len(facts.classes) < 2:
        problems.append(Problem(field="data.classes", message="classification needs at least two classes"))
    problems += [
        Problem(field=f"data.subsets.{subset}", message=f"the split has no {subset} samples")
        for subset in ("train", "val")
        if facts.subset_counts.get(subset, 0) == 0
    ]
    smallest = next(each.min_image_size for each in ARCHITECTURES if each.id == config.architecture)
    if config.image_size < smallest:
        message = f"{config.architecture} needs at least {smallest} pixels"
        problems.append(Problem(field="config.image_size", message=message))
    return problems


MANIFEST = TaskManifest(
    id="classification",
    title="Image classification",
    description="Which one of several classes an image shows.",
    version="1.0",
    modality="image",
    annotation_types=("label",),
    prediction_type="class",
    config_model=Config,
    metrics=(
        MetricSpec(key="accuracy", title="Accuracy", direction="max", is_primary=True),
        MetricSpec(key="precision_macro", title="Precision (macro)", direction="max"),
        MetricSpec(key="recall_macro", title="Recall (macro)", direction="max"),
        MetricSpec(key="f1_macro", title="F1 (macro)", direction="max"),
        MetricSpec(key="loss", title="Loss", direction="min"),
    ),
    architectures=ARCHITECTURES,
    presets=PRESETS,
    codec="libs.tasks.classification.decode:CODEC",
    runtime="libs.tasks.classification.task:RUNTIME",
    check_data=check_data,
    views=("confusion", "class_bars"),
    overlays=("label",),
    split_policy=SplitPolicy(stratify_by="label"),
)
