"""Where the gateway is and which token to show: from arguments, the environment, or the local stack."""

import json
import os
from dataclasses import dataclass, field
from pathlib import Path

from libs.common.errors import Unavailable

LOCAL_FILE = "client.json"


@dataclass(frozen=True)
class Connection:
    url: str
    token: str = field(repr=False)


def find_connection(url: str | None = None, token: str | None = None) -> Connection:
    """Explicit values, then MODELYARD_URL and MODELYARD_TOKEN, then the local stack's own file."""
    url = url or os.environ.get("MODELYARD_URL")
    token = token or os.environ.get("MODELYARD_TOKEN")
    if url and token:
        return Connection(url.rstrip("/"), token)
    local = Path(os.environ.get("MODELYARD_HOME", ".modelyard")) / LOCAL_FILE
    if not local.is_file():
        raise Unavailable("no Modelyard found: run `modelyard up`, or set MODELYARD_URL and MODELYARD_TOKEN")
    found = json.loads(local.read_text())
    return Connection(url or found["url"], token or Path(found["token_file"]).read_text().strip())
