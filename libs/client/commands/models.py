"""`modelyard models …`"""

from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer
from pydantic import ValidationError

from libs.client.client import Modelyard
from libs.client.commands.showing import AsJson, IsSure, bytes_bar, confirm, document, say, show
from libs.common.contracts.models import ForeignModel, ModelVersion
from libs.common.contracts.packages import ImageInput
from libs.common.errors import BadInput, Problem

commands = typer.Typer(no_args_is_help=True, help="The model registry.")
IMAGENET = "0.485,0.456,0.406", "0.229,0.224,0.225"


@commands.command("list")
def list_models(project: Annotated[UUID | None, typer.Option()] = None, as_json: AsJson = False) -> None:
    with Modelyard() as yard:
        columns = {
            "name": lambda it: it.name,
            "task": lambda it: it.task,
            "latest": lambda it: f"v{it.latest_version}" if it.latest_version else "none",
            "aliases": lambda it: ", ".join(f"{alias} → v{number}" for alias, number in it.aliases.items()),
            "note": lambda it: it.note,
        }
        show(yard.models.list(project), columns, as_json)


@commands.command("versions")
def list_versions(name: str, as_json: AsJson = False) -> None:
    with Modelyard() as yard:
        columns = {
            "version": lambda it: it.version,
            "origin": lambda it: it.run_id or it.origin,
            "precision": lambda it: it.precision,
            "size": lambda it: f"{it.file.size_bytes / 1e6:,.1f} MB",
            "metric": _metric,
            "parity": lambda it: f"{it.parity.max_abs_difference:.1e}" if it.parity else "",
            "aliases": lambda it: ", ".join(it.aliases),
            "note": lambda it: it.note,
        }
        show(yard.models.versions(name), columns, as_json)


@commands.command("register")
def register(name: str, export_id: UUID, note: Annotated[str, typer.Option()] = "") -> None:
    """A completed export as the next version of a model."""
    with Modelyard() as yard:
        _tell(yard.models.register(name, export_id, note=note))


@commands.command("import")
def import_file(
    name: str,
    project_id: UUID,
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False)],
    classes: Annotated[
        str, typer.Option(help="In the order of the outputs: cat,dog — or @FILE, one a line.")
    ],
    size: Annotated[str, typer.Option(help="Of the network's input: HEIGHTxWIDTH.")] = "224x224",
    mean: Annotated[str, typer.Option(help="Of each colour, on the scale 0 to 1.")] = IMAGENET[0],
    std: Annotated[str, typer.Option(help="As `--mean`.")] = IMAGENET[1],
    logits: Annotated[bool, typer.Option("--logits", help="It answers logits, not probabilities.")] = False,
    task: Annotated[str, typer.Option()] = "classification",
    option: Annotated[list[str] | None, typer.Option(help="A knob of the task: mode=multi.")] = None,
    note: Annotated[str, typer.Option()] = "",
) -> None:
    """An ONNX file from elsewhere as the next version of a model; it is checked and tried out first."""
    foreign = _foreign(
        task=task,
        classes=_classes(classes),
        input=_input(size, mean, std),
        answers="logits" if logits else "probabilities",
        config=dict(_knob(each) for each in option or []),
    )
    with Modelyard() as yard:
        with bytes_bar("upload") as progress:
            upload = yard.uploads.send(file, progress=progress)
        job = yard.models.import_file(name, project_id, upload.id, foreign, note=note)
        _tell(yard.models.wait_for_import(name, job))


@commands.command("alias")
def set_alias(name: str, alias: str, version: int) -> None:
    """Points an alias such as `champion` to a version, wherever it pointed before."""
    with Modelyard() as yard:
        yard.models.set_alias(name, alias, version)
        say(f"{alias} is {name} v{version}")


@commands.command("unalias")
def remove_alias(name: str, alias: str) -> None:
    with Modelyard() as yard:
        yard.models.remove_alias(name, alias)
        say(f"{name} has no {alias} any more")


@commands.command("note")
def write_note(name: str, note: str, version: Annotated[int | None, typer.Option()] = None) -> None:
    """On a model, or on one version of it."""
    with Modelyard() as yard:
        if version is None:
            yard.models.update(name, note=note)
        else:
            yard.models.update_version(name, version, note=note)


@commands.command("lineage")
def show_lineage(name: str, version: int, as_json: AsJson = False) -> None:
    """From data to deployments."""
    with Modelyard() as yard:
        found = yard.models.lineage(name, version)
        if as_json:
            document(found)
            return
        columns = {
            "kind": lambda it: it.kind,
            "name": lambda it: f"{it.name} v{it.version}" if it.version is not None else it.name,
            "state": lambda it: it.state,
            "id": lambda it: it.id,
        }
        show(found.nodes, columns, as_json=False)


@commands.command("download")
def download(name: str, version: int, file: Path) -> None:
    """The ONNX file of a version."""
    with Modelyard() as yard, bytes_bar(name) as progress:
        yard.models.download(name, version, file, progress=progress)
    say(file)


@commands.command("delete")
def delete(
    name: str,
    version: Annotated[int | None, typer.Option(help="Only this one; its number never comes again.")] = None,
    is_sure: IsSure = False,
) -> None:
    """A model with its versions, or one version; what a deployment answers with stays."""
    with Modelyard() as yard:
        if version is None:
            confirm("model", name, is_sure)
            yard.models.delete(name)
        else:
            confirm("version", f"{name} v{version}", is_sure)
            yard.models.delete_version(name, version)


def _metric(version: ModelVersion) -> str:
    return f"{version.parity.metric} {version.parity.metric_exported:.4f}" if version.parity else ""


def _tell(version: ModelVersion) -> None:
    say(f"{version.model} v{version.version}")


def _foreign(**said: object) -> ForeignModel:
    try:
        return ForeignModel.model_validate(said)
    except ValidationError as error:
        problems = [
            Problem(field=".".join(map(str, each["loc"])), message=each["msg"]) for each in error.errors()
        ]
        raise BadInput("what is said of the model cannot be so", errors=problems) from error


def _classes(text: str) -> tuple[str, ...]:
    if text.startswith("@"):
        return tuple(filter(None, map(str.strip, Path(text[1:]).read_text().splitlines())))
    return tuple(text.split(","))


def _input(size: str, mean: str, std: str) -> ImageInput:
    height, _, width = size.partition("x")
    try:
        colours = [tuple(map(float, each.split(","))) for each in (mean, std)]
        return ImageInput.model_validate(
            {"height": int(height), "width": int(width or height), "mean": colours[0], "std": colours[1]}
        )
    except ValueError as error:
        raise BadInput("a size is 224x224; mean and std are three numbers: 0.5,0.5,0.5") from error


def _knob(text: str) -> tuple[str, str]:
    name, is_there, value = text.partition("=")
    if not is_there:
        raise BadInput(f"{text!r} is no knob: write name=value")
    return name, value
