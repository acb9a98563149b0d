"""`modelyard datasets versions, diff, restore, export`: the history of a dataset, and its way out."""

from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer
from rich.filesize import decimal

from libs.client.client import Modelyard
from libs.client.commands.reports import show_problems
from libs.client.commands.showing import AsJson, bytes_bar, document, say, show, table, work_bar
from libs.common.contracts.dataset_exports import DatasetExport
from libs.common.contracts.samples import Sample
from libs.common.contracts.versions import VersionDiff
from libs.common.errors import BadInput

commands = typer.Typer()
WAIT_SECONDS = 30 * 86400


@commands.command("versions")
def list_versions(dataset_id: UUID, as_json: AsJson = False) -> None:
    """Newest first."""
    with Modelyard() as yard:
        columns = {
            "version": lambda it: it.version,
            "samples": lambda it: it.num_samples,
            "added": lambda it: it.num_added,
            "removed": lambda it: it.num_removed,
            "changed": lambda it: it.num_changed,
            "size": lambda it: decimal(it.size_bytes),
            "message": lambda it: it.message,
            "made": lambda it: f"{it.created_at:%Y-%m-%d %H:%M}",
        }
        show(yard.datasets.versions(dataset_id), columns, as_json)


@commands.command("diff")
def diff(
    dataset_id: UUID,
    version: int,
    against: Annotated[int | None, typer.Option(min=0, help="Else the version before.")] = None,
    as_json: AsJson = False,
) -> None:
    """What leads from one version to another."""
    with Modelyard() as yard:
        found = yard.datasets.diff(dataset_id, version, against)
    if as_json:
        document(found)
    else:
        _show_diff(found)


@commands.command("restore")
def restore(dataset_id: UUID, version: int) -> None:
    """A new version that holds what the old one held."""
    with Modelyard() as yard:
        made = yard.datasets.restore(dataset_id, version)
    say(f"version {made.version}: {made.num_samples} samples, as in version {version}")


@commands.command("export")
def export(
    dataset_id: UUID,
    format: Annotated[str, typer.Option("--format", help="See `datasets formats`.")],
    version: Annotated[int | None, typer.Option(min=1)] = None,
    split: Annotated[UUID | None, typer.Option(help="Else the subsets that the import named.")] = None,
    out: Annotated[
        Path | None, typer.Option(help="A file or folder; else here, as the export is called.")
    ] = None,
) -> None:
    """As a ZIP that can be imported again; says what the format has no place for."""
    with Modelyard() as yard:
        begun = yard.datasets.export(dataset_id, format, version=version, split_id=split)
        file = _file(out, begun)
        with work_bar("export") as show_work:
            done = yard.datasets.wait_for_export(
                dataset_id, begun.id, timeout_seconds=WAIT_SECONDS, on_progress=show_work
            )
        with bytes_bar("download") as show_bytes:
            yard.datasets.download_export(dataset_id, done.id, file, progress=show_bytes)
    say(f"{file}: {done.num_samples} samples, {decimal(done.size_bytes)}, SHA-256 {done.sha256}")
    if done.num_losses:
        say(f"{done.format} has no place for {done.num_losses} things, among them:")
        show_problems(done.losses.items)


def _file(out: Path | None, export: DatasetExport) -> Path:
    """What is there already is written over only when it was named."""
    own_name = Path(export.filename).name
    file = out / own_name if out and out.is_dir() else out or Path(own_name)
    if file.exists() and file != out:
        raise BadInput(f"{file} is there already; name another with --out")
    if not file.absolute().parent.is_dir():
        raise BadInput(f"there is no folder {file.parent}")
    return file


def _show_diff(found: VersionDiff) -> None:
    counts = f"{found.num_added} added, {found.num_removed} removed, {found.num_changed} changed"
    say(f"from version {found.against} to {found.version}: {counts}")
    if found.classes:
        table(((each.name, each.before, each.after) for each in found.classes), "class", "before", "after")
    if found.changes.items:
        rows = ((each.change, _named(each.before), _named(each.after)) for each in found.changes.items)
        table(rows, "change", "before", "after")
    if found.changes.next_cursor:
        say("… and more")


def _named(sample: Sample | None) -> str:
    return f"{sample.name} ({', '.join(sample.labels)})" if sample else ""
