"""For loops that last as long as their process: a cancellation that a library swallowed still ends them."""

import asyncio


def end_if_cancelled() -> None:
    """`wait_for` of Python 3.11, under every request of nats-py, forgets a cancel that comes with the answer.

    Without this a room told to stop went on working, and its process never ended.
    """
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError
