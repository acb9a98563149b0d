"""What a look at the training samples decides before the first step."""

from collections import Counter
from collections.abc import Iterable, Sequence

from libs.common.contracts.annotations import Annotation
from libs.common.contracts.packages import ModelCard
from libs.common.errors import Problem
from libs.tasks.classification.truths import SampleHasNoLabel, is_multi_label, label_of, labels_of
from libs.tasks.manifest import ConfigIsInvalid
from libs.tasks.runtime import Plan

# A class that is this much rarer than the others counts no more than this: one sample would be all there is.
HEAVIEST = 100.0
NUM_NAMED = 5


def plan_of(card: ModelCard, truths: Iterable[Sequence[Annotation]]) -> Plan:
    """Raises where there is nothing to tell apart; classes without samples are told."""
    counts, num_samples = _counts(card, truths)
    missing = [label for label in card.classes if not counts[label]]
    fewest = 1 if is_multi_label(card) else 2
    num_present = len(card.classes) - len(missing)
    if num_present < fewest:
        message = f"only {num_present} of {len(card.classes)} classes have training samples"
        raise ConfigIsInvalid(message, errors=[Problem(field="data.subsets.train", message=message)])
    values = {}
    if card.config.get("class_weights") == "balanced":
        values["class_weights"] = [_weight(card, counts[label], num_samples) for label in card.classes]
    return Plan(values, (_told(missing),) if missing else ())


def _counts(card: ModelCard, truths: Iterable[Sequence[Annotation]]) -> tuple[Counter[str], int]:
    """Samples by class; what has no label at all is told when it is read."""
    counts: Counter[str] = Counter()
    num_samples = 0
    for truth in truths:
        try:
            counts.update(labels_of(truth) if is_multi_label(card) else (label_of(truth),))
        except SampleHasNoLabel:
            continue
        num_samples += 1
    return counts, num_samples


def _weight(card: ModelCard, count: int, num_samples: int) -> float:
    """One class per image: 1 on average over the samples. Several: what makes both answers count alike."""
    if not count:
        return 1.0
    others = num_samples - count if is_multi_label(card) else num_samples / len(card.classes)
    return min(max(others / count, 1 / HEAVIEST), HEAVIEST)


def _told(missing: Sequence[str]) -> str:
    named = ", ".join(missing[:NUM_NAMED]) + (" …" if len(missing) > NUM_NAMED else "")
    verb = "class has" if len(missing) == 1 else "classes have"
    return f"{len(missing)} {verb} no training samples and will not be recognised: {named}"
