"""`modelyard users …`, `members …`, `tokens …`, `audit`, `me`, `password`."""

from collections.abc import Callable
from datetime import UTC, datetime
from itertools import islice
from typing import Annotated, Literal
from uuid import UUID

import typer
from pydantic import BaseModel

from libs.client.client import Modelyard
from libs.client.commands.showing import AsJson, IsSure, confirm, document, say, show
from libs.common.contracts.access import Role, User
from libs.common.errors import NotFound

users = typer.Typer(no_args_is_help=True, help="Accounts: who may sign in, and as what.")
members = typer.Typer(no_args_is_help=True, help="Who is a member of a project, and as what.")
tokens = typer.Typer(no_args_is_help=True, help="What programs sign in with.")
Of = Annotated[str, typer.Argument(metavar="ACCOUNT", help="Its name or its id.")]
Moment = Annotated[datetime | None, typer.Option(help="In UTC.")]
OnlyIn = Annotated[list[UUID] | None, typer.Option(help="Only in these projects; may be said several times.")]


def account(yard: Modelyard, said: str) -> User:
    """By its name, or by its id."""
    name = said.strip().lower()
    found = next((each for each in yard.users.list(name) if name in (each.name, str(each.id))), None)
    if found is not None:
        return found
    try:
        return yard.users.get(UUID(said))
    except ValueError:
        raise NotFound(f"there is no account {said!r}") from None


@users.command("list")
def list_users(
    words: Annotated[str | None, typer.Argument(help="Part of the name or of the address.")] = None,
    as_json: AsJson = False,
) -> None:
    with Modelyard() as yard:
        columns = {
            "id": lambda it: it.id,
            "name": lambda it: it.name,
            "role": lambda it: it.role,
            "e-mail": lambda it: it.email,
            "active": lambda it: "yes" if it.is_active else "no",
            "seen": lambda it: _time(it.last_seen_at),
        }
        show(yard.users.list(words), columns, as_json)


@users.command("create")
def create_user(
    name: str,
    role: Annotated[Role, typer.Option()] = Role.VIEWER,
    email: Annotated[str | None, typer.Option()] = None,
    ask: Annotated[bool, typer.Option("--ask-password", help="Else one is made.")] = False,
) -> None:
    with Modelyard() as yard:
        password = _new_password() if ask else None
        made = yard.users.create(name, role, email=email, password=password)
        say(made.user.id)
        if made.password:
            say(f"password, shown this once: {made.password}")


@users.command("change")
def change_user(
    who: Of,
    role: Annotated[Role | None, typer.Option()] = None,
    email: Annotated[str | None, typer.Option(help="Empty: none.")] = None,
    is_active: Annotated[bool | None, typer.Option("--active/--inactive")] = None,
    ask: Annotated[bool, typer.Option("--ask-password", help="Ask for a new one.")] = False,
) -> None:
    """An account that is not active can do nothing; its sessions and tokens end."""
    changes: dict[str, object] = {}
    if role is not None:
        changes["role"] = role
    if email is not None:
        changes["email"] = email or None
    if is_active is not None:
        changes["is_active"] = is_active
    if ask:
        changes["password"] = _new_password()
    with Modelyard() as yard:
        user = yard.users.change(account(yard, who).id, **changes)
        say(f"{user.name}: {user.role}, {'active' if user.is_active else 'not active'}")


@users.command("delete")
def delete_user(who: Of, yes: IsSure = False) -> None:
    """With its memberships, tokens and sessions; what it made stays."""
    with Modelyard() as yard:
        user = account(yard, who)
        confirm("the account", user.name, yes)
        yard.users.delete(user.id)


@members.command("list")
def list_members(project_id: UUID, as_json: AsJson = False) -> None:
    with Modelyard() as yard:
        columns = {
            "id": lambda it: it.user_id,
            "name": lambda it: it.name,
            "role": lambda it: it.role,
            "since": lambda it: _time(it.added_at),
        }
        show(yard.members.list(project_id), columns, as_json)


@members.command("add")
def put_member(project_id: UUID, who: Of, role: Annotated[Role, typer.Option()] = Role.VIEWER) -> None:
    """A new member, or another role for one."""
    with Modelyard() as yard:
        member = yard.members.put(project_id, account(yard, who).id, role)
        say(f"{member.name}: {member.role}")


@members.command("remove")
def remove_member(project_id: UUID, who: Of) -> None:
    with Modelyard() as yard:
        yard.members.remove(project_id, account(yard, who).id)


@tokens.command("list")
def list_tokens(as_json: AsJson = False) -> None:
    with Modelyard() as yard:
        columns = {
            "id": lambda it: it.id,
            "name": lambda it: it.name,
            "owner": lambda it: it.owner,
            "role": lambda it: it.role,
            "projects": lambda it: "all" if it.projects is None else len(it.projects),
            "begins": lambda it: it.prefix,
            "ends": lambda it: _time(it.expires_at) or "never",
            "used": lambda it: _time(it.last_used_at),
        }
        show(yard.tokens.list(), columns, as_json)


@tokens.command("create")
def create_token(
    name: str,
    role: Annotated[Role, typer.Option(help="Never more than your own.")] = Role.EDITOR,
    project: OnlyIn = None,
    days: Annotated[int | None, typer.Option(min=1, max=3650, help="Ends after so many.")] = None,
) -> None:
    """The secret, which is shown this once."""
    with Modelyard() as yard:
        say(yard.tokens.create(name, role, projects=project or None, expires_in_days=days).secret)


@tokens.command("delete")
def delete_token(token_id: UUID) -> None:
    with Modelyard() as yard:
        yard.tokens.delete(token_id)


def show_audit(
    actor: Annotated[str | None, typer.Option()] = None,
    action: Annotated[str | None, typer.Option(help="create_project, log_in, delete_token …")] = None,
    project: Annotated[UUID | None, typer.Option()] = None,
    outcome: Annotated[Literal["done", "refused"] | None, typer.Option()] = None,
    since: Moment = None,
    until: Moment = None,
    most: Annotated[int, typer.Option(min=1, help="How many, from the last.")] = 50,
    as_json: AsJson = False,
) -> None:
    """Who changed what or tried to, the last first; for administrators."""
    with Modelyard() as yard:
        found = yard.audit.list(
            actor=actor,
            action=action,
            project_id=project,
            outcome=outcome,
            since=_in_utc(since),
            until=_in_utc(until),
        )
        columns: dict[str, Callable[..., object]] = {
            "at": lambda it: _time(it.at),
            "who": lambda it: it.actor,
            "did": lambda it: it.action,
            "with": lambda it: it.path,
            "answer": lambda it: it.status,
            "from": lambda it: it.address,
        }
        entries: list[BaseModel] = list(islice(found, most))
        show(entries, columns, as_json)


def show_me(as_json: AsJson = False) -> None:
    """Who you are here, and what you may do."""
    with Modelyard() as yard:
        me = yard.me()
        if as_json:
            return document(me)
        where = "every project" if me.sees_all_projects else f"{len(me.projects)} projects"
        say(f"{me.name}: {me.role}, in {where}")


def change_password() -> None:
    """Your own; every browser that is signed in must sign in again."""
    with Modelyard() as yard:
        old = typer.prompt("Old password", hide_input=True)
        yard.change_password(old, _new_password())
        say("changed")


def _new_password() -> str:
    return typer.prompt("New password", hide_input=True, confirmation_prompt=True)


def _time(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S}" if moment else ""


def _in_utc(moment: datetime | None) -> datetime | None:
    return moment and moment.replace(tzinfo=moment.tzinfo or UTC)
