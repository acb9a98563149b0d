"""Which facts a channel tells of."""

from uuid import UUID

import pytest

from libs.common.contracts.channels import Rule, Severity
from libs.common.contracts.run_facts import RunFailed, RunStarted
from libs.common.contracts.system import AlertKind, AlertRaised, AlertSeverity
from libs.common.ids import new_id
from services.notifier.errors import RuleNeverFits
from services.notifier.kinds import KINDS
from services.notifier.messages import message
from services.notifier.notice import Notice
from services.notifier.places import place
from services.notifier.rules import require_sense, tells
from tests.unit.notifier.facts import one_of_each, run_completed

OURS, THEIRS = new_id(), new_id()
ABOUT = {"run_id": new_id(), "experiment_id": new_id(), "name": "night", "task": "sorting"}
FAILED = Notice.of(new_id(), RunFailed(project_id=OURS, **ABOUT, code="oom", detail="full"))
STARTED = Notice.of(new_id(), RunStarted(project_id=OURS, **ABOUT, attempt=1))
HOT = Notice.of(
    new_id(),
    AlertRaised(
        alert_id=new_id(),
        node="attic",
        part="cpu",
        kind=AlertKind.TEMPERATURE,
        message="hot",
        severity=AlertSeverity.WARNING,
    ),
)


@pytest.mark.parametrize(
    ("owner", "rule", "told"),
    [
        (None, Rule(), {"failed", "started", "hot"}),
        (OURS, Rule(), {"failed", "started"}),
        (THEIRS, Rule(), set()),
        (None, Rule(project_id=OURS), {"failed", "started"}),
        (None, Rule(project_id=THEIRS), set()),
        (None, Rule(facts=("run.failed", "alert.raised")), {"failed", "hot"}),
        (None, Rule(at_least=Severity.WARNING), {"failed", "hot"}),
        (None, Rule(at_least=Severity.ERROR), {"failed"}),
        (OURS, Rule(facts=("run.started",), at_least=Severity.ERROR), set()),
    ],
)
def test_all_parts_of_a_rule_have_to_fit(owner: UUID | None, rule: Rule, told: set[str]) -> None:
    notices = {"failed": FAILED, "started": STARTED, "hot": HOT}

    assert {name for name, notice in notices.items() if tells(owner, [rule], notice)} == told


def test_one_rule_of_several_is_enough() -> None:
    rules = [Rule(facts=("run.started",)), Rule(at_least=Severity.ERROR)]

    assert [tells(None, rules, each) for each in (FAILED, STARTED, HOT)] == [True, True, False]


def test_rules_that_can_never_fit_are_refused_with_their_places() -> None:
    rules = [Rule(), Rule(facts=("run.failed", "run.exploded")), Rule(project_id=THEIRS)]

    with pytest.raises(RuleNeverFits) as refused:
        require_sense(OURS, rules)

    assert [each.field for each in refused.value.errors] == ["rules.1.facts.1", "rules.2.project_id"]
    require_sense(None, [Rule(project_id=THEIRS)])


def test_what_is_told_of_a_type_is_what_its_messages_say() -> None:
    severities = {kind.type: kind.severity for kind in KINDS}

    for fact in one_of_each():
        assert message(fact).severity is severities[fact.type_name()]
    assert all(kind.description for kind in KINDS)


def test_links_lead_to_what_a_fact_is_about() -> None:
    run = run_completed()
    assert place(run) == f"run?id={run.run_id}"
    links = {fact.type_name(): place(fact).partition("=")[0] for fact in one_of_each()}
    assert {name for name, link in links.items() if not link} == {"project.deleted"}
    assert {links[name] for name in ("evaluation.completed", "export.failed", "run.lost")} == {"run?id"}
    assert links["dataset.ready"] == links["split.saved"] == "dataset?id"
    assert links["model.registered"] == "model?name"
    assert links["model.deployed"] == links["canary.failed"] == "deployment?name"
    assert links["alert.raised"] == "system"


def test_a_failed_run_says_how_long_it_ran_and_what_was_said_last() -> None:
    words = message(
        RunFailed(
            **ABOUT, code="oom", detail="full", duration_seconds=75.0, last_log_lines=("epoch 3", "killed")
        )
    )

    assert words.text == "full (oom) after 1 min 15 s"
    assert words.lines == ("epoch 3", "killed")
