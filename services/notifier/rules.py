"""Which facts a channel tells of."""

from collections.abc import Iterable
from uuid import UUID

from libs.common.contracts.channels import Rule
from libs.common.errors import Problem
from services.notifier.errors import RuleNeverFits
from services.notifier.kinds import TYPES
from services.notifier.notice import Notice


def tells(owner: UUID | None, rules: Iterable[Rule], notice: Notice) -> bool:
    """`owner` is the project whose channel it is; one of the house tells of all projects."""
    if owner is not None and notice.project_id != owner:
        return False
    return any(_fits(rule, notice) for rule in rules)


def _fits(rule: Rule, notice: Notice) -> bool:
    return (
        rule.project_id in (None, notice.project_id)
        and (not rule.facts or notice.fact_type in rule.facts)
        and notice.severity.rank >= rule.at_least.rank
    )


def require_sense(owner: UUID | None, rules: Iterable[Rule]) -> None:
    """Raises RuleNeverFits with everything that no fact will ever match."""
    problems = [
        Problem(field=f"rules.{number}.{field}", message=words)
        for number, rule in enumerate(rules)
        for field, words in _faults(owner, rule)
    ]
    if problems:
        raise RuleNeverFits(f"{len(problems)} part(s) of the rules match nothing", errors=problems)


def _faults(owner: UUID | None, rule: Rule) -> list[tuple[str, str]]:
    found = [
        (f"facts.{place}", f"there is no type of fact {name!r} with a message")
        for place, name in enumerate(rule.facts)
        if name not in TYPES
    ]
    if owner is not None and rule.project_id not in (None, owner):
        found.append(("project_id", "a channel of a project tells only of that project"))
    return found
