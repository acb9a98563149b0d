"""`modelyard sessions …`: where an account is signed in, and the end of it."""

from typing import Annotated
from uuid import UUID

import typer

from libs.client.client import Modelyard
from libs.client.commands.people import account
from libs.client.commands.showing import AsJson, say, show

commands = typer.Typer(no_args_is_help=True, help="Where you are signed in, in browsers.")
Of = Annotated[
    str | None, typer.Option("--of", metavar="ACCOUNT", help="Of another's account; for administrators.")
]


@commands.command("list")
def list_sessions(of: Of = None, as_json: AsJson = False) -> None:
    with Modelyard() as yard:
        columns = {
            "id": lambda it: it.id,
            "from": lambda it: it.address,
            "browser": lambda it: it.agent,
            "begun": lambda it: f"{it.begun_at:%Y-%m-%d %H:%M}",
            "seen": lambda it: f"{it.last_seen_at:%Y-%m-%d %H:%M}",
            "ends": lambda it: f"{it.expires_at:%Y-%m-%d %H:%M}",
        }
        found = yard.sessions.list() if of is None else yard.sessions.list_of(account(yard, of).id)
        show(found, columns, as_json)


@commands.command("end")
def end_session(session_id: UUID) -> None:
    with Modelyard() as yard:
        yard.sessions.end(session_id)


@commands.command("end-all")
def end_sessions(of: Of = None) -> None:
    """Whoever is signed in there has to sign in again; API tokens stay."""
    with Modelyard() as yard:
        if of is None:
            yard.sessions.end_others()
        else:
            yard.sessions.end_all_of(account(yard, of).id)
        say("signed out")
