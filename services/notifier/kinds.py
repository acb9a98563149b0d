"""The types of facts that have a message, for who writes a rule."""

from inspect import cleandoc

from libs.common.contracts.base import Fact
from libs.common.contracts.channels import FactKind, Severity
from services.notifier.messages import MESSAGES

# How much a type matters as a rule; what a message says of one fact counts for that fact.
SEVERITIES = {"failed": Severity.ERROR, "lost": Severity.WARNING, "raised": Severity.WARNING}


def _described(kind: type[Fact]) -> FactKind:
    first, *_ = cleandoc(kind.__doc__ or "").split("\n\n")
    return FactKind(
        type=kind.type_name(),
        severity=SEVERITIES.get(kind.past, Severity.INFO),
        description=" ".join(first.split()),
    )


KINDS = tuple(sorted(map(_described, MESSAGES), key=lambda kind: kind.type))
TYPES = frozenset(kind.type for kind in KINDS)
