"""`modelyard samples …`"""

import sys
from itertools import groupby
from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer
from pydantic import TypeAdapter, ValidationError

from libs.client.client import Modelyard
from libs.client.commands.showing import AsJson, IsSure, say, show
from libs.client.commands.sources import invalid
from libs.common.contracts.annotations import Annotation, LabelAnnotation
from libs.common.contracts.samples import Sample
from libs.common.errors import BadInput

commands = typer.Typer(no_args_is_help=True, help="Look at samples, annotate and delete them.")
ANNOTATIONS = TypeAdapter(tuple[Annotation, ...])


def _what(sample: Sample) -> str:
    if sample.width:
        return f"{sample.width}×{sample.height}"
    return sample.excerpt or ", ".join(f"{name}: {value}" for name, value in sample.fields.items())


COLUMNS = {
    "id": lambda it: it.id,
    "name": lambda it: it.name,
    "what": _what,
    "labels": lambda it: ", ".join(it.labels),
    "annotations": lambda it: len(it.annotations),
    "subset": lambda it: it.subset,
}


@commands.command("list")
def list_samples(
    dataset_id: UUID,
    version: Annotated[int | None, typer.Option(min=1)] = None,
    label: Annotated[str | None, typer.Option()] = None,
    split: Annotated[UUID | None, typer.Option(help="Subsets are then those of this split.")] = None,
    subset: Annotated[str | None, typer.Option()] = None,
    name: Annotated[str | None, typer.Option(help="A part of the name.")] = None,
    sort: Annotated[str, typer.Option(help="name, created or size; -size for the largest first.")] = "name",
    limit: Annotated[int, typer.Option(min=1, max=200)] = 50,
    cursor: Annotated[str | None, typer.Option(help="What the page before said.")] = None,
    as_json: AsJson = False,
) -> None:
    with Modelyard() as yard:
        page = yard.samples.page(
            dataset_id,
            version=version,
            label=label,
            split=split,
            subset=subset,
            q=name,
            sort=sort,
            limit=limit,
            cursor=cursor,
        )
    show(page.items, COLUMNS, as_json)
    if page.next_cursor and not as_json:
        say(f"the next page: --cursor {page.next_cursor}")


@commands.command("annotate")
def annotate(
    sample_id: UUID,
    label: Annotated[str | None, typer.Option(help="The sample is of this class.")] = None,
    file: Annotated[
        str | None, typer.Option(help="A JSON list of annotations; - reads it from stdin.")
    ] = None,
    version: Annotated[int | None, typer.Option(help="Refuse if it changed since this version.")] = None,
) -> None:
    """In a new version: what the sample was told to show is replaced."""
    if (label is None) == (file is None):
        raise BadInput("say what it shows with --label or with --file")
    annotations = (LabelAnnotation(label=label),) if label else _read(file or "-")
    with Modelyard() as yard:
        sample = yard.samples.annotate(sample_id, annotations, version=version)
    say(f"version {sample.version}: {sample.name} is {', '.join(sample.labels) or 'without a label'}")


@commands.command("delete")
def delete(sample_ids: list[UUID], yes: IsSure = False) -> None:
    """From a new version on, one for all of them; older versions keep them."""
    if not yes:
        typer.confirm(f"This makes a version without these {len(sample_ids)} samples. Go on?", abort=True)
    with Modelyard() as yard:
        found = sorted((yard.samples.get(each) for each in sample_ids), key=lambda it: it.dataset_id)
        for dataset_id, samples in groupby(found, key=lambda it: it.dataset_id):
            version = yard.datasets.edit(dataset_id, remove=[each.id for each in samples])
            say(f"version {version.version} of {dataset_id}: {version.num_samples} samples")


def _read(file: str) -> tuple[Annotation, ...]:
    try:
        return ANNOTATIONS.validate_json(sys.stdin.read() if file == "-" else Path(file).read_bytes())
    except OSError as error:
        raise BadInput(f"{file} cannot be read: {error.strerror}") from error
    except ValidationError as error:
        raise invalid("these are no annotations", error) from error
