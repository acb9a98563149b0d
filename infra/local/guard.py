"""What supervisord itself does not see, looked for each minute: `python -m infra.local.guard HOME`.

An event listener of supervisord: it ends a NATS that hangs, which is then started anew, and tries again what
supervisord gave up on, for want of room on the disk perhaps.
"""

import asyncio
import os
import signal
import sys
from contextlib import suppress
from pathlib import Path

from supervisor.childutils import listener

from infra.local.home import Stack, open_stack
from infra.local.supervision import Supervisor, SupervisorFailed


def listen(stack: Stack) -> None:
    while True:
        listener.wait()
        look(stack)
        listener.ok()


def look(stack: Stack) -> None:
    # Late: a stack that lasts less than a minute never needs it.
    from infra.local.hanging import hangs

    with suppress(SupervisorFailed):
        if asyncio.run(hangs(stack)):
            _end_nats(stack)
        supervisor = Supervisor(stack)
        supervisor.start([name for name, state in supervisor.states().items() if state.is_given_up])


def _end_nats(stack: Stack) -> None:
    """Without a word: it would not listen."""
    if pid := Supervisor(stack).states()["nats"].pid:
        print("nats answers nothing about its streams and is started anew", file=sys.stderr, flush=True)
        os.kill(pid, signal.SIGKILL)


if __name__ == "__main__":
    listen(open_stack(Path(sys.argv[1])))
