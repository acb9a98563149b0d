"""Where the gateway is and which token to show: from arguments, the environment, or the local stack."""

import json
import os
from dataclasses import dataclass, field
from pathlib import Path

from libs.common.errors import Unavailable

LOCAL_FILE = "client.json"
LOGIN_FILE = "login.json"


@dataclass(frozen=True)
class Connection:
    url: str
    token: str = field(repr=False)


def find_connection(url: str | None = None, token: str | None = None) -> Connection:
    """Explicit values, then MODELYARD_URL and MODELYARD_TOKEN, then the local stack of this folder, then what
    `modelyard login` has kept."""
    url = url or os.environ.get("MODELYARD_URL")
    token = token or os.environ.get("MODELYARD_TOKEN")
    if url and token:
        return Connection(url.rstrip("/"), token)
    kept = kept_login()
    if kept is not None and url and kept.url == url.rstrip("/"):
        return kept
    local = Path(os.environ.get("MODELYARD_HOME", ".modelyard")) / LOCAL_FILE
    if not local.is_file():
        if kept is not None and url is None and token is None:
            return kept
        raise Unavailable(
            "no Modelyard found: run `modelyard up` or `modelyard login`,"
            " or set MODELYARD_URL and MODELYARD_TOKEN"
        )
    found = json.loads(local.read_text())
    return Connection(url or found["url"], token or Path(found["token_file"]).read_text().strip())


def login_file() -> Path:
    """Where programs keep such things: of this user, for all folders."""
    folder = os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config"
    return Path(folder) / "modelyard" / LOGIN_FILE


def kept_login() -> Connection | None:
    if not login_file().is_file():
        return None
    found = json.loads(login_file().read_text())
    return Connection(found["url"], found["token"])


def keep_login(connection: Connection) -> Path:
    """For its owner's eyes only, from its first byte on."""
    file = login_file()
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = file.with_suffix(".draft")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as opened:
        json.dump({"url": connection.url, "token": connection.token}, opened)
    draft.replace(file)
    return file


def forget_login() -> None:
    login_file().unlink(missing_ok=True)
