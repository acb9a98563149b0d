"""Machines and alerts of the SDK."""

from collections.abc import Iterator
from datetime import datetime

from libs.client.transport import Transport
from libs.common.contracts.system import Alert, Node, NodeHistory


class Nodes:
    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def get(self, name: str) -> Node:
        """How it is now, with its open alerts."""
        return self._transport.get(Node, f"/v1/system/nodes/{name}")

    def history(
        self,
        name: str,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        max_points: int = 500,
    ) -> NodeHistory:
        """The last hour unless told otherwise."""
        query = {
            "node": name,
            "since": since.isoformat() if since else None,
            "until": until.isoformat() if until else None,
            "max_points": max_points,
        }
        return self._transport.get(NodeHistory, "/v1/system/history", query)

    def alerts(self, name: str | None = None, *, is_open: bool | None = None) -> Iterator[Alert]:
        """Newest first, of this node or of all; `is_open` None means both."""
        return self._transport.pages(Alert, "/v1/system/alerts", {"node": name, "open": is_open})
