"""`python -m infra.local up|down|status|logs|restart|monitor|backup|verify|restore|upgrade`."""

import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from infra.local import operating
from infra.local.control import PARTS, LocalStack, NotReady
from infra.local.home import HomeIsUnusable, Stack, default_home, first_sign_in, is_made
from infra.local.monitoring import run_prometheus
from infra.local.ports import LOOPBACK, PortIsUnusable
from infra.local.postgres import ClusterFailed
from infra.local.programs import ToolIsMissing
from infra.local.supervision import SupervisorFailed

app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False, help=__doc__)
console = Console(highlight=False)
Names = Annotated[list[str] | None, typer.Argument()]
Folder = Annotated[Path, typer.Argument(metavar="FOLDER")]
Keep = Annotated[int, typer.Option(min=1)]
Snapshot = Annotated[str | None, typer.Option()]
# Their messages say what to do; no trace is needed.
TOLD = (
    ClusterFailed,
    HomeIsUnusable,
    NotReady,
    operating.OperationFailed,
    PortIsUnusable,
    SupervisorFailed,
    ToolIsMissing,
)


@app.command()
def up(names: Names = None) -> None:
    """Start everything, or the parts that are named, and wait until it answers."""
    wanted = checked(names)
    local, started = LocalStack(), time.monotonic()
    with console.status("starting the stack") as status:
        local.up(wanted, tell=lambda line: status.update(line))
    seconds = time.monotonic() - started
    if "console" in wanted:
        console.print(f"stack up in {seconds:.0f} s · console {local.stack.console_url}")
        console.print(f"API docs {local.stack.gateway_url}/docs")
        tell_sign_in(local.stack)
    else:
        console.print(f"{', '.join(wanted)} up in {seconds:.0f} s")


def tell_sign_in(stack: Stack) -> None:
    if password := first_sign_in(stack):
        console.print(f"sign in as [bold]admin[/] with the password [bold]{password}[/]")
        console.print(f"it is shown this once; change it in the console, or find it in {stack.password_file}")


@app.command()
def down() -> None:
    """Stop everything; data stays."""
    if is_made(default_home()):
        LocalStack().down()
    console.print("stack down")


@app.command()
def status(names: Names = None) -> None:
    """Every part or those named, their addresses, and whether they answer; fails if one does not."""
    wanted = checked(names)
    table = Table("part", "state", "address", "ready")
    parts = [part for part in existing().status() if part.name in wanted]
    for part in parts:
        table.add_row(part.name, part.state, part.address, "[green]yes[/]" if part.is_ready else "[red]no[/]")
    console.print(table)
    raise typer.Exit(0 if all(part.is_ready for part in parts) else 1)


@app.command()
def logs(
    name: str,
    lines: Annotated[int, typer.Option("--lines", "-n", min=1)] = 100,
    follow: Annotated[bool, typer.Option("--follow", "-f")] = False,
) -> None:
    """The last lines of one part."""
    local = existing()
    checked([name])
    if follow:
        os.execlp("tail", "tail", "-n", str(lines), "-F", local.log_file(name))  # noqa: S606
    typer.echo(local.log(name, lines))


@app.command()
def restart(name: str) -> None:
    """Stop one part and start it again."""
    local = existing()
    checked([name])
    local.restart(name)
    console.print(f"{name} ready")


@app.command()
def monitor(port: Annotated[int, typer.Option(min=1, max=65535)] = 9090) -> None:
    """Prometheus over the stack, on loopback, until Ctrl-C."""
    local = existing()
    console.print(f"Prometheus http://{LOOPBACK}:{port} (alerts: /api/v1/alerts) · Ctrl-C ends it")
    run_prometheus(local.stack, port)


@app.command()
def backup(folder: Folder, keep: Keep = 7) -> None:
    """Rows, bytes and secrets into a folder, while the stack runs or stands still."""
    operating.back_up(existing(), folder, keep)


@app.command()
def verify(folder: Folder, snapshot: Snapshot = None) -> None:
    """Whether a backup is whole and unchanged."""
    operating.verify(folder, _named(snapshot))


@app.command()
def restore(folder: Folder, snapshot: Snapshot = None) -> None:
    """A backup into a home where no stack has run yet."""
    operating.restore(folder, _named(snapshot))
    console.print("run `modelyard up` to start it")


@app.command()
def upgrade(folder: Folder, keep: Keep = 7) -> None:
    """A backup into FOLDER, then the stack's tables as this version wants them."""
    operating.upgrade(existing(), folder, keep)


def existing() -> LocalStack:
    if not is_made(default_home()):
        sys.exit(f"no stack in {default_home()}: run `modelyard up` or `make up`")
    return LocalStack()


def _named(snapshot: str | None) -> tuple[str, ...]:
    return (f"--snapshot={snapshot}",) if snapshot else ()


def checked(names: list[str] | None) -> Sequence[str]:
    """All parts if none is named."""
    for name in names or ():
        if name not in PARTS:
            sys.exit(f"there is no {name!r}; there are {', '.join(PARTS)}")
    return names or PARTS


if __name__ == "__main__":
    try:
        app()
    except TOLD as error:
        sys.exit(f"{error}")
