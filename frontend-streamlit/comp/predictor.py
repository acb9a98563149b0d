"""Pictures put before a deployed model: the browser sends them to the gateway and shows what it answers."""

from collections.abc import Sequence

from settings import settings

from comp import register
from libs.common.contracts.annotations import LabelAnnotation, LabelsAnnotation
from libs.common.contracts.deployments import Deployment
from libs.common.contracts.samples import Sample

_PREDICTOR = register("predictor", shared=("elements", "overlay", "masks", "answer"))


def predictor(deployment: Deployment, samples: Sequence[Sample], *, key: str) -> None:
    """`samples` are offered to be asked about; what was answered stays in the browser."""
    canary = deployment.canary
    _PREDICTOR(
        key=key,
        data={
            "url": settings().public_url,
            "name": deployment.name,
            "classes": list(deployment.classes),
            "is_answering": deployment.serving_version is not None,
            "canary": {"model": canary.model, "version": canary.version} if canary else None,
            "samples": [{"id": str(each.id), "name": each.name, "truth": _truth(each)} for each in samples],
        },
    )


def _truth(sample: Sample) -> list[str] | None:
    """The classes that it is of; None where an answer is not compared by classes."""
    for each in sample.annotations:
        match each:
            case LabelAnnotation(label=label):
                return [label]
            case LabelsAnnotation(labels=labels):
                return list(labels)
            case _:
                continue
    return None
