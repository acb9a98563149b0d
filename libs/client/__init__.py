"""The typed Python SDK over the REST API; the CLI, the console and the tests use it too."""

from libs.client.client import Modelyard
from libs.client.connection import Connection, find_connection

__all__ = ["Connection", "Modelyard", "find_connection"]
