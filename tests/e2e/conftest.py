"""One whole stack and one SDK connection for all end-to-end tests."""

from collections.abc import Iterator

import pytest

from libs.client import Connection, Modelyard


@pytest.fixture(scope="session")
def yard(stack) -> Iterator[Modelyard]:
    with Modelyard(Connection(stack.gateway_url, stack.token)) as connected:
        yield connected
