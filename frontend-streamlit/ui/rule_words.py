"""Rules of a channel as a person reads them."""

from collections.abc import Iterable, Mapping
from uuid import UUID

from libs.common.contracts.channels import Rule, Severity
from ui.states import counted, shortened

AT_LEAST = {
    Severity.INFO: "everything",
    Severity.WARNING: "warnings and failures",
    Severity.ERROR: "failures only",
}
MOST_NAMED = 3


def rules_in_words(rules: Iterable[Rule], projects: Mapping[UUID, str]) -> str:
    return "; ".join(_in_words(rule, projects) for rule in rules)


def fact_in_words(kind: str) -> str:
    """`run.completed` reads `run completed`."""
    return kind.replace(".", " ")


def _in_words(rule: Rule, projects: Mapping[UUID, str]) -> str:
    what = AT_LEAST[rule.at_least]
    if rule.facts:
        named = ", ".join(fact_in_words(kind) for kind in rule.facts[:MOST_NAMED])
        rest = len(rule.facts) - MOST_NAMED
        which = f"{named} and {counted(rest, 'other')}" if rest > 0 else named
        what = which if rule.at_least is Severity.INFO else f"{what} of {which}"
    if rule.project_id is None:
        return what
    return f"{what} in {shortened(projects.get(rule.project_id, 'a project'), 40)}"
