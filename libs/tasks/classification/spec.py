"""What image classification says of itself."""

from collections.abc import Iterator

from libs.common.contracts.catalogue import MetricSpec, SplitPolicy
from libs.common.errors import Problem
from libs.tasks.backbones import catalogue
from libs.tasks.backbones.catalogue import BackboneIsUnknown
from libs.tasks.classification.architectures import ARCHITECTURES
from libs.tasks.classification.config import Config
from libs.tasks.classification.presets import PRESETS
from libs.tasks.manifest import DataFacts, TaskManifest

NUM_NAMED = 10
SINGLE, MULTI = {"mode": ("auto", "single")}, {"mode": ("multi",)}


ONLY_EVALUATED = tuple(
    MetricSpec(key=key, title=title, direction="max", when=when, is_evaluation_only=True)
    for key, title, when in (
        ("top5_accuracy", "Accuracy of the best five", SINGLE),
        ("precision_weighted", "Precision (weighted)", {}),
        ("recall_weighted", "Recall (weighted)", {}),
        ("f1_weighted", "F1 (weighted)", {}),
        ("auroc", "Area below the ROC curve", {}),
        ("average_precision", "Mean average precision", SINGLE),
    )
)


def resolve(config: Config, facts: DataFacts) -> Config:
    """`mode: auto` becomes what the annotations are, one class per image where nothing is known of them."""
    if config.mode != "auto":
        return config
    has_several = "labels" in (facts.annotation_types or ())
    return config.model_copy(update={"mode": "multi" if has_several else "single"})


def check_data(config: Config, facts: DataFacts) -> list[Problem]:
    return [*_of_classes(config, facts), *_of_subsets(facts), *_of_network(config), *_of_loss(config)]


def _of_classes(config: Config, facts: DataFacts) -> Iterator[Problem]:
    fewest = 1 if config.mode == "multi" else 2
    if len(facts.classes) < fewest:
        words = "at least one class" if fewest == 1 else "at least two classes"
        yield Problem(field="data.classes", message=f"classification needs {words}")
    if config.mode == "single" and "labels" in (facts.annotation_types or ()):
        message = "these data have several classes per image; choose multi or auto"
        yield Problem(field="config.mode", message=message)
    if facts.untrained and facts.subset_counts.get("train"):
        yield Problem(field="data.classes", message=f"train has no sample of {_named(facts.untrained)}")


def _named(classes: tuple[str, ...]) -> str:
    """Of many the first; a person sees by their number that it is no slip."""
    rest = len(classes) - NUM_NAMED
    return ", ".join(classes[:NUM_NAMED]) + (f" and {rest} more classes" if rest > 0 else "")


def _of_subsets(facts: DataFacts) -> Iterator[Problem]:
    for subset in ("train", "val"):
        if facts.subset_counts.get(subset, 0) == 0:
            yield Problem(field=f"data.subsets.{subset}", message=f"the split has no {subset} samples")


def _of_network(config: Config) -> Iterator[Problem]:
    try:
        backbone = catalogue.find(config.architecture)
    except BackboneIsUnknown as error:
        yield from error.errors
        return
    misfit = backbone.misfits(config.image_size)
    if misfit is not None:
        yield Problem(field="config.image_size", message=misfit)
    elif config.batch_size == 1 and config.image_size < 2 * backbone.min_image_size:
        message = "one image this small leaves batch norms nothing to compare; take 2 or more per step"
        yield Problem(field="config.batch_size", message=message)
    if config.transfer != "scratch" and not backbone.has_weights:
        message = f"there are no pretrained weights of {backbone.key}; choose scratch"
        yield Problem(field="config.transfer", message=message)


def _of_loss(config: Config) -> Iterator[Problem]:
    if config.mode == "multi" and config.loss == "cross_entropy":
        message = "cross-entropy knows one class per image; choose bce, focal or auto"
        yield Problem(field="config.loss", message=message)


MANIFEST = TaskManifest(
    id="classification",
    title="Image classification",
    description="Which class of several an image shows, or which of them.",
    version="1.1",
    modality="image",
    annotation_types=("label", "labels"),
    prediction_type="class",
    config_model=Config,
    metrics=(
        MetricSpec(key="accuracy", title="Accuracy", direction="max", is_primary=True, when=SINGLE),
        MetricSpec(key="map", title="Mean average precision", direction="max", is_primary=True, when=MULTI),
        MetricSpec(key="f1_micro", title="F1 (micro)", direction="max", when=MULTI),
        MetricSpec(key="f1_macro", title="F1 (macro)", direction="max"),
        MetricSpec(key="precision_macro", title="Precision (macro)", direction="max"),
        MetricSpec(key="recall_macro", title="Recall (macro)", direction="max"),
        MetricSpec(key="subset_accuracy", title="Exact matches", direction="max", when=MULTI),
        MetricSpec(key="hamming_loss", title="Hamming loss", direction="min", when=MULTI),
        MetricSpec(key="loss", title="Loss", direction="min"),
        *ONLY_EVALUATED,
        MetricSpec(
            key="calibration_error", title="Calibration error", direction="min", is_evaluation_only=True
        ),
    ),
    architectures=ARCHITECTURES,
    presets=PRESETS,
    codec="libs.tasks.classification.decode:CODEC",
    runtime="libs.tasks.classification.task:RUNTIME",
    check_data=check_data,
    resolve=resolve,
    views=("confusion", "class_bars", "curve", "histogram"),
    overlays=("label",),
    split_policy=SplitPolicy(stratify_by="label"),
)
