"""From the request to the first training step, beyond what importing torch costs anybody."""

import statistics
import subprocess
import sys
import time

from benchmarks.results import Result
from benchmarks.stack import digits, running
from libs.client import Modelyard
from libs.common.contracts.base import now

ROUNDS = 5
IMPORTS = "import torch, torchvision, lightning, torchmetrics"


def measure() -> list[Result]:
    with running() as yard:
        project, split, _ = digits(yard)
        experiment = yard.experiments.create(
            project.id, "first step", split.id, preset="fast", config={"epochs": 1}
        )
        imports, waits = [], []
        for _ in range(ROUNDS):
            imports.append(_import_seconds())
            waits.append(_first_step_seconds(yard, experiment.id))
    overhead = statistics.median(waits) - statistics.median(imports)
    return [
        Result(
            "submit → first training step",
            f"+{overhead:.1f} s",
            "≤ 2 s beyond importing torch",
            f"{statistics.median(waits):.1f} s from the request, {statistics.median(imports):.1f} s of them "
            f"for `{IMPORTS}` in a bare process; median of {ROUNDS}",
        )
    ]


def _import_seconds() -> float:
    started = time.perf_counter()
    subprocess.run([sys.executable, "-W", "ignore", "-c", IMPORTS], check=True)
    return time.perf_counter() - started


def _first_step_seconds(yard: Modelyard, experiment_id) -> float:
    started = now()
    run = yard.runs.start(experiment_id)
    yard.runs.wait(run.id)
    (losses,) = yard.runs.metrics(run.id, "train/loss")
    return (losses.points[0].at - started).total_seconds()
