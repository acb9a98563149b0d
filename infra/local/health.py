"""Whether a part answers."""

import http.client
import socket

from infra.local.home import Stack
from infra.local.ports import LOOPBACK
from infra.local.postgres import accepts_connections

TIMEOUT_SECONDS = 3


def is_ready(stack: Stack, name: str) -> bool:
    match name:
        case "postgres":
            return accepts_connections(stack)
        case "nats" | "s3":
            return _listens(stack.ports[name])
        case "triton":
            return _answers(stack.ports["triton_http"], "/v2/health/ready")
        case "console":
            return _answers(stack.ports[name], "/_stcore/health")
        case _:
            return _answers(stack.ports[name], "/readyz")


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(TIMEOUT_SECONDS)
        return probe.connect_ex((LOOPBACK, port)) == 0


def _answers(port: int, path: str) -> bool:
    connection = http.client.HTTPConnection(LOOPBACK, port, timeout=TIMEOUT_SECONDS)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
