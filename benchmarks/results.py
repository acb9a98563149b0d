"""What was measured, kept per benchmark in results.json and shown as RESULTS.md."""

import json
import os
import platform
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

FOLDER = Path(__file__).parent
HEAD = """# Results

Written by `make bench`. Ratios from one run on one machine, two sides in turns; not seconds to compare
across machines.
"""


@dataclass(frozen=True)
class Result:
    """`value` is what counts, `how` the figures it was made of."""

    title: str
    value: str
    aim: str
    how: str


def write_results(name: str, results: list[Result]) -> None:
    """Replaces what is known of this benchmark and leaves the others."""
    path = FOLDER / "results.json"
    known = json.loads(path.read_text()) if path.exists() else {}
    known[name] = {
        "when": datetime.now(UTC).strftime("%Y-%m-%d"),
        "machine": f"{os.cpu_count()} cores, {_processor()}, Python {platform.python_version()}",
        "results": [asdict(result) for result in results],
    }
    path.write_text(json.dumps(known, indent=2, ensure_ascii=False) + "\n")
    (FOLDER / "RESULTS.md").write_text(_markdown(known))


def _markdown(known: dict) -> str:
    parts = [HEAD]
    for name, each in known.items():
        rows = [
            f"| {row['title']} | **{row['value']}** | {row['aim']} | {row['how']} |"
            for row in each["results"]
        ]
        head = f"## {name.capitalize()}\n\n{each['when']}, {each['machine']}\n"
        parts.append("\n".join([head, "| what | measured | aim | made of |", "|---|---|---|---|", *rows, ""]))
    return "\n".join(parts)


def _processor() -> str:
    """The CPU's name where Linux tells it."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, platform.machine())
