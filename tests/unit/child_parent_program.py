"""A parent with one lingering child, to be killed by test_child."""

import asyncio
import sys
from pathlib import Path

from libs.common.child import Child
from tests.unit.child_program import Play


async def main(directory: Path) -> None:
    play = Play(act="linger", note=str(directory / "pids"))
    async with await Child.start("tests.unit.child_program", play, directory) as child:
        async for _ in child.messages():
            print("ready", flush=True)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
