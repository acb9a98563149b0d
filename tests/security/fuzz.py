"""`python -m tests.security.fuzz SECONDS`: atheris on parsers of annotations and archives, led by coverage.

Each in a process of its own, for so many seconds; one that raises what is no error of ours fails it all.
"""

import subprocess
import sys
import tempfile
from functools import partial
from pathlib import Path

SECONDS = 60


def fuzz(name: str, folder: Path, seconds: int) -> None:
    import atheris

    with atheris.instrument_imports(include=["services.datasets.files", "services.datasets.formats"]):
        from tests.security import hostile_files
    if name in hostile_files.ARCHIVES:
        whole, attempt = hostile_files.ARCHIVES[name], hostile_files.read_archive
    else:
        whole = next(iter(hostile_files.WHOLE[name].values()))
        attempt = partial(hostile_files.read_annotations, name)
    (folder / "whole").write_bytes(whole)
    limits = (
        f"-max_total_time={seconds}",
        "-timeout=10",
        "-rss_limit_mb=4096",
        f"-artifact_prefix={folder}/",
    )
    atheris.Setup([sys.argv[0], str(folder), *limits], attempt)
    atheris.Fuzz()


def main() -> None:
    match sys.argv[1:]:
        case [name, folder, seconds]:
            fuzz(name, Path(folder), int(seconds))
        case seconds:
            fuzz_all(int(seconds[0]) if seconds else SECONDS)


def fuzz_all(seconds: int) -> None:
    from tests.security.hostile_files import ARCHIVES, WHOLE

    for name in (*WHOLE, *ARCHIVES):
        folder = tempfile.mkdtemp(prefix=f"modelyard-fuzz-{name}-")
        command = [sys.executable, "-m", "tests.security.fuzz", name, folder, str(seconds)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        last = done.stderr.strip().splitlines()[-1:]
        print(f"{name}: {last[0] if last else ''}", flush=True)
        if done.returncode != 0:
            raise SystemExit(f"{name} failed; the bytes are in {folder}\n{done.stderr[-3000:]}")


if __name__ == "__main__":
    main()
