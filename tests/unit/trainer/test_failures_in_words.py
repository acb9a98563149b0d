"""What a user reads when a training process breaks off without a word of its own."""

import errno
from pathlib import Path

from libs.common.child import ChildCrashed
from services.trainer.worker.failures import of_crash, of_disk

LAST_LINES = ("Traceback (most recent call last):", '  File "x.py", line 3', "ValueError: no such thing", "")


def test_an_unforeseen_error_is_told_by_its_last_line_and_not_tried_again(tmp_path: Path) -> None:
    failure = of_crash(ChildCrashed(1, LAST_LINES), tmp_path)

    assert (failure.code, failure.retryable) == ("training_broke", False)
    assert failure.detail.splitlines()[0] == "training broke off: ValueError: no such thing"
    assert tuple(failure.detail.splitlines()[1:4]) == LAST_LINES[:3]


def test_a_silent_end_is_told_by_its_exit_code(tmp_path: Path) -> None:
    failure = of_crash(ChildCrashed(3, ()), tmp_path)

    assert failure.detail.splitlines()[0] == "training broke off: the process ended with exit code 3"


def test_a_killed_process_is_worth_another_attempt(tmp_path: Path) -> None:
    failure = of_crash(ChildCrashed(-9, ()), tmp_path)

    assert (failure.code, failure.retryable) == ("training_killed", True)


def test_a_full_disk_is_another_workers_chance_and_says_what_to_do(tmp_path: Path) -> None:
    crash = ChildCrashed(1, ("OSError: [Errno 28] No space left on device",))
    for failure in (of_crash(crash, tmp_path), of_disk(OSError(errno.ENOSPC, "full"), tmp_path)):
        assert failure is not None
        assert (failure.code, failure.retryable) == ("worker_disk_full", True)
        assert "MODELYARD_CACHE_BYTES" in failure.detail.splitlines()[0]
    assert of_disk(OSError(errno.EACCES, "denied"), tmp_path) is None
