"""What doors, subjects and contexts promise before any server is there."""

import pytest

from libs.common.bus import EventDoor, RequestContext, RequestDoor, bind_context, current_context
from libs.common.bus.context import context_of
from libs.common.bus.subjects import consumer_name, dead_letter, fact_filter, telemetry
from libs.common.contracts.base import Fact, Request, View


class Ring(Request[View], subject="svc.test.bell.ring"):
    pass


class BellRung(Fact, noun="bell", past="rung"):
    bell_id: str


async def ring(request: Ring, service: object) -> View:
    return View()


async def hear(fact: BellRung, service: object) -> None:
    pass


def test_a_function_answers_the_request_that_it_names():
    door = RequestDoor()
    assert door.answers(ring) is ring
    assert list(door.endpoints) == ["svc.test.bell.ring"]


def test_two_functions_for_one_request_are_a_mistake():
    door = RequestDoor()
    door.answers(ring)
    with pytest.raises(TypeError, match="two functions answer"):
        door.answers(ring)


def test_several_doors_are_one_that_answers_all_of_them_and_each_once():
    bell = RequestDoor()
    bell.answers(ring)

    assert RequestDoor.of(RequestDoor(), bell).endpoints == bell.endpoints
    with pytest.raises(TypeError, match="two functions answer"):
        RequestDoor.of(bell, bell)


def test_a_function_that_names_no_request_is_a_mistake():
    with pytest.raises(TypeError, match="does not name the Request"):
        RequestDoor().answers(hear)


def test_a_function_reacts_to_the_fact_that_it_names_and_only_one_does():
    door = EventDoor()
    assert door.on(hear) is hear
    with pytest.raises(TypeError, match="two functions react"):
        door.on(hear)


def test_a_function_that_names_no_fact_is_a_mistake():
    with pytest.raises(TypeError, match="does not name the Fact"):
        EventDoor().on(ring)


def test_subjects_are_spelled_as_the_bus_document_says():
    assert fact_filter("run", "completed") == "facts.run.completed.*"
    assert consumer_name("evaluator", "run", "completed") == "evaluator-run-completed"
    assert dead_letter("FACTS", "evaluator-run-completed") == "dlq.facts.evaluator-run-completed"
    assert telemetry("01a1") == "telemetry.01a1.batch"


def test_a_wildcard_never_becomes_part_of_a_subject():
    with pytest.raises(ValueError, match="not a subject token"):
        telemetry("01a1.>")


def test_a_context_survives_its_headers():
    context = RequestContext("r-1", "ada")
    assert context_of(context.headers()) == context


def test_without_headers_there_is_a_new_request_id_and_no_actor():
    first, second = context_of(None), context_of({})
    assert first.actor is None
    assert first.request_id != second.request_id


def test_what_is_bound_is_current():
    bind_context(RequestContext("r-2", None))
    assert current_context() == RequestContext("r-2", None)
