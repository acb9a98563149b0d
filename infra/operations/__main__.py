"""`python -m infra.operations backup|verify|restore|upgrade|secrets FOLDER`, with settings of a stack."""

import asyncio
import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from infra.operations.backup import back_up
from infra.operations.backup import verify as verify_backup
from infra.operations.folder import Folder, Snapshot
from infra.operations.restore import carry_secrets
from infra.operations.restore import restore as restore_backup
from infra.operations.settings import Settings
from infra.operations.upgrade import upgrade as upgrade_stack
from libs.common.errors import ModelyardError

app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False, help=__doc__)
At = Annotated[Path, typer.Argument(metavar="FOLDER")]
Keep = Annotated[int, typer.Option(min=1, help="So many snapshots stay; they share their bytes.")]
Name = Annotated[str | None, typer.Option("--snapshot", help="Its name; the newest where none is given.")]


@app.command()
def backup(folder: At, keep: Keep = 7) -> None:
    """Rows, bytes and secrets of a stack that may go on running; only what is new is copied."""
    made = asyncio.run(back_up(Settings(), folder, keep, typer.echo))
    typer.echo(f"backup {_words(made)}")


@app.command()
def verify(folder: At, name: Name = None) -> None:
    """Whether a snapshot is whole and unchanged, byte by byte."""
    found = asyncio.run(verify_backup(folder, name))
    typer.echo(f"whole: {_words(found)}")


@app.command()
def restore(folder: At, name: Name = None) -> None:
    """Into an empty stack whose rooms have never run; can be repeated when it was broken off."""
    done = asyncio.run(restore_backup(Settings(), folder, name, typer.echo))
    typer.echo(f"restored {_words(done)}")


@app.command()
def upgrade(folder: At, keep: Keep = 7) -> None:
    """A backup, then the migrations of all rooms, while none of them runs."""
    done = asyncio.run(upgrade_stack(Settings(), folder, keep, typer.echo))
    for schema, after in done.after.items():
        before = done.before.get(schema, "nothing")
        typer.echo(f"{schema:<10} {before if before == after else f'{before} → {after}'}")


@app.command()
def secrets(folder: At, into: Annotated[Path, typer.Option()], name: Name = None) -> None:
    """Writes the secrets of a snapshot into a folder, for a stack that is about to be made."""
    carry_secrets(Folder(folder).snapshot(name), into)


def _words(found: Snapshot) -> str:
    told = found.manifest
    return (
        f"{found.name} of version {told.version}: {sum(told.rows.values()):,} rows, "
        f"{told.num_objects:,} objects of {told.size_bytes:,} bytes"
    )


if __name__ == "__main__":
    # Whatever it writes is for its owner alone.
    os.umask(0o077)
    try:
        app()
    except ModelyardError as error:
        sys.exit(f"{error.title}: {error.detail}")
    except OSError as error:
        sys.exit(f"{error.filename or 'this machine'}: {error.strerror}")
