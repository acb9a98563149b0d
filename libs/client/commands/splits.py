"""`modelyard splits …`"""

from typing import Annotated
from uuid import UUID

import typer

from libs.client.client import Modelyard
from libs.client.commands.showing import say
from libs.client.commands.sources import pairs
from libs.common.contracts.splits import RatioSplit

commands = typer.Typer(no_args_is_help=True, help="Split datasets; a split is locked once it is saved.")


@commands.command("create")
def create_split(
    dataset_id: UUID,
    name: Annotated[str, typer.Option()] = "split",
    ratios: Annotated[str, typer.Option(help="Shares that add up to 1.")] = "train=0.8,val=0.1,test=0.1",
    seed: Annotated[int, typer.Option()] = 0,
) -> None:
    """Stratified by class."""
    shares = {subset: float(share) for subset, share in pairs("ratios", ratios.split(","))}
    with Modelyard() as yard:
        split = yard.splits.create(dataset_id, name, RatioSplit(ratios=shares, seed=seed))
    for subset in split.subsets:
        say(f"{subset.subset}: {subset.num_samples} samples")
    say(split.id)
