"""A whole local stack of a benchmark's own, and the digits in it."""

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from infra.local.control import PARTS, LocalStack
from libs.client import Connection, Modelyard
from libs.client.digits import HeldOut, write_digits
from libs.common.contracts.projects import Project
from libs.common.contracts.splits import Split


@contextmanager
def running() -> Iterator[Modelyard]:
    with local_stack() as local, client(local) as yard:
        yield yard


@contextmanager
def local_stack(names: Sequence[str] = PARTS) -> Iterator[LocalStack]:
    with tempfile.TemporaryDirectory(prefix="modelyard-bench-", ignore_cleanup_errors=True) as home:
        local = LocalStack(Path(home))
        try:
            local.up(names, tell=lambda _: None)
            yield local
        finally:
            local.down()


def client(local: LocalStack) -> Modelyard:
    return Modelyard(Connection(local.stack.gateway_url, local.stack.secrets["admin_token"]))


def digits(yard: Modelyard) -> tuple[Project, Split, list[HeldOut]]:
    with tempfile.TemporaryDirectory() as folder:
        archive = Path(folder) / "digits.zip"
        held_out = write_digits(archive)
        project = yard.projects.create("Benchmark", "classification")
        upload = yard.uploads.send(archive)
    dataset = yard.datasets.wait(yard.datasets.create(project.id, "digits", upload.id).id)
    return project, yard.splits.create(dataset.id), held_out
