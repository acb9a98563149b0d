"""The authorization block of nats-server's configuration, written from the table of users."""

from collections.abc import Callable
from pathlib import Path

from infra.nats.users import ANSWERED_WITHIN_SECONDS, USERS, User

FILE = Path(__file__).parent / "authorization.conf"
HEAD = "# Written by `python -m infra.nats` from infra/nats/users.py.\n"


def authorization(password: Callable[[str], str]) -> str:
    """`password` spells a user's as it is to stand in the file: in quotes, or as a variable."""
    users = "".join(_user(user, password(user.name)) for user in USERS)
    return f"authorization {{\n  users: [\n{users}  ]\n}}\n"


def variable(user: str) -> str:
    """Of the environment, where the file that is checked in looks for the password."""
    return f"$MODELYARD_NATS_{user.upper()}"


def quoted(password: str) -> str:
    """Without quotes nats-server reads what begins with digits as a number."""
    return f'"{password}"'


def checked_in() -> str:
    return HEAD + authorization(variable)


def _user(user: User, password: str) -> str:
    window = f'{{ max: 1, expires: "{ANSWERED_WITHIN_SECONDS}s" }}'
    answers = f"        allow_responses: {window}\n" if user.may_answer else ""
    return (
        "    {\n"
        f"      user: {user.name}, password: {password}\n"
        "      permissions: {\n"
        f"{_permission('publish', user.publishes)}"
        f"{_permission('subscribe', user.hears)}"
        f"{answers}"
        "      }\n"
        "    }\n"
    )


def _permission(verb: str, subjects: tuple[str, ...]) -> str:
    """An empty list would allow everything."""
    if not subjects:
        return f'        {verb}: {{ deny: ">" }}\n'
    lines = "".join(f'          "{subject}"\n' for subject in subjects)
    return f"        {verb}: [\n{lines}        ]\n"
