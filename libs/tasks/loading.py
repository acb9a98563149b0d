"""The batches of a training: which samples this process gets, and in which order."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from libs.common.contracts.packages import ModelCard
from libs.common.contracts.telemetry import Progress
from libs.common.errors import BadInput
from libs.tasks.batching import Batches
from libs.tasks.config import TrainingConfig
from libs.tasks.data import ImageDataset
from libs.tasks.feeding import Feed, InputPlan, Surroundings, plan_input
from libs.tasks.ranks import Rank
from libs.tasks.reading import SampleRecord, ShardReader, read_manifest
from libs.tasks.request import TrainRequest
from libs.tasks.runtime import TaskRuntime
from libs.tasks.slicing import EpochOrder, FixedOrder
from libs.tasks.telling import TrainEvents
from libs.tasks.tolerance import Tolerance

MIN_VAL_BATCH = 64


class SubsetIsEmpty(BadInput):
    code, title = "subset_empty", "There is nothing to train or validate on"


@dataclass(frozen=True)
class Loaders:
    """`plan` says how samples are read."""

    train: Batches
    val: Batches
    order: EpochOrder
    plan: InputPlan


@dataclass(frozen=True)
class Samples:
    train: Sequence[SampleRecord]
    val: Sequence[SampleRecord]


def samples_of(request: TrainRequest, rank: Rank) -> Samples:
    """Raises SubsetIsEmpty where there is not a sample for each process."""
    records = read_manifest(request.data.manifest, (request.train_subset, request.val_subset))

    def of(subset: str) -> Sequence[SampleRecord]:
        own = [record for record in records if record.subset == subset]
        if not own:
            raise SubsetIsEmpty(f"the subset {subset!r} has no samples")
        if len(own) < rank.world_size:
            raise SubsetIsEmpty(
                f"{rank.world_size} processes share the subset {subset!r}, which has {len(own)} samples"
            )
        return own

    return Samples(of(request.train_subset), of(request.val_subset))


def loaders_of(
    samples: Samples,
    config: TrainingConfig,
    card: ModelCard,
    task: TaskRuntime,
    reader: ShardReader,
    rank: Rank,
    device: torch.device,
    events: TrainEvents,
) -> Loaders:
    def dataset(records: Sequence[SampleRecord]) -> ImageDataset:
        return ImageDataset(records, reader, card.input, lambda record: task.target(record.annotations, card))

    train, val = dataset(samples.train), dataset(samples.val)
    order = EpochOrder(len(train), config.seed, rank.number, rank.world_size)
    val_order = FixedOrder(len(val), rank.number, rank.world_size)
    size = min(config.batch_size, len(order))
    around = Surroundings(device, rank.local_size)
    plan = plan_input(train, val, size, config.num_workers, around)
    num_samples = len(train) + len(val)
    feed = Feed(
        plan,
        around,
        Tolerance(config.on_bad_sample, config.bad_sample_limit, num_samples, events.log),
        events.log,
        lambda _, message: events.progress(Progress(fraction=0, message=message)),
        is_fixed=config.num_workers != "auto",
    )
    return Loaders(
        feed.batches(train, order, size), feed.batches(val, val_order, _val_size(size)), order, plan
    )


def _val_size(size: int) -> int:
    """Larger where training has small batches, since nothing is kept for a backward pass; within bounds, as
    they may be small for want of memory."""
    return max(size, min(MIN_VAL_BATCH, 4 * size))
