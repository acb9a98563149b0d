"""`modelyard datasets …`: what there is, and what is in it."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer
from rich.filesize import decimal

from libs.client.client import Modelyard
from libs.client.commands.reports import show_report
from libs.client.commands.samples import COLUMNS as SAMPLE_COLUMNS
from libs.client.commands.showing import AsJson, IsSure, confirm, document, say, show, table
from libs.common.contracts.imports import ClassCount
from libs.common.contracts.versions import Bin, DatasetStats

commands = typer.Typer(no_args_is_help=True, help="Import, look at, version and export datasets.")
Version = Annotated[int | None, typer.Option(min=1, help="The newest when left out.")]


@commands.command("list")
def list_datasets(project_id: UUID, as_json: AsJson = False) -> None:
    with Modelyard() as yard:
        columns = {
            "id": lambda it: it.id,
            "name": lambda it: it.name,
            "status": lambda it: it.status,
            "format": lambda it: it.format,
            "version": lambda it: it.version,
            "samples": lambda it: it.num_samples,
            "size": lambda it: decimal(it.size_bytes),
            "classes": lambda it: len(it.classes),
        }
        show(yard.datasets.list(project_id), columns, as_json)


@commands.command("formats")
def list_formats(as_json: AsJson = False) -> None:
    """What can be imported, and exported."""
    with Modelyard() as yard:
        columns = {
            "name": lambda it: it.name,
            "title": lambda it: it.title,
            "of": lambda it: ", ".join(it.modalities),
            "annotations": lambda it: ", ".join(it.annotation_types),
        }
        show(yard.datasets.formats(), columns, as_json)


@commands.command("rename")
def rename(dataset_id: UUID, name: str) -> None:
    with Modelyard() as yard:
        say(yard.datasets.rename(dataset_id, name).name)


@commands.command("delete")
def delete(dataset_id: UUID, yes: IsSure = False) -> None:
    """With all its versions; bytes that nothing else uses are freed."""
    with Modelyard() as yard:
        confirm("dataset", yard.datasets.get(dataset_id).name, yes)
        yard.datasets.delete(dataset_id)


@commands.command("report")
def report(
    dataset_id: UUID,
    file: Annotated[Path | None, typer.Option("--csv", help="Every problem, as a table.")] = None,
    as_json: AsJson = False,
) -> None:
    """What the newest import found, dropped and mended."""
    with Modelyard() as yard:
        if file:
            say(f"written to {yard.datasets.save_report(dataset_id, file)}")
        elif as_json:
            document(yard.datasets.report(dataset_id))
        else:
            show_report(yard, yard.datasets.report(dataset_id))


@commands.command("preview")
def preview(dataset_id: UUID, version: Version = None, as_json: AsJson = False) -> None:
    """Five samples, others each time."""
    with Modelyard() as yard:
        show(yard.datasets.preview(dataset_id, version), SAMPLE_COLUMNS, as_json)


@commands.command("stats")
def stats(dataset_id: UUID, version: Version = None, as_json: AsJson = False) -> None:
    """Classes, subsets, sizes and languages."""
    with Modelyard() as yard:
        found = yard.datasets.stats(dataset_id, version)
    if as_json:
        document(found)
    else:
        _show_stats(found)


def _show_stats(found: DatasetStats) -> None:
    size = decimal(found.size_bytes)
    say(f"version {found.version}: {found.num_samples} samples, {found.num_annotations} annotations, {size}")
    for header in ("classes", "subsets", "annotation_types", "media_types", "languages"):
        counts: Sequence[ClassCount] = getattr(found, header)
        if counts:
            table(((each.name, each.count) for each in counts), header.replace("_", " "), "count")
    for header in ("widths", "heights"):
        bins: Sequence[Bin] = getattr(found, header)
        if bins:
            table(((f"{each.low}–{each.high}", each.count) for each in bins), f"{header} in pixels", "count")
