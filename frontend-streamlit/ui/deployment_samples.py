"""Pictures to try a deployed model on: of the data it was made from, those it was not trained on."""

from itertools import islice

import streamlit as st
from session import yard

from libs.common.contracts.deployments import Deployment
from libs.common.contracts.packages import DataSource
from libs.common.contracts.samples import Sample
from libs.common.errors import BadInput, NotFound

NUM_OFFERED = 8
SUBSET = "test"


def unseen_samples(deployment: Deployment) -> tuple[Sample, ...]:
    """None of a model from elsewhere, or where the data is gone. Looked up once for each version."""
    kept: dict[tuple[str, tuple[str, int] | None], tuple[Sample, ...]] = st.session_state.setdefault(
        "predict.samples", {}
    )
    key = (deployment.name, deployment.serving)
    if key not in kept:
        kept[key] = _found(deployment)
    return kept[key]


def _found(deployment: Deployment) -> tuple[Sample, ...]:
    data = yard().deployments.metadata(deployment.name).card.data
    if data is None:
        return ()
    try:
        one_of_each = [sample for label in _some(deployment.classes) for sample in _page(data, label, 1)]
        return tuple(one_of_each) or _page(data, None, NUM_OFFERED)
    except (BadInput, NotFound):
        return ()


def _page(data: DataSource, label: str | None, limit: int) -> tuple[Sample, ...]:
    found = yard().samples.page(
        data.dataset_id, version=data.version, split=data.split_id, subset=SUBSET, label=label, limit=limit
    )
    return tuple(each for each in found.items if each.media_type.startswith("image/"))


def _some(classes: tuple[str, ...]) -> tuple[str, ...]:
    """Spread over all of them."""
    step = max(1, len(classes) // NUM_OFFERED)
    return tuple(islice(classes, 0, None, step))[:NUM_OFFERED]
