"""`modelyard datasets detect, import, prepare, add`: data on its way in."""

from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer

from libs.client.client import Modelyard
from libs.client.commands.reports import show_detection, show_report
from libs.client.commands.showing import AsJson, bytes_bar, document, say, work_bar
from libs.client.commands.sources import HELP, format_options, name_of, read_source
from libs.client.datasets import DatasetFailed
from libs.common.contracts.datasets import Dataset
from libs.common.contracts.imports import Detection, FormatOptions
from libs.common.contracts.sources import DatasetSource, UploadSource
from libs.common.errors import NotFound

commands = typer.Typer()
# Whoever wants to wait less presses Ctrl-C: the job goes on without us.
WAIT_SECONDS = 30 * 86400
COLUMN_HELP = "role=name, of tables; roles: path, text, caption, label, target, subset. As often as needed."
OPTION_HELP = "delimiter, encoding, separator (of labels) =text, or mask.0=class for a value of masks."

Source = Annotated[str, typer.Argument(metavar="SOURCE", help=HELP)]
Format = Annotated[str | None, typer.Option("--format", help="See `datasets formats`; else it is detected.")]
ColumnWords = Annotated[list[str] | None, typer.Option("--column", help=COLUMN_HELP)]
OptionWords = Annotated[list[str] | None, typer.Option("--option", help=OPTION_HELP)]


@commands.command("detect")
def detect(
    source: Source,
    thorough: Annotated[
        bool, typer.Option("--thorough", help="Decode every sample, as an import will.")
    ] = False,
    format: Format = None,
    column: ColumnWords = None,
    option: OptionWords = None,
    as_json: AsJson = False,
) -> None:
    """What an import would find; nothing is imported."""
    wanted, options = read_source(source), format_options(column or [], option or [])
    with Modelyard() as yard:
        given = _bring(yard, wanted)
        seen = _look(yard, given, format, options, is_thorough=thorough)
    _tell_detection(seen, given if isinstance(wanted, Path) else None, as_json)


@commands.command("import")
def import_dataset(
    project_id: UUID,
    source: Source,
    name: Annotated[str | None, typer.Option(help="Else it is called like its source.")] = None,
    format: Format = None,
    raw: Annotated[bool, typer.Option("--raw", help="Register only; `prepare` imports it later.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Everything but storing samples.")] = False,
    column: ColumnWords = None,
    option: OptionWords = None,
) -> None:
    """Into a new dataset; says what it dropped, and why."""
    wanted, options = read_source(source), format_options(column or [], option or [])
    with Modelyard() as yard:
        given = _bring(yard, wanted)
        if dry_run:
            seen = _look(yard, given, format, options, is_thorough=True)
            _tell_detection(seen, given if isinstance(wanted, Path) else None, as_json=False)
            return
        called = name or _name(yard, wanted)
        dataset = yard.datasets.create(project_id, called, given, format, options=options, is_raw=raw)
        if raw:
            say(f"{dataset.id}: registered; import it with: modelyard datasets prepare {dataset.id}")
        else:
            _follow(yard, dataset)


@commands.command("prepare")
def prepare(
    dataset_id: UUID,
    adapter: Annotated[str | None, typer.Option(help="A format; else it is detected.")] = None,
    column: ColumnWords = None,
    option: OptionWords = None,
) -> None:
    """Import a raw dataset, or once more one whose import failed."""
    options = format_options(column or [], option or [])
    with Modelyard() as yard:
        _follow(yard, yard.datasets.prepare(dataset_id, adapter, options=options))


@commands.command("add")
def add(
    dataset_id: UUID,
    source: Source,
    format: Format = None,
    column: ColumnWords = None,
    option: OptionWords = None,
) -> None:
    """More samples, which make a new version; what the dataset holds already is left out."""
    wanted, options = read_source(source), format_options(column or [], option or [])
    with Modelyard() as yard:
        given = _bring(yard, wanted)
        _follow(yard, yard.datasets.add(dataset_id, given, format, options=options))


def _bring(yard: Modelyard, source: Path | DatasetSource) -> DatasetSource:
    """What lies on this machine is sent first."""
    if not isinstance(source, Path):
        return source
    try:
        with bytes_bar("upload") as show:
            return UploadSource(upload_id=yard.uploads.send(source, progress=show).id)
    except KeyboardInterrupt:
        say("interrupted; the same command goes on where this one stopped")
        raise


def _name(yard: Modelyard, source: Path | DatasetSource) -> str:
    if isinstance(source, UploadSource):
        return name_of(Path(yard.uploads.get(source.upload_id).filename))
    return name_of(source)


def _look(
    yard: Modelyard,
    source: DatasetSource,
    format: str | None,
    options: FormatOptions | None,
    *,
    is_thorough: bool,
) -> Detection:
    with work_bar("look") as show:
        begun = yard.datasets.detect(source, format, options=options, is_thorough=is_thorough)
        return yard.datasets.wait_for_detection(begun.id, timeout_seconds=WAIT_SECONDS, on_progress=show)


def _tell_detection(seen: Detection, sent: DatasetSource | None, as_json: bool) -> None:
    if as_json:
        document(seen)
        return
    show_detection(seen)
    if isinstance(sent, UploadSource):
        say(f"import it without sending it again: modelyard datasets import PROJECT upload:{sent.upload_id}")


def _follow(yard: Modelyard, dataset: Dataset) -> None:
    """Until the import ended; one that failed tells what it found, too."""
    try:
        with work_bar("import") as show:
            dataset = yard.datasets.wait(dataset.id, timeout_seconds=WAIT_SECONDS, on_progress=show)
    except DatasetFailed:
        _tell_report(yard, dataset)
        raise
    except KeyboardInterrupt:
        say(f"the import goes on without us; modelyard datasets report {dataset.id} tells how it ended")
        raise
    _tell_report(yard, dataset)


def _tell_report(yard: Modelyard, dataset: Dataset) -> None:
    try:
        report = yard.datasets.report(dataset.id, report_id=dataset.job_id)
    except NotFound:
        return
    say(f"{dataset.id}: {report.num_imported} of {report.num_found} samples imported")
    show_report(yard, report)
