"""Task packages as others would write them, and how tests install them; nothing is downloaded.

`install("brightness", folder)` leaves the package and its metadata in `folder`, as an installer does: with
that folder on `PYTHONPATH`, every process finds the task by its entry point.
"""

import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

SOURCES = Path(__file__).parent
BUILD = """
import sys
from setuptools.build_meta import build_wheel
print(build_wheel(sys.argv[1]))
"""


def install(name: str, folder: Path) -> None:
    """Builds the wheel and unpacks it, which is all that installing a pure one is."""
    with tempfile.TemporaryDirectory() as work:
        source = shutil.copytree(SOURCES / name, Path(work) / name)
        done = subprocess.run(
            [sys.executable, "-c", BUILD, work], cwd=source, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        with zipfile.ZipFile(Path(work) / done.stdout.splitlines()[-1]) as wheel:
            wheel.extractall(folder)
