"""`modelyard splits …`"""

from typing import Annotated
from uuid import UUID

import typer

from libs.client.client import Modelyard
from libs.client.commands.showing import AsJson, document, say, show, table
from libs.client.commands.splitting import GROUP_FORMS, METHODS, Words, read_group, read_method
from libs.common.contracts.splits import LeakReport, SplitPreview

commands = typer.Typer(no_args_is_help=True, help="Split datasets; a split is locked once it is saved.")

Several = list[str] | None
Version = Annotated[int | None, typer.Option(min=1, help="Else the newest.")]
Method = Annotated[str, typer.Option(help=", ".join(METHODS))]
Ratios = Annotated[str, typer.Option(help="Shares that add up to 1.")]
Seed = Annotated[int, typer.Option(min=0)]
Stratified = Annotated[bool, typer.Option(help="Every class divided by ratio.")]
GroupBy = Annotated[str | None, typer.Option(help=f"What stays together: {GROUP_FORMS}.")]
NearDuplicates = Annotated[
    int | None,
    typer.Option(min=0, max=10, help="Images that differ in at most so many of 64 bits stay together."),
]
Field = Annotated[str | None, typer.Option(help="Of method field; else the subset that the import named.")]
Values = Annotated[Several, typer.Option("--value", help="Of method field: restval=train. Else each is one.")]
Files = Annotated[Several, typer.Option("--files", help="test=photos/*.jpg, or test=@list.txt")]
Rules = Annotated[
    Several,
    typer.Option(
        "--rule", help="test:label=cat,min_side=32; also name, field, value, max_side. The first decides."
    ),
]
Rest = Annotated[
    str | None, typer.Option(help="Of files and filter: takes all others, else they are left out.")
]
Subset = Annotated[str, typer.Option(help="Of method none.")]


@commands.command("list")
def list_splits(dataset_id: UUID, as_json: AsJson = False) -> None:
    """Newest first."""
    with Modelyard() as yard:
        columns = {
            "id": lambda it: it.id,
            "name": lambda it: it.name,
            "version": lambda it: it.version,
            "method": lambda it: it.method.method,
            "subsets": lambda it: ", ".join(f"{each.subset} {each.num_samples}" for each in it.subsets),
            "left out": lambda it: it.num_left_out,
            "kept": lambda it: it.num_kept,
            "made": lambda it: f"{it.created_at:%Y-%m-%d %H:%M}",
        }
        show(yard.splits.list(dataset_id), columns, as_json)


@commands.command("preview")
def preview_split(
    dataset_id: UUID,
    method: Method = "ratio",
    ratios: Ratios = Words.ratios,
    seed: Seed = 0,
    stratified: Stratified = True,
    group_by: GroupBy = None,
    near_duplicates: NearDuplicates = None,
    field: Field = None,
    values: Values = None,
    files: Files = None,
    rules: Rules = None,
    rest: Rest = None,
    subset: Subset = "train",
    version: Version = None,
    as_json: AsJson = False,
) -> None:
    """How the classes would be divided; nothing is saved."""
    words = Words(
        method, ratios, seed, stratified, group_by, near_duplicates, field,
        values or (), files or (), rules or (), rest, subset,
    )  # fmt: skip
    with Modelyard() as yard:
        seen = yard.splits.preview(dataset_id, read_method(words), version=version)
    if as_json:
        document(seen)
        return
    _tell(seen)
    counts = {each.subset: {found.name: found.count for found in each.classes} for each in seen.subsets}
    names = sorted({name for classes in counts.values() for name in classes})
    rows = ((name, *(classes.get(name, 0) for classes in counts.values())) for name in names)
    table(rows, "class", *counts)


@commands.command("create")
def create_split(
    dataset_id: UUID,
    name: Annotated[str, typer.Option()] = "split",
    method: Method = "ratio",
    ratios: Ratios = Words.ratios,
    seed: Seed = 0,
    stratified: Stratified = True,
    group_by: GroupBy = None,
    near_duplicates: NearDuplicates = None,
    field: Field = None,
    values: Values = None,
    files: Files = None,
    rules: Rules = None,
    rest: Rest = None,
    subset: Subset = "train",
    version: Version = None,
) -> None:
    """Saved and locked; says its id last."""
    words = Words(
        method, ratios, seed, stratified, group_by, near_duplicates, field,
        values or (), files or (), rules or (), rest, subset,
    )  # fmt: skip
    with Modelyard() as yard:
        split = yard.splits.create(dataset_id, name, read_method(words), version=version)
    _tell(split)
    say(split.id)


@commands.command("leaks")
def check_leaks(
    split_id: UUID,
    near_duplicates: Annotated[int, typer.Option(min=0, max=10, help="Of 64 bits, that may differ.")] = 4,
    group_by: Annotated[str | None, typer.Option(help=f"Else as it was dealt: {GROUP_FORMS}.")] = None,
    as_json: AsJson = False,
) -> None:
    """What lies in several subsets: the same bytes, images that look alike, parts of one group."""
    with Modelyard() as yard:
        report = yard.splits.leaks(split_id, near_duplicates=near_duplicates, group=read_group(group_by))
    document(report) if as_json else _tell_leaks(report)


def _tell(seen: SplitPreview) -> None:
    for each in seen.subsets:
        say(f"{each.subset}: {each.num_samples} samples")
    notes = {
        "left out": seen.num_left_out,
        "kept as an earlier split dealt them": seen.num_kept,
        "groups that stay together": seen.num_groups,
        "groups that an earlier split holds apart": seen.num_torn_groups,
    }
    for what, count in notes.items():
        if count:
            say(f"{what}: {count}")


def _tell_leaks(report: LeakReport) -> None:
    if not report.num_leaks:
        say("no leaks")
        return
    say(
        f"{report.num_leaks} leaks, {report.num_samples} samples: {report.num_duplicates} of the same bytes, "
        f"{report.num_near_duplicates} that look alike, {report.num_groups} of one group"
    )
    rows = (
        (
            leak.kind,
            leak.distance if leak.kind == "near_duplicate" else "",
            ", ".join(f"{name} ({subset})" for name, subset in zip(leak.names, leak.subsets, strict=True)),
            leak.num_samples,
        )
        for leak in report.leaks
    )
    table(rows, "kind", "bits", "samples", "of")
