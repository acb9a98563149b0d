"""`python -m infra.local up|down|status|logs|restart`."""

import sys
import time
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from infra.local.control import LocalStack
from infra.local.health import NotReady
from infra.local.servers import ToolIsMissing
from infra.local.supervision import SupervisorFailed

app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False, help=__doc__)
console = Console()


@app.command()
def up() -> None:
    """Start everything and wait until it answers."""
    local, started = LocalStack(), time.monotonic()
    with console.status("starting the stack") as status:
        local.up(tell=lambda line: status.update(line))
    seconds = time.monotonic() - started
    console.print(f"stack up in {seconds:.0f} s · console {local.stack.console_url}", highlight=False)
    console.print(f"API docs {local.stack.gateway_url}/docs", highlight=False)


@app.command()
def down() -> None:
    """Stop everything; data stays."""
    LocalStack().down()
    console.print("stack down")


@app.command()
def status() -> None:
    """Every part, its address, and whether it answers."""
    table = Table("part", "state", "address", "ready")
    rows = LocalStack().status()
    for name, state, address, ready in rows:
        table.add_row(name, state, address, "[green]yes[/]" if ready else "[red]no[/]")
    console.print(table)
    raise typer.Exit(0 if all(ready for *_, ready in rows) else 1)


@app.command()
def logs(name: str, lines: Annotated[int, typer.Option("--lines", "-n")] = 100) -> None:
    """The last lines of one part."""
    typer.echo(LocalStack().log(name, lines))


@app.command()
def restart(name: str) -> None:
    """Stop one part and start it again."""
    LocalStack().restart(name)


if __name__ == "__main__":
    try:
        app()
    except (NotReady, SupervisorFailed, ToolIsMissing) as error:
        sys.exit(f"{error}")
