"""What an evaluation and a parity check say: metrics, views to look at, and the certificate of an export."""

from typing import Annotated, Literal

from pydantic import Field

from libs.common.contracts.base import View


class ConfusionMatrix(View):
    """`counts[i][j]`: samples of class i predicted as class j."""

    type: Literal["confusion"] = "confusion"
    title: str = "Confusion matrix"
    classes: tuple[str, ...]
    counts: tuple[tuple[int, ...], ...]


class ClassBar(View):
    name: str
    values: dict[str, float]
    support: int


class ClassBars(View):
    """Per class, the metrics named in each bar (precision, recall, F1, AP, IoU …)."""

    type: Literal["class_bars"] = "class_bars"
    title: str = "Per class"
    bars: tuple[ClassBar, ...]


class Curve(View):
    """A line such as ROC or precision-recall, axes named.

    `diagonal` says what a line from (0, 0) to (1, 1) would mean, where one is worth looking at beside it.
    """

    type: Literal["curve"] = "curve"
    title: str
    x_title: str
    y_title: str
    x: tuple[float, ...]
    y: tuple[float, ...]
    diagonal: str = ""


class Scatter(View):
    """Truth against prediction, in the target's unit; at most a few thousand points."""

    type: Literal["scatter"] = "scatter"
    title: str
    x_title: str
    y_title: str
    x: tuple[float, ...]
    y: tuple[float, ...]


class Histogram(View):
    """`edges` is one longer than `counts`."""

    type: Literal["histogram"] = "histogram"
    title: str
    x_title: str
    edges: tuple[float, ...]
    counts: tuple[int, ...]


ReportView = Annotated[ConfusionMatrix | ClassBars | Curve | Scatter | Histogram, Field(discriminator="type")]


class ThresholdSearch(View):
    """What each threshold would give; `best` is the one with the largest `metric`.

    Each list of `values` is as long as `thresholds`, which grow.
    """

    metric: str
    thresholds: tuple[float, ...]
    values: dict[str, tuple[float, ...]]
    best: float


class EvaluationReport(View):
    """`metrics` by the task's metric keys, over all evaluated subsets; `views` in the order to show them.

    `threshold` is there where the task has one to choose; a deployment may be served with its `best`.
    """

    num_samples: int
    metrics: dict[str, float]
    subset_metrics: dict[str, dict[str, float]] = {}
    views: tuple[ReportView, ...] = ()
    threshold: ThresholdSearch | None = None


class ParityReport(View):
    """The certificate: the same samples of `subset` through PyTorch and, by `runtime`, through the file.

    `tolerance` is None where outputs may differ as they like (INT8): then the metric alone decides.
    """

    num_samples: int
    subset: str = ""
    runtime: str = ""
    max_abs_difference: float
    tolerance: float | None
    metric: str
    metric_pytorch: float
    metric_exported: float
    metric_tolerance: float
    passed: bool
