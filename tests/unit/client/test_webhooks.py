"""Whether a request comes from Modelyard, and comes now."""

import pytest

from libs.client.webhooks import SignatureIsTooOld, SignatureIsWrong, verify
from libs.common.contracts.base import now
from libs.common.contracts.channels import Notification, Severity
from libs.common.ids import new_id
from libs.common.signatures import sign

SECRET, AT = "whsec_1", 1_800_000_000
TOLD = Notification(
    id=new_id(), type="run.failed", severity=Severity.ERROR, title="t", text="x", occurred_at=now()
)
BODY = TOLD.model_dump_json().encode()


def headers(**changes: str) -> dict[str, str]:
    signed = {"Modelyard-Timestamp": str(AT), "Modelyard-Signature": sign(SECRET, AT, BODY)}
    return signed | {name.replace("_", "-"): value for name, value in changes.items()}


def test_what_was_signed_just_now_is_read() -> None:
    assert verify(SECRET, headers(), BODY, now=AT + 299) == TOLD


@pytest.mark.parametrize("seconds", [301, -301])
def test_what_was_signed_long_ago_or_in_the_future_is_a_replay(seconds: int) -> None:
    with pytest.raises(SignatureIsTooOld):
        verify(SECRET, headers(), BODY, now=AT + seconds)


def test_a_new_timestamp_does_not_make_an_old_signature_new() -> None:
    with pytest.raises(SignatureIsWrong):
        verify(SECRET, headers(Modelyard_Timestamp=str(AT + 600)), BODY, now=AT + 600)


@pytest.mark.parametrize(
    "changes",
    [
        {"Modelyard_Signature": ""},
        {"Modelyard_Signature": sign("whsec_2", AT, BODY)},
        {"Modelyard_Signature": "ü"},
        {"Modelyard_Timestamp": ""},
        {"Modelyard_Timestamp": "now"},
        {"Modelyard_Timestamp": "9" * 5000},
        {"Modelyard_Timestamp": "١٢"},
    ],
)
def test_whatever_else_comes_is_refused(changes: dict[str, str]) -> None:
    with pytest.raises(SignatureIsWrong):
        verify(SECRET, headers(**changes), BODY, now=AT)


def test_a_changed_body_is_refused() -> None:
    with pytest.raises(SignatureIsWrong):
        verify(SECRET, headers(), BODY.replace(b"run.failed", b"run.passed"), now=AT)
