"""The local stack for tests: whole or servers only, in a folder of its own, always stopped at the end."""

import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from infra.local.control import LocalStack
from infra.local.environment import environment


class TestStack(LocalStack):
    __test__ = False

    @property
    def gateway_url(self) -> str:
        return self.stack.gateway_url

    @property
    def console_url(self) -> str:
        return self.stack.console_url

    @property
    def token(self) -> str:
        return self.stack.secrets["admin_token"]

    def environment(self, name: str) -> dict[str, str]:
        return environment(self.stack, name)


@contextmanager
def running_stack(names: Sequence[str]) -> Iterator[TestStack]:
    home = Path(tempfile.mkdtemp(prefix="modelyard-stack-"))
    stack = TestStack(home)
    try:
        stack.up(names, tell=lambda _: None)
        yield stack
    finally:
        stack.down()
        shutil.rmtree(home, ignore_errors=True)
