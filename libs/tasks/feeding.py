"""How samples reach a training: decoded once where memory holds all, else by as many readers as it takes.

What is found out here is told, and kept in the run's plan; it changes how fast samples come, never which.
"""

import math
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import torch

from libs.common.contracts.base import View
from libs.tasks.batching import Batches, MemoryBatches
from libs.tasks.data import ImageDataset
from libs.tasks.free_memory import free_bytes
from libs.tasks.slicing import EpochOrder, FixedOrder, Slicing
from libs.tasks.streaming import ProcessBatches, StreamedBatches, ThreadedBatches
from libs.tasks.tolerance import Tolerance

# Of what is free: other runs of the node start while this one decodes.
MEMORY_SHARE = 0.25
# Of decoded batches that wait for their use, all readers together.
AHEAD_BYTES = 512 * 2**20
MAX_AHEAD = 4
MAX_READERS = 16
PROBE_SAMPLES, PROBE_SECONDS = 64, 0.3
# A reader more than the training just needs: samples are not equally large.
SPARE = 1.25
WORTH_TELLING = 0.1
TELL_EVERY_SECONDS = 2.0
SINGULAR = {"threads": "thread", "processes": "process"}
Told = Callable[[float, str], None]


class InputPlan(View):
    """`num_readers` threads or processes, each decoding `samples_per_second` in a short trial; None where
    none was needed."""

    source: Literal["memory", "threads", "processes"]
    num_readers: int
    num_ahead: int = 0
    decoded_bytes: int
    samples_per_second: float | None = None

    @property
    def words(self) -> str:
        size = f"{self.decoded_bytes / 2**20:,.0f} MB"
        if self.source == "memory":
            return f"samples are decoded once and kept in memory: {size}"
        rate = f"each decodes about {self.samples_per_second:,.0f} samples/s"
        readers = _counted(self.num_readers, self.source)
        return f"samples ({size} decoded) are read as they are needed by {readers}; {rate}"


def _counted(number: int, source: str) -> str:
    return f"{number} {source if number > 1 else SINGULAR[source]}"


@dataclass(frozen=True)
class Surroundings:
    """`num_neighbours` processes share this machine's cores and memory for the same training."""

    device: torch.device
    num_neighbours: int = 1

    @property
    def num_cores(self) -> int:
        return max(1, len(os.sched_getaffinity(0)) // self.num_neighbours)


def plan_input(
    train: ImageDataset,
    val: ImageDataset,
    batch_size: int,
    num_workers: int | Literal["auto"],
    around: Surroundings,
) -> InputPlan:
    """Memory where both sets fit into a share of what is free; else threads beside a training on the CPU,
    whose cores are the same, and processes beside a GPU, which must not wait for the interpreter."""
    sample_bytes = math.prod(train.shape)
    decoded_bytes = sample_bytes * (len(train) + len(val))
    if decoded_bytes <= MEMORY_SHARE * free_bytes() / around.num_neighbours:
        return InputPlan(source="memory", num_readers=around.num_cores, decoded_bytes=decoded_bytes)
    is_gpu = around.device.type == "cuda"
    source = "threads" if num_workers == 0 or (num_workers == "auto" and not is_gpu) else "processes"
    wanted = max(1, around.num_cores - is_gpu) if num_workers == "auto" else max(1, num_workers)
    num_readers = min(MAX_READERS, wanted) if num_workers == "auto" else wanted
    batches = AHEAD_BYTES // (sample_bytes * batch_size * around.num_neighbours)
    per_reader = batches if source == "threads" else batches // num_readers
    return InputPlan(
        source=source,
        num_readers=num_readers,
        num_ahead=min(MAX_AHEAD, max(1, per_reader)),
        decoded_bytes=decoded_bytes,
        samples_per_second=_probe(train),
    )


def _probe(dataset: ImageDataset) -> float:
    """What one thread decodes in a second, of samples from all over the set."""
    started, count = time.perf_counter(), 0
    stride = max(1, len(dataset) // PROBE_SAMPLES)
    for row in range(0, len(dataset), stride):
        dataset[row]
        count += 1
        if count == PROBE_SAMPLES or time.perf_counter() - started > PROBE_SECONDS:
            break
    return count / max(1e-6, time.perf_counter() - started)


class Feed:
    """Makes the batches of a plan; `log` is told of it in lines, `told` how far decoding is."""

    def __init__(
        self,
        plan: InputPlan,
        around: Surroundings,
        tolerance: Tolerance,
        log: Callable[[str], None],
        told: Told,
        *,
        is_fixed: bool = False,
    ) -> None:
        """`is_fixed`: the number of readers was asked for and stays."""
        self._plan = plan
        self._around = around
        self._tolerance = tolerance
        self._log = log
        self._told = told
        self._is_fixed = is_fixed
        self._has_complained = False
        self._is_pinned = around.device.type == "cuda"
        log(plan.words)

    def batches(self, dataset: ImageDataset, order: EpochOrder | FixedOrder, batch_size: int) -> Batches:
        """Shuffled by an EpochOrder for training; in a FixedOrder for validation."""
        is_training = isinstance(order, EpochOrder)
        slicing = Slicing(order, batch_size, is_training)
        match self._plan.source:
            case "memory":
                return self._from_memory(dataset, slicing)
            case "threads":
                made: StreamedBatches = ThreadedBatches(
                    dataset,
                    slicing,
                    self._tolerance,
                    num_threads=self._plan.num_readers,
                    num_ahead=self._plan.num_ahead,
                    is_pinned=self._is_pinned,
                )
            case "processes":
                # Those of validation wait for the end of each epoch: half as many idle less.
                num_processes = self._plan.num_readers if is_training else -(-self._plan.num_readers // 2)
                made = ProcessBatches(
                    dataset,
                    slicing,
                    self._tolerance,
                    num_processes=num_processes,
                    num_ahead=self._plan.num_ahead,
                    is_pinned=self._is_pinned,
                )
        if is_training:
            made.before_next_epoch = self._adapt
        return made

    def _from_memory(self, dataset: ImageDataset, slicing: Slicing) -> Batches:
        started = told_at = time.monotonic()

        def decoded(count: int) -> None:
            nonlocal told_at
            if time.monotonic() - told_at >= TELL_EVERY_SECONDS:
                told_at = time.monotonic()
                self._told(count / len(dataset), f"decoding samples: {count:,} of {len(dataset):,}")

        made = MemoryBatches(
            dataset,
            slicing,
            self._tolerance,
            decoded,
            num_threads=self._plan.num_readers,
            is_pinned=self._is_pinned,
        )
        if (seconds := time.monotonic() - started) >= TELL_EVERY_SECONDS:
            self._log(f"{len(dataset):,} samples decoded in {seconds:.0f} s")
        return made

    def _adapt(self, batches: StreamedBatches) -> None:
        """By what the last epoch has shown: the training's own speed, and how long it waited for samples."""
        share = batches.waited_seconds / max(1e-6, batches.epoch_seconds)
        if isinstance(batches, ProcessBatches) and not self._is_fixed:
            wanted = self._wanted(batches, share)
            if wanted != batches.num_processes:
                readers = _counted(wanted, self._plan.source)
                self._log(
                    f"{share:.0%} of the epoch was waiting for samples; from now on they are read "
                    f"by {readers}, before by {batches.num_processes}"
                )
                batches.use(wanted)
                return
        if share > WORTH_TELLING and not self._has_complained:
            self._has_complained = True
            self._log(
                f"{share:.0%} of the epoch was waiting for samples; "
                "smaller stored images or more cores would make it shorter"
            )

    def _wanted(self, batches: ProcessBatches, share_waited: float) -> int:
        busy_seconds = max(1e-6, batches.epoch_seconds - batches.waited_seconds)
        needed = batches.num_samples / busy_seconds / (self._plan.samples_per_second or 1)
        most = min(MAX_READERS, self._around.num_cores)
        if share_waited > WORTH_TELLING:
            needed = max(needed, 1.5 * batches.num_processes)
        return min(most, max(1, math.ceil(SPARE * needed)))
