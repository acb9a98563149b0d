"""What a stack remembers."""

import os
import stat

import pytest

from infra.local.home import (
    PORTS,
    ROOT,
    SECRETS,
    HomeIsUnusable,
    default_home,
    first_sign_in,
    is_made,
    open_stack,
    with_free_ports,
)


def mode(path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_secrets_are_for_the_owner_alone_and_stay(tmp_path):
    first = open_stack(tmp_path / "home")
    assert {path.name: mode(path) for path in (first.home / "secrets").iterdir()} == dict.fromkeys(
        SECRETS, 0o600
    )
    assert open_stack(tmp_path / "home").secrets == first.secrets


def test_no_secret_is_used_twice(tmp_path):
    both = [open_stack(tmp_path / name).secrets for name in ("one", "other")]
    values = [value for secrets in both for value in secrets.values()]
    assert len(set(values)) == len(values)
    assert all(len(value) >= 48 for value in values)


def test_folders_are_closed_whatever_the_umask(tmp_path):
    before = os.umask(0)
    try:
        home = open_stack(tmp_path / "deep" / "home").home
    finally:
        os.umask(before)
    folders = [home, *(path for path in home.rglob("*") if path.is_dir())]
    assert {mode(folder) for folder in folders} == {0o700}


def test_ports_are_chosen_at_the_first_start_and_remembered(tmp_path):
    stack = open_stack(tmp_path)
    assert (stack.ports, is_made(tmp_path)) == ({}, False)
    started = with_free_ports(stack)
    assert set(started.ports) == set(PORTS)
    assert is_made(tmp_path)
    assert open_stack(tmp_path) == started


def test_a_home_is_one_whatever_way_leads_there(tmp_path):
    (tmp_path / "home").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "home")
    assert open_stack(tmp_path / "link").home == tmp_path / "home"


@pytest.mark.parametrize("name", ["50%", 'a "quote"', "it's", "a;b", "back\\slash", "two\nlines"])
def test_a_home_that_the_servers_would_misread_is_refused(tmp_path, name):
    with pytest.raises(HomeIsUnusable, match="use a folder without quotes"):
        open_stack(tmp_path / name)
    assert not (tmp_path / name).exists()


def test_the_home_is_a_setting_and_else_lies_in_the_checkout(tmp_path, monkeypatch):
    monkeypatch.setenv("MODELYARD_HOME", str(tmp_path))
    assert default_home() == tmp_path
    monkeypatch.setenv("MODELYARD_HOME", "")
    assert default_home() == ROOT / ".modelyard"


def test_the_first_password_is_told_once(tmp_path):
    stack = open_stack(tmp_path / "home")

    assert first_sign_in(stack) == stack.secrets["admin_password"] == stack.password_file.read_text()
    assert first_sign_in(open_stack(stack.home)) is None
