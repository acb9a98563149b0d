"""The example of the documentation, as it is printed there, against the real server."""

import asyncio
import os
import sys
from pathlib import Path

from libs.common.ids import new_id
from tests.integration.notifier.conftest import Listener
from tests.integration.notifier.test_deliveries import _run_failed

ROOT = Path(__file__).parents[3]
EXAMPLE = ROOT / "examples/subscribe.py"


async def test_the_subscriber_hears_of_runs(listener: Listener) -> None:
    password = listener.house.stack.stack.secrets["nats_integration"]
    url = f"nats://integration:{password}@127.0.0.1:{listener.house.stack.stack.ports['nats']}"
    running = await asyncio.create_subprocess_exec(
        sys.executable, EXAMPLE, env={**os.environ, "NATS_URL": url}, stdout=asyncio.subprocess.PIPE
    )
    assert running.stdout is not None
    try:
        async with asyncio.timeout(30):
            heard = asyncio.create_task(running.stdout.readline())
            while not heard.done():
                # It hears what happens from its subscription on; when that stands it tells nobody.
                fact = _run_failed()
                await listener.publish(fact, new_id(), str(new_id()))
                await asyncio.wait([heard], timeout=0.2)
        line = heard.result().decode()
    finally:
        running.terminate()
        await running.wait()

    assert "run.failed Night run" in line


def test_the_documentation_shows_the_example_as_it_is() -> None:
    code = EXAMPLE.read_text().partition('"""\n\n')[2].rstrip()
    lines = [line for line in code.splitlines() if line.strip() and not line.startswith("import")]

    assert code in (ROOT / "docs/integrate.md").read_text()
    assert len(lines) <= 10
