"""`modelyard exports …`"""

from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer

from libs.client.client import Modelyard
from libs.client.commands.showing import (
    AsJson,
    IsSure,
    bytes_bar,
    confirm,
    document,
    say,
    show,
    table,
    work_bar,
)
from libs.common.contracts.exports import Export, ExportState, Precision
from libs.common.contracts.reports import ParityReport
from libs.common.errors import Conflict

commands = typer.Typer(
    no_args_is_help=True, help="Checkpoints as files of other formats, each with its certificate."
)
MayLose = Annotated[
    float | None,
    typer.Option("--tolerance", min=0, max=1, help="What the metric may lose; default: by precision."),
]


@commands.command("formats")
def list_formats(as_json: AsJson = False) -> None:
    """What can be exported to, and why something cannot."""
    with Modelyard() as yard:
        columns = {
            "format": lambda it: it.format,
            "precision": lambda it: it.precision,
            "what": lambda it: it.title,
            "deployed": lambda it: "yes" if it.is_served else "",
            "may lose": lambda it: f"{it.metric_tolerance:g}",
            "not here because": lambda it: it.reason,
        }
        show(yard.exports.formats(), columns, as_json)


@commands.command("create")
def create_export(
    run_id: UUID,
    checkpoint: Annotated[str, typer.Option(help="best, last or epoch-N")] = "best",
    format: Annotated[str, typer.Option(help="As `exports formats` lists them.")] = "onnx",
    precision: Precision = Precision.FP32,
    may_lose: MayLose = None,
    wait: Annotated[bool, typer.Option(help="Until it has ended.")] = True,
) -> None:
    """Exports a checkpoint of a run and proves on held-out samples that nothing changed."""
    with Modelyard() as yard:
        made = yard.exports.create(
            run_id,
            checkpoint=checkpoint,
            format=format,
            precision=precision,
            metric_tolerance=may_lose,
        )
        say(made.id)
        if wait:
            _tell(_followed(yard, made.id))


@commands.command("list")
def list_exports(
    run: Annotated[UUID | None, typer.Option()] = None,
    project: Annotated[UUID | None, typer.Option()] = None,
    as_json: AsJson = False,
) -> None:
    """The newest first."""
    with Modelyard() as yard:
        columns = {
            "id": lambda it: it.id,
            "run": lambda it: it.run_name,
            "checkpoint": lambda it: it.checkpoint,
            "format": lambda it: f"{it.format} {it.precision}",
            "state": lambda it: it.state,
            "size": lambda it: f"{it.file.size_bytes / 2**20:.1f} MiB" if it.file else "",
            "model": lambda it: _version(it) or "",
            "error": lambda it: it.error_code,
        }
        show(yard.exports.list(run, project=project), columns, as_json)


@commands.command("show")
def show_export(export_id: UUID, as_json: AsJson = False) -> None:
    """With its certificate."""
    with Modelyard() as yard:
        export = yard.exports.get(export_id)
        if as_json:
            document(export)
        else:
            _tell(export)


@commands.command("certificate")
def show_certificate(export_id: UUID) -> None:
    """As JSON, to be kept beside the file."""
    with Modelyard() as yard:
        document(yard.exports.certificate(export_id))


@commands.command("download")
def download_export(
    export_id: UUID, to: Annotated[Path, typer.Argument(help="A file or a folder.")] = Path()
) -> None:
    with Modelyard() as yard, bytes_bar("export") as progress:
        path = yard.exports.download(export_id, to, progress=progress)
    say(path)


@commands.command("delete")
def delete_export(export_id: UUID, is_sure: IsSure = False) -> None:
    """With its file; one that is under way is given up."""
    with Modelyard() as yard:
        confirm("export", str(export_id), is_sure)
        yard.exports.delete(export_id)


def _followed(yard: Modelyard, export_id: UUID) -> Export:
    """Raises what it failed with."""
    with work_bar("export") as told:
        for _, job in yard.exports.watch(export_id):
            if job is not None:
                told(job.progress, job.message or job.state)
    export = yard.exports.get(export_id)
    if export.state != ExportState.COMPLETED:
        raise Conflict(f"the export {export.state}: {export.error_detail or export.error_code}")
    return export


def _tell(export: Export) -> None:
    rows = {
        "run": f"{export.run_name}, {export.checkpoint}",
        "format": f"{export.format} {export.precision}",
        "state": export.state,
        "model": _version(export),
        "file": export.filename,
        "sha256": export.file.sha256 if export.file else None,
        "error": export.error_detail,
        **(_certified(export.parity) if export.parity else {}),
    }
    table([row for row in rows.items() if row[1] is not None], "export", str(export.id))


def _certified(parity: ParityReport) -> dict[str, str]:
    allowed = "any" if parity.tolerance is None else f"{parity.tolerance:g}"
    return {
        "certificate": "passed" if parity.passed else "refused",
        "compared": f"{parity.num_samples} samples of {parity.subset} by {parity.runtime}",
        "outputs differ by": f"{parity.max_abs_difference:.2g} (allowed {allowed})",
        parity.metric: f"{parity.metric_pytorch:.4f} in PyTorch, {parity.metric_exported:.4f} in the file "
        f"(may lose {parity.metric_tolerance:g})",
    }


def _version(export: Export) -> str | None:
    return f"{export.model} v{export.model_version}" if export.model else None
