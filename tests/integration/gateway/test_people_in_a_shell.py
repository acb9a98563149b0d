"""Accounts, members, tokens and the audit log from a shell."""

import asyncio
import json
import stat

import pytest
from structlog.testing import capture_logs
from typer.testing import CliRunner

from libs.client.cli import app
from libs.client.client import Modelyard
from libs.client.connection import find_connection, login_file
from libs.common.errors import BadInput, Unauthorized
from libs.common.ids import new_id
from tests.integration.gateway.conftest import Gateway
from tests.integration.gateway.people import PASSWORD
from tests.integration.gateway.room import SmallRoom


@pytest.fixture
def shell(gateway: Gateway, tmp_path, monkeypatch):
    monkeypatch.setenv("MODELYARD_URL", gateway.url)
    monkeypatch.setenv("MODELYARD_TOKEN", gateway.token)
    monkeypatch.setenv("MODELYARD_HOME", str(tmp_path / "nowhere"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))

    async def run(*words: object, typed: str | None = None) -> str:
        """Beside the room that this process plays."""
        options = {"input": typed, "catch_exceptions": False}
        # What this process logs meanwhile is no word of the shell's.
        with capture_logs():
            said = await asyncio.to_thread(CliRunner().invoke, app, [str(word) for word in words], **options)
        assert said.exit_code == 0, said.output
        return said.output

    return run


async def test_from_an_account_to_its_audit_log(shell, api, room: SmallRoom):
    name = f"ada-{new_id().hex[-12:]}"
    project = (await api.post("/v1/projects", json={"name": name, "task": "classification"})).json()["id"]
    user_id, password = (await shell("users", "create", name, "--role", "editor")).split("\n")[:2]
    assert len(password.rpartition(" ")[2]) >= 20
    assert f"{name}: editor" in await shell("members", "add", project, name, "--role", "editor")
    assert name in await shell("members", "list", project)
    assert "not active" in await shell("users", "change", user_id, "--inactive")
    secret = (await shell("tokens", "create", "of a shell", "--project", project, "--days", "1")).strip()
    listed = {each["name"]: each for each in json.loads(await shell("tokens", "list", "--json"))}
    assert secret.startswith(listed["of a shell"]["prefix"])
    assert "admin: admin, in every project" in await shell("me")
    await shell("members", "remove", project, name)
    await shell("users", "delete", name, "--yes")
    assert name not in await shell("users", "list", name)
    done = json.loads(await shell("audit", "--most", "4", "--json"))
    assert [each["action"] for each in done] == [
        "delete_user",
        "remove_member",
        "create_token",
        "change_user",
    ]


async def test_a_login_keeps_a_token_for_its_owner_alone_and_a_logout_ends_it(
    shell, gateway: Gateway, monkeypatch
):
    name = f"bob-{new_id().hex[-12:]}"
    await shell("users", "create", name, "--ask-password", typed=f"{PASSWORD}\n{PASSWORD}\n")
    monkeypatch.delenv("MODELYARD_TOKEN")
    said = await shell("login", gateway.url, "--name", name, typed=f"{PASSWORD}\n")
    kept = find_connection()

    assert f"signed in as {name}" in said and PASSWORD not in said
    assert stat.S_IMODE(login_file().stat().st_mode) == 0o600
    assert PASSWORD not in login_file().read_text()
    assert f"{name}: viewer" in await shell("me")
    await shell("logout")
    assert not login_file().exists()
    with Modelyard(kept) as yard, pytest.raises(Unauthorized):
        yard.me()


async def test_no_password_is_sent_where_others_read_it(shell):
    with pytest.raises(BadInput, match="use https"):
        await shell("login", "http://modelyard.example", "--name", "ada", typed=f"{PASSWORD}\n")
