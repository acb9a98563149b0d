"""What Prometheus reads of deployments; series go with their deployment, and there are never many of one."""

from collections import OrderedDict, defaultdict

from prometheus_client import Counter, Gauge, Histogram

from libs.common.contracts.models import ModelVersion

LABELS = ["deployment", "model", "version"]
BUCKETS_SECONDS = (0.001, 0.002, 0.003, 0.005, 0.0075, 0.01, 0.02, 0.03, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 20)
PREDICTIONS = Counter("modelyard_predictions_total", "Requests answered", LABELS)
IMAGES = Counter("modelyard_prediction_images_total", "Images answered", LABELS)
ERRORS = Counter("modelyard_prediction_errors_total", "Requests refused or failed", [*LABELS, "code"])
SECONDS = Histogram(
    "modelyard_prediction_seconds", "Time in the room of requests answered", LABELS, buckets=BUCKETS_SECONDS
)
IN_FLIGHT = Gauge("modelyard_predictions_in_flight", "Requests being answered", ["deployment"])
CANARY = Gauge("modelyard_canary_percent", "Share of the requests for a version on trial", ["deployment"])
READY = Gauge("modelyard_deployment_ready", "1 while Triton has what should answer", ["deployment"])
FAILED = Gauge("modelyard_deployment_failed", "1 while what was wished last does not load", ["deployment"])
OF_A_VERSION = (PREDICTIONS, IMAGES, ERRORS, SECONDS)
OF_A_DEPLOYMENT = (IN_FLIGHT, CANARY, READY, FAILED)
# Of one deployment; a version that was swapped out long ago is in nobody's picture any more.
MAX_VERSIONS = 8


class Series:
    """Which labels were given out, so that they can be taken back."""

    def __init__(self) -> None:
        self._versions: defaultdict[str, OrderedDict[tuple[str, str], None]] = defaultdict(OrderedDict)

    def of_version(self, name: str, version: ModelVersion) -> tuple[str, str, str]:
        """The labels of one version; beyond the last few, the one that was longest not asked goes."""
        labels = (version.model, str(version.version))
        known = self._versions[name]
        known[labels] = None
        known.move_to_end(labels)
        if len(known) > MAX_VERSIONS:
            (model, number), _ = known.popitem(last=False)
            for metric in OF_A_VERSION:
                metric.remove_by_labels({"deployment": name, "model": model, "version": number})
        return (name, *labels)

    def of_deployment(self, name: str) -> str:
        self._versions.setdefault(name, OrderedDict())
        return name

    def forget_all_but(self, names: set[str]) -> None:
        for name in set(self._versions) - names:
            del self._versions[name]
            for metric in (*OF_A_VERSION, *OF_A_DEPLOYMENT):
                metric.remove_by_labels({"deployment": name})
