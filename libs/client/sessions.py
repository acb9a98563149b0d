"""Where an account is signed in, of the SDK."""

from collections.abc import Iterator
from uuid import UUID

from libs.client.transport import Transport
from libs.common.contracts.access import Session


class Sessions:
    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def list(self) -> Iterator[Session]:
        """One's own, newest first; with a token that may less than its owner, those it has opened."""
        return self._transport.pages(Session, "/v1/auth/sessions")

    def end(self, session_id: UUID) -> None:
        self._transport.call(None, "DELETE", f"/v1/auth/sessions/{session_id}")

    def end_others(self) -> None:
        """All but the one that asks."""
        self._transport.call(None, "DELETE", "/v1/auth/sessions")

    def list_of(self, user_id: UUID) -> Iterator[Session]:
        """For administrators."""
        return self._transport.pages(Session, f"/v1/users/{user_id}/sessions")

    def end_all_of(self, user_id: UUID) -> None:
        """For administrators: signed out everywhere."""
        self._transport.call(None, "DELETE", f"/v1/users/{user_id}/sessions")
