"""Why a run could not be trained, in words that a user can act on; the lines that follow were said last."""

import errno
import shutil
from pathlib import Path

from libs.common.child import Child, ChildCrashed, FailedMessage
from libs.common.errors import ModelyardError, ProblemDetails, error_from_problem
from services.trainer.errors import TrainingBroke, TrainingWasKilled, WorkerDiskIsFull

NO_SPACE = "No space left on device"
# Not every library says why a write has failed; with less than this, that is why.
FULL_BELOW_BYTES = 16 * 2**20


def told(message: FailedMessage, child: Child) -> ModelyardError:
    """What the training itself says it failed with."""
    problem = ProblemDetails(
        title="The run could not be trained",
        status=503 if message.retryable else 422,
        detail="\n".join((message.detail, *child.last_lines)),
        code=message.code,
        retryable=message.retryable,
    )
    return error_from_problem(problem)


def of_crash(error: ChildCrashed, folder: Path) -> ModelyardError:
    """Of a training that said nothing itself."""
    if error.exit_code < 0:
        return TrainingWasKilled(error.detail)
    if any(NO_SPACE in line for line in error.last_lines) or _is_full(folder):
        return WorkerDiskIsFull("\n".join((_disk_is_full(folder), *error.last_lines)))
    reason = next((line for line in reversed(error.last_lines) if line.strip()), error.detail)
    return TrainingBroke("\n".join((f"training broke off: {reason.strip()}", *error.last_lines)))


def of_disk(error: OSError, folder: Path) -> ModelyardError | None:
    """None when it is not about the disk: then it is a fault of ours."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return WorkerDiskIsFull(_disk_is_full(folder))
    return None


def _is_full(folder: Path) -> bool:
    return shutil.disk_usage(folder).free < FULL_BELOW_BYTES


def _disk_is_full(folder: Path) -> str:
    free = shutil.disk_usage(folder).free
    return f"the worker has {free / 2**20:.0f} MiB of disk left; free some, or lower MODELYARD_CACHE_BYTES"
