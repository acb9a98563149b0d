"""What came of each fault, kept in results.json and shown as docs/reliability.md."""

import json
import os
import platform
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

FOLDER = Path(__file__).parent
PAGE = FOLDER.parents[1] / "docs" / "reliability.md"
HEAD = """# What faults cost

Written by `make test-faults` (tests/faults); nothing here was typed by hand. Each row is one fault, done for
real to a whole local stack at work: an import, a training that goes on to evaluation, export and deployment,
an evaluation and an export are all under way when it strikes, while two callers ask a deployment over HTTP.

Afterwards all of that work must have ended well, and one function (`tests/faults/invariants.py`) must find
nothing: no metric point lost or double, every sample with the bytes it came with, no bytes that nobody owns,
nothing in a state that is not final, every announced fact in the stream, Triton as wished, of two attempts
only one visible. A request may be refused only as 503 or 504 with `Retry-After`, while something is away (or
by the line itself, where the gateway was struck), and not once afterwards.

"""
COLUMNS = (
    *("what was done", "to", "lasted", "right again after", "requests lost"),
    *("attempts", "all work done after", "load", "when"),
)
LEGEND = """
*Lasted*: how long the fault was in force. *Right again*: from its end until every part answered and the last
request had been refused. *Attempts*: how often the four jobs were taken up, four being none twice. Leases
were {lease} s long (60 s by default): the job of a worker that is gone waits for the end of its lease. *Load*
is the machine's average over a minute as the fault struck: above its cores, others slowed it down.

In the rows from 02:18 to 03:08 on 2026-11-22 the scheduler let the stack go first (its sessions at nice -6,
then -12), and from 02:43 on its threads waited without spinning (`OMP_WAIT_POLICY=PASSIVE`): an ordinary run
beside so much else takes longer.

A nats-server that met a full disk hangs, in one stream or in all (seen with 2.9.10). The local stack looks
for that each minute and starts it anew: so long it takes until all is right again there.

Beside these rows the suite kills the process and then the room of an export in every format that is made
without a GPU, and the room that scores samples which somebody sent; it damages and takes away stored samples
and model files, which must be named by who needs them.

Not done: the clocks of our own processes jump in no case, only PostgreSQL's, by which the queue goes
(Debian's libfaketime makes Python's `sleep` fail beside a true monotonic clock); the machine itself keeps its
power, so that what the kernel has not written yet is never lost; TensorRT wants a GPU.
"""


@dataclass(frozen=True)
class Row:
    done: str
    to: str
    lasted_seconds: float
    right_after_seconds: float
    num_asked: int
    lost: dict[str, int]
    num_attempts: int
    done_after_seconds: float
    lease_seconds: float
    load_average: float
    broken: tuple[str, ...] = ()


def write(row: Row, num_cases: int) -> None:
    """Replaces what is known of this fault and leaves the others."""
    path = FOLDER / "results.json"
    known = json.loads(path.read_text()) if path.exists() else {}
    when = datetime.now(UTC).strftime("%Y-%m-%d %H:%M")
    known[f"{row.done} · {row.to}"] = {**asdict(row), "when": when, "machine": _machine()}
    path.write_text(json.dumps(known, indent=2, ensure_ascii=False) + "\n")
    PAGE.write_text(_page(known, num_cases))


def _page(known: dict, num_cases: int) -> str:
    head = f"| {' | '.join(COLUMNS)} |\n|{'---|' * len(COLUMNS)}\n"
    rows = head + "".join(map(_line, known.values()))
    machines = "; ".join(sorted({each["machine"] for each in known.values()}))
    leases = " or ".join(sorted({f"{each['lease_seconds']:g}" for each in known.values()}))
    are_all = len(known) == num_cases
    told = f"All {num_cases} faults" if are_all else f"{len(known)} of {num_cases} faults so far"
    return f"{HEAD}{told}, on {machines}.\n\n{rows}{LEGEND.format(lease=leases)}"


def _line(row: dict) -> str:
    lost = ", ".join(f"{count} × {outcome}" for outcome, count in row["lost"].items()) or "none"
    ended = f"{row['done_after_seconds']:.0f} s" if not row["broken"] else f"**{'; '.join(row['broken'])}**"
    cells = (
        *(row["done"], row["to"], _seconds(row["lasted_seconds"]), f"{row['right_after_seconds']:.1f} s"),
        *(
            f"{lost} of {row['num_asked']}",
            row["num_attempts"],
            ended,
            f"{row['load_average']:.0f}",
            row["when"],
        ),
    )
    return f"| {' | '.join(map(str, cells))} |\n"


def _seconds(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds >= 1 else "a moment"


def _machine() -> str:
    return f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}"
