"""A worker's scratch folder: its own, and what killed workers left is removed."""

import os
import signal
import subprocess
import sys
from pathlib import Path

from libs.common.jobs.scratch import Scratch

HOLDER = """
import sys
from pathlib import Path
from libs.common.jobs.scratch import Scratch
scratch = Scratch(Path(sys.argv[1]))
(scratch.new_directory("job-1") / "archive").write_bytes(b"bytes")
print("held", flush=True)
sys.stdin.read()
"""


def test_a_living_workers_folder_stays_and_a_killed_ones_goes(tmp_path: Path):
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, tmp_path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        beside = Scratch(tmp_path)
        assert len(list(tmp_path.glob("worker-*/job-*/archive"))) == 1
        os.kill(holder.pid, signal.SIGKILL)
        holder.wait()
    after = Scratch(tmp_path)
    assert not list(tmp_path.glob("worker-*/job-*"))
    assert {beside.folder, after.folder} == set(tmp_path.glob("worker-*"))
    beside.close()
    after.close()
    assert not list(tmp_path.iterdir())
