"""Training any task: on one device or several, and once more with smaller batches where memory was too small.

It needs no server: a request, local files, and `TrainEvents` to tell what happens.
"""

import gc

import torch

from libs.tasks import registry
from libs.tasks.attempt import attempt
from libs.tasks.checkpoints import newest_state
from libs.tasks.config import TrainingConfig
from libs.tasks.devices import require_devices
from libs.tasks.launching import train_in_processes
from libs.tasks.memory import OutOfMemory
from libs.tasks.ranks import own_rank
from libs.tasks.request import TrainRequest, TrainResult
from libs.tasks.telling import TrainEvents

__all__ = ["TrainEvents", "TrainRequest", "TrainResult", "train"]


def train(request: TrainRequest, events: TrainEvents) -> TrainResult:
    """Raises errors of the Modelyard family in words a user can act on."""
    config = registry.task(request.task).config_model.model_validate(request.config)
    state = newest_state(request.directory)
    state.unlink(missing_ok=True)  # of an earlier training in this folder
    while True:
        try:
            return _train(request, config, events)
        except OutOfMemory as error:
            if not _can_shrink(config):
                raise
            reason = error.detail
        # Out of the handler: the error holds what was computed last.
        _release()
        config = _shrunk(config)
        events.log(_going_on(reason, config))
        if state.exists():
            request = request.model_copy(update={"resume": state})


def _train(request: TrainRequest, config: TrainingConfig, events: TrainEvents) -> TrainResult:
    if config.num_devices > 1 and own_rank().is_alone:
        require_devices(request.device, config.num_devices)
        return train_in_processes(request, config, events)
    return attempt(request, config, events)


def _can_shrink(config: TrainingConfig) -> bool:
    """Ranks that others started cannot agree on it: not all of them have failed."""
    return config.on_out_of_memory == "shrink" and config.batch_size > 1 and own_rank().is_alone


def _shrunk(config: TrainingConfig) -> TrainingConfig:
    smaller = {
        "batch_size": config.batch_size // 2,
        "accumulate_batches": config.accumulate_batches * 2,
    }
    return config.model_copy(update=smaller)


def _going_on(reason: str, config: TrainingConfig) -> str:
    size, count = config.batch_size, config.accumulate_batches
    return f"{reason}. Going on with batches of {size}, {count} of them to a step"


def _release() -> None:
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
