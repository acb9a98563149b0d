"""The local stack for tests: whole or servers only, in a folder of its own, always stopped at the end."""

import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from infra.local.control import LocalStack
from infra.local.environment import environment
from infra.local.home import Stack
from infra.local.programs import Program
from infra.local.supervision import Supervisor
from tests.packages import install

# Process → what a test sets otherwise than the local stack does.
Changes = Mapping[str, Mapping[str, str]]
# What is stored has to outlive processes that are killed, but not the machine: no disk is waited for.
ARGUMENTS = {"postgres": ["-c", "fsync=off"]}


class TestStack(LocalStack):
    __test__ = False

    def __init__(self, home: Path, changes: Changes) -> None:
        super().__init__(home)
        self._changes = changes

    @property
    def gateway_url(self) -> str:
        return self.stack.gateway_url

    @property
    def console_url(self) -> str:
        return self.stack.console_url

    @property
    def token(self) -> str:
        return self.stack.secrets["admin_token"]

    @property
    def refusals(self) -> list[str]:
        """What the bus did not let a process do."""
        return [line for line in self.log("nats", 10_000).splitlines() if "Violation" in line]

    def environment(self, name: str) -> dict[str, str]:
        return environment(self.stack, name)

    def changed_environment(self, name: str) -> dict[str, str]:
        """As its process here has it."""
        return {**self.environment(name), **self._changes.get(name, {})}

    @property
    def _supervisor(self) -> Supervisor:
        return _ChangingSupervisor(self.stack, self._changes)


class _ChangingSupervisor(Supervisor):
    def __init__(self, stack: Stack, changes: Changes) -> None:
        super().__init__(stack)
        self._changes = changes

    def launch(self, programs: Iterable[Program]) -> None:
        super().launch(
            replace(
                program,
                command=[*program.command, *ARGUMENTS.get(program.name, ())],
                environment={**program.environment, **self._changes.get(program.name, {})},
            )
            for program in programs
        )


@contextmanager
def running_stack(
    names: Sequence[str],
    changes: Changes | None = None,
    packages: Sequence[str] = (),
    below: Path | None = None,
) -> Iterator[TestStack]:
    """`packages` are task packages of tests/packages, installed before anything starts; the stack's folder is
    made `below` this one, or where such folders are made."""
    home = Path(tempfile.mkdtemp(prefix="modelyard-stack-", dir=below))
    stack = TestStack(home, changes or {})
    for package in packages:
        install(package, home / "plugins")
    try:
        stack.up(names, tell=lambda _: None)
        yield stack
        assert not stack.refusals, "the bus has refused what a process needs: see infra/nats/users.py"
    finally:
        stack.down()
        shutil.rmtree(home, ignore_errors=True)
