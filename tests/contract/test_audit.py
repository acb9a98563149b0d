"""Every route that changes something is audited; only what is named asks without leaving a trace."""

import pytest
from fastapi.routing import APIRoute

from services.gateway.auditing import ASKING, CHANGING, is_audited
from tests.contract.test_routes import READING_POSTS, name_of, routes


@pytest.mark.parametrize("route", [each for each in routes() if each.methods & CHANGING], ids=name_of)
def test_a_change_is_audited(route: APIRoute):
    for method in route.methods & CHANGING:
        assert is_audited({"route": route, "method": method}) == (route.path not in READING_POSTS)


def test_what_only_asks_is_what_the_rules_of_access_say():
    assert ASKING == READING_POSTS


def test_looking_is_not_audited_and_what_no_route_answers_neither():
    (route,) = [each for each in routes() if each.path == "/v1/me"]

    assert not is_audited({"route": route, "method": "GET"})
    assert not is_audited({"method": "POST"})
