"""How requests travel, attached bytes among them."""

import pytest
from pydantic import ValidationError

from libs.common.bus.wire import SIZES_HEADER, packed, unpacked
from libs.common.contracts.deployments import GetDeployment, Predict
from libs.common.errors import BadInput

PREDICT = Predict(name="pets", images=(b"\x00\xff", b"", b"{}"), leaves_out=True)


def test_attached_bytes_travel_as_they_are():
    payload, headers = packed(PREDICT)

    assert payload.endswith(b"\x00\xff{}")
    assert unpacked(Predict, payload, headers) == PREDICT


def test_a_request_without_them_is_plain_json():
    assert packed(GetDeployment(name="pets")) == (b'{"name":"pets"}', {})


@pytest.mark.parametrize("told", ["", "3", "40,2,0,2,1", "-1,46", "x", "44,2,0,2,", "²,1"])
def test_sizes_that_do_not_fit_are_refused(told):
    payload, _ = packed(PREDICT)

    with pytest.raises(BadInput):
        unpacked(Predict, payload, {SIZES_HEADER: told})


@pytest.mark.parametrize("head", [b"[]", b"{", b'"name"', b"[" * 100_000])
def test_what_is_no_request_is_refused(head):
    with pytest.raises(BadInput):
        unpacked(Predict, head, {})


@pytest.mark.parametrize("head", [b"{}", b'{"name": "pets"}', b'{"name": "pets", "more": 1}'])
def test_what_lacks_a_field_or_has_one_more_is_refused(head):
    with pytest.raises(ValidationError):
        unpacked(Predict, head, {SIZES_HEADER: str(len(head))})
