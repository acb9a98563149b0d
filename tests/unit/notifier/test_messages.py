"""What people read of facts."""

from importlib import import_module
from pkgutil import iter_modules

import pytest

from libs.common import contracts
from libs.common.contracts.base import Fact, Step
from libs.common.contracts.channels import Severity
from libs.common.contracts.datasets import DatasetFailed, DatasetReady
from libs.common.contracts.evaluations import EvaluationCompleted
from libs.common.contracts.run_facts import RunFailed, RunLost
from libs.common.contracts.system import AlertKind, AlertRaised, AlertSeverity
from libs.common.ids import new_id
from services.notifier.messages import FOR_ROOMS, MAX_DETAIL_LENGTH, MESSAGES, message
from services.notifier.places import place
from tests.factories import evaluable
from tests.unit.notifier.facts import one_of_each, run_completed


def _public_facts() -> set[type[Fact]]:
    """Of every module of the shared language, also those that the notifier does not import."""
    for module in iter_modules(contracts.__path__, f"{contracts.__name__}."):
        import_module(module.name)
    return {kind for kind in Fact.registry.values() if kind.__module__.startswith(contracts.__name__)}


def test_every_public_fact_has_a_message_or_is_for_rooms() -> None:
    assert set(MESSAGES) | FOR_ROOMS == _public_facts()
    assert not set(MESSAGES) & FOR_ROOMS


@pytest.mark.parametrize("fact", one_of_each(), ids=lambda fact: fact.type_name())
def test_a_message_is_a_title_of_one_line_and_a_sentence(fact: Fact) -> None:
    words = message(fact)
    assert words.title and "\n" not in words.title
    assert words.text and "None" not in words.text and "{" not in words.text


@pytest.mark.parametrize("fact", one_of_each(), ids=lambda fact: fact.type_name())
def test_what_failed_is_an_error_and_nothing_else_is(fact: Fact) -> None:
    assert (message(fact).severity is Severity.ERROR) == (fact.past == "failed")


@pytest.mark.parametrize("fact", one_of_each(), ids=lambda fact: fact.type_name())
def test_what_has_a_name_is_called_by_it(fact: Fact) -> None:
    words = message(fact)
    for name in (getattr(fact, field, None) for field in ("name", "model")):
        if isinstance(name, str):
            assert f"“{name}”" in words.title + words.text


def test_a_completed_run_says_how_long_how_good_and_what_is_next() -> None:
    words = message(run_completed(then=(Step.EVALUATE, Step.EXPORT)))
    assert words.title == "Run “First run” completed"
    assert words.text == "Trained in 12 s: accuracy 0.9812. Next: evaluate, export."


@pytest.mark.parametrize(
    ("seconds", "expected"), [(0.2, "0 s"), (59.7, "1 min 0 s"), (61, "1 min 1 s"), (3720, "1 h 2 min")]
)
def test_durations_are_in_the_units_of_people(seconds: float, expected: str) -> None:
    assert f"Trained in {expected}:" in message(run_completed(duration_seconds=seconds)).text


def test_a_run_without_metrics_says_so() -> None:
    assert message(run_completed(metrics={})).text == "Trained in 12 s: no metrics."


def test_an_evaluation_names_its_run_and_checkpoint() -> None:
    fact = EvaluationCompleted(
        evaluation_id=new_id(), model=evaluable(run_name="Night run"), metrics={"f1": 0.5}
    )
    words = message(fact)
    assert words.title == "Evaluation of run “Night run” completed"
    assert words.text == "Checkpoint best: f1 0.5."


def test_a_dataset_counts_its_samples_and_classes() -> None:
    ready = DatasetReady(dataset_id=new_id(), name="digits", version=2, num_samples=12000, classes=("one",))
    assert message(ready).text == "Version 2: 12,000 samples in 1 class."


def test_a_failure_gives_reason_and_code() -> None:
    failed = DatasetFailed(dataset_id=new_id(), name="cats", code="bad_archive", detail="It is no archive")
    words = message(failed)
    assert words.title == "Dataset “cats” could not be imported"
    assert words.text == "It is no archive (bad_archive)"


def test_a_long_error_is_shortened() -> None:
    failed = RunFailed(
        run_id=new_id(), experiment_id=new_id(), name="r", task="sorting", code="oom", detail="x" * 50_000
    )
    text = message(failed).text
    assert text.endswith("… (oom)") and len(text) == MAX_DETAIL_LENGTH + len(" (oom)")


def test_a_lost_worker_is_a_warning() -> None:
    lost = RunLost(run_id=new_id(), experiment_id=new_id(), name="r", task="sorting", attempt=1)
    assert message(lost).severity is Severity.WARNING


def test_a_critical_alert_is_an_error_and_says_where_and_what() -> None:
    words = message(
        AlertRaised(
            alert_id=new_id(),
            node="attic",
            part="disk-scratch",
            kind=AlertKind.DISK,
            severity=AlertSeverity.CRITICAL,
            message="1.4 of 500 GB are free for scratch",
        )
    )
    assert words.severity is Severity.ERROR
    assert words.title == "Node “attic” needs a look"
    assert words.text == "1.4 of 500 GB are free for scratch."


def test_an_alert_of_the_queue_is_about_no_machine() -> None:
    fact = AlertRaised(
        alert_id=new_id(),
        node="house",
        part="queue",
        kind=AlertKind.QUEUE,
        severity=AlertSeverity.WARNING,
        message="3 jobs wait for more than an hour",
    )
    assert message(fact).title == "The queue needs a look"
    assert place(fact) == "queue"
