"""Which uploads this user has begun: a client that was killed goes on where it stopped, unasked."""

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import NamedTemporaryFile
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ValidationError

from libs.client.uploads.content import Content
from libs.common.contracts.base import now
from libs.common.contracts.uploads import Upload


class Begun(BaseModel):
    gateway: str
    content: str
    upload_id: UUID
    expires_at: AwareDatetime


class Unfinished:
    """A file each, for its owner only. Who has no place for them uploads all the same and cannot resume."""

    def __init__(self, gateway: str) -> None:
        self._gateway = gateway

    def find(self, content: Content) -> UUID | None:
        with _without_a_place():
            begun = _read(self._file(content))
            return begun.upload_id if begun and begun.gateway == self._gateway else None

    def remember(self, content: Content, upload: Upload) -> None:
        begun = Begun(
            gateway=self._gateway,
            content=content.identity.encode(errors="backslashreplace").decode(),
            upload_id=upload.id,
            expires_at=upload.expires_at,
        )
        with _without_a_place():
            file = self._file(content)
            file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            _remove_expired(file.parent)
            # Appears whole, and is its owner's from the start.
            with NamedTemporaryFile("w", dir=file.parent, delete=False) as draft:
                draft.write(begun.model_dump_json())
            Path(draft.name).replace(file)

    def forget(self, content: Content) -> None:
        with _without_a_place():
            self._file(content).unlink(missing_ok=True)

    def _file(self, content: Content) -> Path:
        known = f"{self._gateway}\n{content.identity}".encode(errors="surrogateescape")
        return _folder() / f"{hashlib.sha256(known).hexdigest()}.json"


def _folder() -> Path:
    """Where the XDG specification wants state; a relative path there counts as none."""
    state = Path(os.environ.get("XDG_STATE_HOME", ""))
    return (state if state.is_absolute() else Path.home() / ".local" / "state") / "modelyard" / "uploads"


def _read(file: Path) -> Begun | None:
    try:
        return Begun.model_validate_json(file.read_bytes())
    except (FileNotFoundError, ValidationError):
        return None


def _remove_expired(folder: Path) -> None:
    for file in folder.glob("*.json"):
        begun = _read(file)
        if begun is None or begun.expires_at < now():
            file.unlink(missing_ok=True)


@contextmanager
def _without_a_place() -> Iterator[None]:
    # RuntimeError: a user without a home.
    with suppress(OSError, RuntimeError):
        yield
