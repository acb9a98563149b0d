"""Rules of the HTTP door that need no server."""

import pytest
from pydantic import SecretStr

from libs.common.settings import HttpSettings
from services.gateway.app import run
from services.gateway.people.digests import digest
from services.gateway.problems import pointer
from services.gateway.settings import Settings


def settings(**changes: object) -> Settings:
    return Settings.model_validate({"admin_token": SecretStr("-"), "token_key": SecretStr("-")} | changes)


@pytest.mark.parametrize(
    ("location", "told"),
    [
        (("body", "ratios", "train"), "ratios.train"),
        (("body", "images", 3), "images.3"),
        (("query", "limit"), "limit"),
        (("path", "project_id"), "project_id"),
        (("body",), "body"),
        ((), ""),
    ],
)
def test_a_field_is_named_as_its_sender_knows_it(location, told):
    assert pointer(location) == told


def test_the_same_token_has_another_digest_under_another_key():
    assert digest("my_secret", "key") == digest("my_secret", "key")
    assert digest("my_secret", "key") != digest("my_secret", "other key")
    assert b"my_secret" not in digest("my_secret", "key")


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.7", "::", "modelyard.example"])
def test_it_refuses_to_listen_beyond_this_machine_without_consent(host):
    with pytest.raises(SystemExit, match="without TLS"):
        run(settings(http=HttpSettings(host=host)))


def test_it_does_not_start_without_its_secrets(monkeypatch):
    monkeypatch.delenv("MODELYARD_ADMIN_TOKEN", raising=False)

    with pytest.raises(ValueError, match="admin_token"):
        Settings(token_key=SecretStr("-"))  # type: ignore[call-arg]


def test_secrets_are_not_printed():
    shown = repr(settings(admin_token=SecretStr("my_admin"), token_key=SecretStr("my_key")))

    assert "my_admin" not in shown and "my_key" not in shown
