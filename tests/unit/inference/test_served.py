"""Who answers the next request, and by which threshold."""

from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from libs.common.contracts.deployments import ServingSettings
from services.inference.served import Shares, adapted
from tests.unit.inference.making import card, served

MAIN, CANARY = served(1), served(2, "pets_canary")


@given(st.integers(0, 100), st.integers(0, 500))
def test_of_any_hundred_requests_the_share_is_exact(percent: int, num_before: int):
    shares = Shares(MAIN, CANARY, percent)
    list(islice(iter(shares.next, None), num_before))

    answered = [shares.next().revision for _ in range(100)]

    assert answered.count(2) == percent


def test_a_share_is_spread_evenly():
    shares = Shares(MAIN, CANARY, 25)

    assert [shares.next().revision for _ in range(12)] == [1, 1, 1, 2] * 3


def test_without_a_canary_the_main_version_answers_all():
    shares = Shares(MAIN)

    assert {shares.next().revision for _ in range(10)} == {1}


@pytest.mark.parametrize("known", [{}, {"threshold": 0.5, "other": 3.0}])
def test_a_threshold_that_was_set_takes_the_place_of_the_models_own(known: dict[str, float]):
    found = adapted(card(calibration=known), ServingSettings(threshold=0.25))

    assert found.calibration == known | {"threshold": 0.25}


def test_without_one_the_card_is_as_it_was():
    own = card(calibration={"threshold": 0.5})

    assert adapted(own, ServingSettings(num_instances=2)) is own
