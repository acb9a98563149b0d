"""What an epoch leaves on the disk: a model package, and the state that a resume goes on from."""

import os
from pathlib import Path

import lightning

from libs.common.contracts.base import now
from libs.tasks.learning import TrainingModule
from libs.tasks.package_files import write_package
from libs.tasks.runtime import CheckpointFiles


def write_checkpoint(
    trainer: lightning.Trainer,
    module: TrainingModule,
    directory: Path,
    metrics: dict[str, float],
    *,
    is_best: bool,
) -> CheckpointFiles:
    """Asked by every rank; the first one writes."""
    epoch, step, every = trainer.current_epoch, trainer.global_step, module.config.checkpoint_every_epochs
    files = CheckpointFiles(
        epoch=epoch,
        step=step,
        is_best=is_best,
        package=directory / "checkpoints" / f"package-{step}",
        resume=directory / "checkpoints" / f"resume-{step}.ckpt",
        metrics=metrics,
        is_kept=every is not None and (epoch + 1) % every == 0,
    )
    if trainer.is_global_zero:
        reached = {
            "epoch": epoch,
            "step": step,
            "metrics": metrics,
            "calibration": module.calibration,
            "created_at": now(),
        }
        write_package(files.package, module.kept_network, module.card.model_copy(update=reached))
    trainer.save_checkpoint(files.resume, weights_only=False)  # with the optimiser; loaded without pickle
    if trainer.is_global_zero and module.config.on_out_of_memory == "shrink":
        _keep(files.resume, newest_state(directory))
    return files


def newest_state(directory: Path) -> Path:
    """What a training goes on from after it ran out of memory; the checkpoints themselves are given away."""
    return directory / "checkpoints" / "newest.ckpt"


def _keep(state: Path, place: Path) -> None:
    """Another name of the same bytes."""
    beside = place.with_suffix(".new")
    os.link(state, beside)
    beside.replace(place)
