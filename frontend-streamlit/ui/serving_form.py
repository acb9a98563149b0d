"""How a model is served: instances, batches, waiting; and from which score on its answers count."""

import streamlit as st

from libs.common.contracts.deployments import ServingSettings
from libs.common.contracts.models import ModelVersion
from ui.thresholds import best_threshold, meaning_of, own_threshold

MOST_INSTANCES, LARGEST_BATCH, LONGEST_DELAY = 8, 1024, 1_000_000
OWN, BEST, OTHER = "own", "best", "other"


def running_form(given: ServingSettings | None, *, key: str) -> ServingSettings:
    """`given` is what a deployment has; the threshold stays as it is there."""
    now = given or ServingSettings()
    instances, batch, delay = st.columns(3)
    num_instances = instances.number_input(
        "Instances",
        1,
        MOST_INSTANCES,
        now.num_instances,
        key=f"{key}.instances",
        help="Copies of the model that answer beside each other; each needs its own memory",
    )
    max_batch_size = batch.number_input(
        "Largest batch",
        1,
        LARGEST_BATCH,
        now.max_batch_size,
        key=f"{key}.batch",
        placeholder="as set here",
        help="Pictures that go through the model at once; empty: what this installation has set",
    )
    queue_delay = delay.number_input(
        "Wait for a batch (µs)",
        0,
        LONGEST_DELAY,
        now.queue_delay_microseconds,
        step=100,
        key=f"{key}.delay",
        placeholder="as set here",
        help="How long a request may be held back to be answered together with others",
    )
    return ServingSettings(
        num_instances=num_instances,
        max_batch_size=max_batch_size,
        queue_delay_microseconds=queue_delay,
        threshold=now.threshold,
    )


def threshold_form(
    version: ModelVersion, given: ServingSettings | None, chosen: ServingSettings, *, key: str
) -> ServingSettings:
    """What was chosen before with the threshold; a new deployment is offered the best one."""
    threshold = _threshold(version, chosen.threshold, is_new=given is None, key=f"{key}.threshold")
    return chosen.model_copy(update={"threshold": threshold})


def _threshold(version: ModelVersion, given: float | None, *, is_new: bool, key: str) -> float | None:
    meaning = meaning_of(version.task)
    if meaning is None:
        return None
    best, own = best_threshold(version), own_threshold(version)
    options = {OWN: f"The model's own ({own:.4g})" if own is not None else "None of its own"}
    if best:
        options[BEST] = f"The best of the newest evaluation ({best.value:.4g})"
    options[OTHER] = "Another"
    chosen = st.segmented_control(
        "Threshold",
        list(options),
        required=True,
        default=_first_choice(given, best.value if best else None, is_new=is_new),
        format_func=options.__getitem__,
        key=f"{key}.{version.model}.{version.version}",
        help=meaning,
    )
    if chosen == BEST and best:
        if best.reached is not None:
            st.caption(f"{best.metric.replace('_', ' ')} {best.reached:.4f} in that evaluation")
        return best.value
    if chosen == OTHER:
        start = next(each for each in (given, best.value if best else None, own, 0.5) if each is not None)
        return st.slider("Threshold of its own", 0.0, 1.0, start, 0.01, key=f"{key}.other")
    return None


def _first_choice(given: float | None, best: float | None, *, is_new: bool) -> str:
    if is_new:
        return OWN if best is None else BEST
    if given is None:
        return OWN
    return BEST if given == best else OTHER
