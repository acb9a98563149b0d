"""Reading answers."""

import gc

import pytest

from libs.client.transport import uncollected


def test_the_collector_rests_only_while_an_answer_is_read():
    with pytest.raises(ValueError, match="no JSON"), uncollected():
        assert not gc.isenabled()
        raise ValueError("no JSON")
    assert gc.isenabled()


def test_a_collector_that_somebody_has_switched_off_stays_off():
    gc.disable()
    try:
        with uncollected():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()
