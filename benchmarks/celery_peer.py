"""Celery's side of the dispatch benchmark, in an environment of its own: the task, and who submits it."""

import json
import os
import socket
import time
from pathlib import Path

from celery import Celery  # pyright: ignore[reportMissingImports]

INBOX = os.environ["INBOX"]
REST_SECONDS = 0.03

app = Celery("celery_peer", broker=os.environ["REDIS_URL"])
app.conf.update(task_acks_late=True, worker_prefetch_multiplier=1, task_ignore_result=True)


@app.task(name="touch")
def touch(sent_at: float) -> None:
    seconds = time.time() - sent_at
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as out:
        out.sendto(str(seconds).encode(), INBOX)


def once(inbox: socket.socket) -> float:
    time.sleep(REST_SECONDS)
    touch.delay(time.time())  # pyright: ignore[reportFunctionMemberAccess]  # Celery is not installed here
    return float(inbox.recv(100))


def main() -> None:
    """Reads how many, writes how long each took."""
    Path(INBOX).unlink(missing_ok=True)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as inbox:
        inbox.bind(INBOX)
        while line := input():
            print(json.dumps([once(inbox) for _ in range(int(line))]), flush=True)


if __name__ == "__main__":
    main()
