"""How commands speak: tables, JSON for scripts, progress bars; names of strangers are shown, never obeyed."""

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Annotated, Any, TypeVar

import typer
from pydantic import BaseModel, TypeAdapter
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    ProgressColumn,
    SpinnerColumn,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)
from rich.table import Table
from rich.text import Text

from libs.common.errors import BadInput, ModelyardError

Item = TypeVar("Item", bound=BaseModel)
Columns = Mapping[str, Callable[[Item], object]]
AsJson = Annotated[bool, typer.Option("--json", help="Everything, as JSON, for scripts.")]
IsSure = Annotated[bool, typer.Option("--yes", help="Do not ask.")]
console = Console()
if not console.is_terminal and "COLUMNS" not in os.environ:
    # Who reads from a pipe wants whole lines.
    console.width = 500
errors = Console(stderr=True)


def plain(value: object) -> Text:
    """No markup, no control characters: what a stranger named does not move our cursor."""
    text = "" if value is None else str(value)
    return Text("".join(each if each.isprintable() or each == "\n" else repr(each)[1:-1] for each in text))


def say(line: object) -> None:
    """Whole: an id is never broken at the edge of the screen."""
    console.print(plain(line), soft_wrap=True)


def table(rows: Iterable[Iterable[object]], *headers: str, title: str | None = None) -> None:
    console.print(made_table(rows, *headers, title=title))


def made_table(rows: Iterable[Iterable[object]], *headers: str, title: str | None = None) -> Table:
    shown = Table(title=plain(title) if title else None, box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    shown.show_edge = shown.pad_edge = False
    for header in headers:
        # An id is copied: it stays in one piece.
        shown.add_column(header, overflow="fold", no_wrap=header == "id")
    for row in rows:
        shown.add_row(*[plain(cell) for cell in row])
    return shown


def show(items: Iterable[Item], columns: Columns[Item], as_json: bool) -> None:
    """A list, as a table or whole."""
    if as_json:
        document(list(items))
    else:
        table(([read(item) for read in columns.values()] for item in items), *columns)


def document(value: BaseModel | list[Any]) -> None:
    """For scripts: to standard output as it is."""
    typer.echo(TypeAdapter(type(value)).dump_json(value, indent=2))


def tell_error(error: ModelyardError) -> None:
    """One line, and one for each place that it is about."""
    errors.print(Text(error.title, "red"), plain(f": {error.detail}"), sep="", soft_wrap=True)
    for problem in error.errors:
        place = problem.field or (f"row {problem.row}" if problem.row is not None else "")
        errors.print(plain(f"  {place}: {problem.message}"), soft_wrap=True)


def confirm(kind: str, name: str, is_sure: bool) -> None:
    """Raises unless the user types the name of what is to be deleted."""
    if is_sure:
        return
    said = typer.prompt(f"This deletes {kind} {plain(name)} with everything in it. Type its name to go on")
    if said != name:
        raise BadInput(f"nothing was deleted: its name is {name!r}, not {said!r}")


@contextmanager
def bytes_bar(title: str) -> Iterator[Callable[[int, int], None]]:
    """Of a transfer: tell it (bytes so far, bytes in all)."""
    columns = (BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn())
    with _bar(title, *columns) as (bar, task):
        yield lambda done, total: bar.update(task, completed=done, total=total)


@contextmanager
def work_bar(title: str) -> Iterator[Callable[[float, str], None]]:
    """Of a job: tell it (share that is done, what it does)."""
    with _bar(title, BarColumn(), TextColumn("{task.fields[doing]}"), TimeElapsedColumn()) as (bar, task):
        bar.update(task, total=1.0)
        yield lambda share, doing: bar.update(task, completed=share, doing=plain(doing).markup)


@contextmanager
def _bar(title: str, *columns: ProgressColumn) -> Iterator[tuple[Progress, TaskID]]:
    """Gone when it is over; what was reached is said in words."""
    first = (SpinnerColumn(), TextColumn("{task.description}"))
    is_hidden = not console.is_terminal
    with Progress(*first, *columns, console=console, transient=True, disable=is_hidden) as bar:
        yield bar, bar.add_task(f"{plain(title).markup:<9}", total=None, doing="")
