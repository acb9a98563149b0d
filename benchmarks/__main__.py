"""`python -m benchmarks [name …]`: measures and writes RESULTS.md."""

import sys
from collections.abc import Callable

from rich.console import Console

from benchmarks import (
    archives,
    browsing,
    dispatching,
    importing,
    input_decoders,
    input_path,
    large_import,
    results_pages,
    serving,
    splitting,
    submitting,
    thumbnails,
    tracking,
    training,
)
from benchmarks.results import Result, write_results

BENCHMARKS: dict[str, Callable[[], list[Result]]] = {
    "training": training.measure,
    "input_path": input_path.measure,
    "input_decoders": input_decoders.measure,
    "importing": importing.measure,
    "archives": archives.measure,
    "large_import": large_import.measure,
    "browsing": browsing.measure,
    "results_pages": results_pages.measure,
    "thumbnails": thumbnails.measure,
    "splitting": splitting.measure,
    "submitting": submitting.measure,
    "dispatching": dispatching.measure,
    "tracking": tracking.measure,
    "serving": serving.measure,
}


def main(names: list[str]) -> None:
    if unknown := sorted(set(names) - BENCHMARKS.keys()):
        sys.exit(f"there is no benchmark {unknown[0]!r}; there are {', '.join(BENCHMARKS)}")
    console = Console(highlight=False)
    for name in names or BENCHMARKS:
        console.print(f"[bold]{name}[/]")
        results = BENCHMARKS[name]()
        for result in results:
            console.print(f"  {result.title}: {result.value} ({result.aim})")
        write_results(name, results)


if __name__ == "__main__":
    main(sys.argv[1:])
