"""What an account and its tokens may do, as a table."""

from uuid import UUID

import pytest

from libs.common.contracts.access import Caller, Role
from libs.common.ids import new_id
from services.gateway.models import MembershipRow, TokenRow, UserRow
from services.gateway.people.callers import caller_with

MINE, OTHERS = new_id(), new_id()


def caller(
    account: str, member_as: str | None = None, token: str | None = None, only: UUID | None = None
) -> Caller:
    user = UserRow(id=new_id(), name="ada", role=account)
    memberships = [MembershipRow(user_id=user.id, project_id=MINE, role=member_as)] if member_as else []
    row = TokenRow(id=new_id(), role=token, projects=[only] if only else None) if token else None
    return caller_with(user, memberships, row)


@pytest.mark.parametrize(
    ("account", "member_as", "token", "role", "in_mine"),
    [
        ("viewer", None, None, "viewer", None),
        ("viewer", "viewer", None, "viewer", "viewer"),
        ("viewer", "admin", None, "viewer", "viewer"),
        ("editor", None, None, "editor", None),
        ("editor", "viewer", None, "editor", "viewer"),
        ("editor", "admin", None, "editor", "admin"),
        ("editor", "admin", "viewer", "viewer", "viewer"),
        ("editor", "admin", "editor", "editor", "editor"),
        ("editor", "admin", "admin", "editor", "admin"),
        ("editor", "viewer", "admin", "editor", "viewer"),
    ],
)
def test_in_a_project_one_is_what_the_membership_says_and_no_more_than_account_and_token_allow(
    account, member_as, token, role, in_mine
):
    found = caller(account, member_as, token)

    assert (found.role, found.role_in(MINE), found.role_in(OTHERS)) == (role, in_mine, None)
    assert found.visible_projects() == ((MINE,) if member_as else ())
    assert not found.is_administrator


@pytest.mark.parametrize(("token", "role"), [(None, "admin"), ("editor", "editor"), ("viewer", "viewer")])
def test_an_administrator_is_at_home_in_every_project_as_what_the_token_says(token, role):
    """Also where somebody made them a member with less."""
    found = caller("admin", "viewer", token)

    assert (found.role, found.role_in(MINE), found.role_in(OTHERS)) == (role, role, role)
    assert found.visible_projects() is None
    assert found.is_administrator == (role == "admin")


def test_a_token_for_some_projects_sees_only_those_of_them_that_its_owner_sees():
    assert caller("editor", "editor", "editor", only=MINE).visible_projects() == (MINE,)
    assert caller("editor", "editor", "editor", only=OTHERS).visible_projects() == ()


def test_a_token_for_some_projects_administers_them_and_not_the_house():
    found = caller("admin", None, "admin", only=OTHERS)

    assert (found.role, found.role_in(OTHERS), found.role_in(MINE)) == (Role.EDITOR, Role.ADMIN, None)
    assert found.visible_projects() == (OTHERS,)
    assert not found.is_administrator
