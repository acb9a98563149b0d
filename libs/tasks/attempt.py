"""One training from its start or its last checkpoint to its end, in this process, as the rank it is."""

import logging
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import lightning
import torch
from lightning.fabric.plugins.environments.torchelastic import TorchElasticEnvironment
from lightning.pytorch.strategies import DDPStrategy
from torch._dynamo.exc import TorchDynamoException

from libs.common.contracts.base import now
from libs.common.contracts.packages import ModelCard
from libs.common.errors import ModelyardError
from libs.tasks import registry
from libs.tasks.config import TrainingConfig
from libs.tasks.devices import device_of
from libs.tasks.learning import TrainingModule
from libs.tasks.loading import Samples, loaders_of, samples_of
from libs.tasks.manifest import TaskManifest
from libs.tasks.memory import Outlook, OutOfMemory, free_bytes, is_for_want_of_memory, need_of
from libs.tasks.ranks import OtherRankIsGone, Rank, is_for_want_of_others, joined, own_rank
from libs.tasks.reading import ShardReader
from libs.tasks.request import TrainRequest, TrainResult
from libs.tasks.seeding import seed_all
from libs.tasks.telling import Silence, StoppedInsideAnEpoch, Teller, TrainEvents


class NetworkIsNotCompiled(ModelyardError):
    code, status, title = "network_not_compiled", 422, "The network cannot be compiled"


def attempt(request: TrainRequest, config: TrainingConfig, events: TrainEvents) -> TrainResult:
    """Raises errors of the Modelyard family in words a user can act on; only the first rank tells."""
    rank, manifest = own_rank(), registry.task(request.task)
    device = device_of(request.device, rank)
    events = events if rank.is_first else Silence()
    seed_all(config.seed)
    torch.set_num_threads(max(1, len(os.sched_getaffinity(0)) // rank.local_size))
    torch.set_float32_matmul_precision("high" if config.is_tf32_allowed else "highest")
    samples = samples_of(request, rank)
    card = _planned(card_of(manifest, config, request), manifest, samples, events)
    with ShardReader(request.data.shards) as reader, _calm(), joined(rank, device):
        module = TrainingModule(
            manifest,
            config,
            card,
            request.weights_cache,
            is_resumed=request.resume is not None,
            start_from=request.start_from,
        )
        loaders = loaders_of(samples, config, card, module.task, reader, rank, device, events)
        module.card = _with_plan(card, {"reading": loaders.plan.model_dump(mode="json")}, config, rank)
        teller = Teller(module, request.directory, events, loaders.order)
        trainer = _trainer(request, config, rank, device, teller)
        with _told_in_words(_look_at_memory(module, device, events), config.batch_size, request.device):
            try:
                trainer.fit(module, loaders.train, loaders.val, ckpt_path=_resume(request), weights_only=True)
            except StoppedInsideAnEpoch:
                events.log(f"training stops; the begun epoch is not kept, {teller.reached.num_epochs} are")
    return TrainResult(
        num_epochs=teller.reached.num_epochs,
        num_steps=trainer.global_step,
        metrics=teller.reached.best_metrics,
        is_stopped=teller.is_stopped,
        batch_size=config.batch_size,
        accumulate_batches=config.accumulate_batches,
    )


def card_of(manifest: TaskManifest, config: TrainingConfig, request: TrainRequest) -> ModelCard:
    task = manifest.load_runtime()
    return ModelCard(
        task=manifest.id,
        task_version=manifest.version,
        architecture=getattr(config, "architecture", manifest.id),
        classes=request.classes,
        input=task.image_input(config),
        config=config.model_dump(mode="json"),
        data=request.source,
        experiment_id=request.experiment_id,
        run_id=request.run_id,
        seed=config.seed,
        code_version=request.code_version,
        created_at=now(),
    )


def _planned(card: ModelCard, manifest: TaskManifest, samples: Samples, events: TrainEvents) -> ModelCard:
    """With what the task decides by a look at the training samples."""
    plan = manifest.load_runtime().plan(card, (record.annotations for record in samples.train))
    for note in plan.notes:
        events.log(note)
    return card.model_copy(update={"plan": plan.values})


def _with_plan(card: ModelCard, found: dict[str, Any], config: TrainingConfig, rank: Rank) -> ModelCard:
    """What was asked for may have been too much for the memory: this is what the steps were made with."""
    used = {
        "batch_size": config.batch_size,
        "accumulate_batches": config.accumulate_batches,
        "num_processes": rank.world_size,
    }
    return card.model_copy(update={"plan": card.plan | found | used})


def _look_at_memory(module: TrainingModule, device: torch.device, events: TrainEvents) -> Outlook:
    config = module.config
    is_mixed = "mixed" in _precision(config, device.type == "cuda")
    outlook = Outlook(
        need_of(module.network, module.card.input, config, is_mixed=is_mixed), free_bytes(device)
    )
    events.log(outlook.words(config.batch_size))
    outlook.check(config.batch_size)
    return outlook


@contextmanager
def _told_in_words(outlook: Outlook, batch_size: int, device: str) -> Iterator[None]:
    """What only a RuntimeError's text tells apart."""
    try:
        yield
    except (MemoryError, RuntimeError) as error:
        if is_for_want_of_memory(error):
            raise OutOfMemory(f"{device} ran out of memory; {outlook.advice(batch_size)}") from error
        if isinstance(error, TorchDynamoException):
            reason = str(error).strip().splitlines()[0]
            raise NetworkIsNotCompiled(f"{reason}; set is_compiled to false") from error
        if is_for_want_of_others(error):
            raise OtherRankIsGone("another training process no longer answers") from error
        raise


def _trainer(
    request: TrainRequest, config: TrainingConfig, rank: Rank, device: torch.device, teller: Teller
) -> lightning.Trainer:
    on_gpu = device.type == "cuda"
    return lightning.Trainer(
        accelerator="gpu" if on_gpu else "cpu",
        devices=_devices(rank, device),
        num_nodes=rank.world_size // rank.local_size,
        strategy=_strategy(rank),
        max_epochs=config.epochs,
        precision=_precision(config, on_gpu),
        accumulate_grad_batches=config.accumulate_batches,
        gradient_clip_val=config.gradient_clip,
        deterministic=config.is_deterministic,
        benchmark=not config.is_deterministic,
        callbacks=[teller],
        default_root_dir=request.directory,
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        num_sanity_val_steps=0,
        use_distributed_sampler=False,
    )


def _devices(rank: Rank, device: torch.device) -> Any:
    if device.type == "cpu":
        return rank.local_size
    first = device.index - rank.local_number
    return list(range(first, first + rank.local_size))


def _strategy(rank: Rank) -> Any:
    if rank.is_alone:
        return "auto"
    # Statistics of norms are shared once an epoch, by the module itself.
    return DDPStrategy(
        cluster_environment=TorchElasticEnvironment(),
        forward_sync_buffers=False,
        gradient_as_bucket_view=True,
    )


def _precision(config: TrainingConfig, on_gpu: bool) -> Any:
    match config.precision:
        case "auto":
            return "bf16-mixed" if on_gpu and torch.cuda.is_bf16_supported() else "32-true"
        case "fp32":
            return "32-true"
        case "bf16":
            return "bf16-mixed"
        case "fp16":
            return "16-mixed" if on_gpu else "bf16-mixed"


@contextmanager
def _calm() -> Iterator[None]:
    """Lightning's tips and its use of what torch deprecates are nothing that a user could act on."""
    logging.getLogger("lightning.pytorch").setLevel(logging.WARNING)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", r".*LeafSpec.* is deprecated", FutureWarning)
        # A frozen body is meant to be.
        warnings.filterwarnings("ignore", r"Found \d+ module\(s\) in eval mode")
        yield


def _resume(request: TrainRequest) -> str | None:
    return str(request.resume) if request.resume else None
