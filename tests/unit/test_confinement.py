"""A confined process keeps its folder and loses the rest."""

import subprocess
import sys
from pathlib import Path

ATTEMPTS = """
import os, socket, sys, threading
from pathlib import Path
from libs.common.child.confinement import confine

own, other = Path(sys.argv[1]), Path(sys.argv[2])
confine(own, cpu_seconds=60)
(own / "made").mkdir()
(own / "kept").write_text("x")
(own / "kept").rename(own / "made" / "moved")
Path(os.devnull).write_text("x")
print((other / "secret").read_text())

def attempt(name, act):
    try:
        act()
    except OSError as error:
        print(name, error.strerror)
    else:
        print(name, "was allowed")

def every_attempt():
    attempt("write", lambda: (other / "secret").write_text("mine"))
    attempt("make", lambda: (other / "new").touch())
    attempt("remove", lambda: (other / "secret").unlink())
    attempt("move", lambda: (own / "made" / "moved").rename(other / "moved"))
    attempt("connect", lambda: socket.create_connection(("127.0.0.1", 9)))
    attempt("listen", lambda: socket.socket(socket.AF_UNIX))

every_attempt()
thread = threading.Thread(target=every_attempt)
thread.start()
thread.join()
"""


def test_only_its_own_folder_is_written_and_nobody_is_reached(tmp_path: Path):
    own, other = tmp_path / "own", tmp_path / "other"
    own.mkdir()
    other.mkdir()
    (other / "secret").write_text("readable")

    done = subprocess.run(
        [sys.executable, "-c", ATTEMPTS, own, other],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    first, *attempts = done.stdout.splitlines()
    assert first == "readable"
    assert len(attempts) == 12
    assert [
        line for line in attempts if "Permission denied" not in line and "Invalid cross" not in line
    ] == []
    assert [path.name for path in other.iterdir()] == ["secret"]
    assert (other / "secret").read_text() == "readable"


def test_who_computes_for_too_long_is_told_by_the_signal(tmp_path: Path):
    program = (
        "import sys; from pathlib import Path; from libs.common.child.confinement import confine\n"
        "confine(Path(sys.argv[1]), cpu_seconds=1)\n"
        "while True: pass"
    )

    done = subprocess.run(
        [sys.executable, "-c", program, tmp_path], cwd=Path(__file__).parents[2], check=False
    )

    assert done.returncode == -24
