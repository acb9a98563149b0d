"""Several processes train as one would, and none is left over."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import psutil
import pytest

from libs.common.contracts.packages import DataSource
from libs.common.contracts.telemetry import Progress
from libs.tasks import launching, registry
from libs.tasks.classification.task import ClassificationRuntime
from libs.tasks.conformance import Heard, toy_request
from libs.tasks.launching import RankDied
from libs.tasks.package_files import read_card
from libs.tasks.request import TrainRequest
from libs.tasks.training import train
from tests.tasks.plain_rank import build_plain

ROOT = Path(__file__).parents[2]
WAIT_SECONDS = 60
SUBSETS = {"train_subset", "val_subset"}
NO_AUGMENTATION = {"rotate_degrees": 0.0, "shift": 0.0, "zoom": 0.0}


def request_of(folder: Path, **config: object) -> TrainRequest:
    plain = {"optimiser": "sgd", "augmentation": NO_AUGMENTATION, "batch_size": 4}
    return toy_request(registry.task("classification"), folder, **(plain | config))


def rank_processes(folder: Path) -> dict[int, psutil.Process]:
    """By the number of their rank, of the trainings in this folder."""
    found = {}
    for process in psutil.process_iter(["cmdline"]):
        words = process.info["cmdline"] or []
        if words and words[-1].startswith(str(folder)) and words[-1].endswith("spec.json"):
            found[int(Path(words[-1]).parent.name)] = process
    return found


def eventually(is_so: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + WAIT_SECONDS
    while not is_so() and time.monotonic() < deadline:
        time.sleep(0.1)
    return is_so()


class KillsOne(Heard):
    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._folder = folder

    def progress(self, progress: Progress) -> None:
        if progress.epoch is not None and (ranks := rank_processes(self._folder)):
            ranks[1].kill()


def test_two_processes_reach_what_one_reaches_with_twice_the_batch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(launching, "MODULE", "tests.tasks.plain_rank")
    monkeypatch.setattr(ClassificationRuntime, "build_network", build_plain)
    alone, together = Heard(), Heard()
    one = train(request_of(tmp_path / "one", batch_size=8), alone)
    two = train(request_of(tmp_path / "two", num_devices=2), together)
    assert (two.num_epochs, two.num_steps) == (one.num_epochs, one.num_steps)
    assert [(step, key) for step, key, _ in together.points] == [(step, key) for step, key, _ in alone.points]
    values = [[value for _, _, value in heard.points] for heard in (together, alone)]
    assert values[0] == pytest.approx(values[1], abs=1e-4)
    assert [each.epoch for each in together.checkpoints] == [each.epoch for each in alone.checkpoints]
    assert all(each.package.exists() for each in together.checkpoints)
    assert rank_processes(tmp_path) == {}


def test_a_process_that_is_killed_ends_the_run_by_its_name(tmp_path: Path):
    with pytest.raises(RankDied, match="process 1: the process was ended by SIGKILL"):
        train(request_of(tmp_path, num_devices=2, epochs=10_000), KillsOne(tmp_path))
    assert rank_processes(tmp_path) == {}


def test_none_outlives_the_process_that_started_them(tmp_path: Path):
    request = request_of(tmp_path, num_devices=2, epochs=10_000)
    (tmp_path / "request.json").write_text(request.model_dump_json())
    started = subprocess.Popen(
        [sys.executable, "-m", "tests.tasks.ranks_program", str(tmp_path / "request.json")],
        cwd=ROOT,
        stdout=subprocess.PIPE,
    )
    assert started.stdout is not None
    with started, started.stdout:
        assert started.stdout.readline() == b"trains\n"
        assert set(rank_processes(tmp_path)) == {0, 1}
        os.kill(started.pid, signal.SIGKILL)
        assert eventually(lambda: not rank_processes(tmp_path))


def test_torchrun_starts_them_on_any_node(tmp_path: Path):
    """As a person does who has several machines: no worker, and the first process prints."""
    request = request_of(tmp_path, epochs=2)
    source = DataSource(project_id=uuid4(), dataset_id=uuid4(), version=1, split_id=uuid4())
    whole = {"source": source, "experiment_id": uuid4(), "run_id": uuid4()}
    (tmp_path / "spec.json").write_text(request.model_copy(update=whole).model_dump_json(exclude=SUBSETS))
    words = ["--standalone", "--nproc-per-node", "2", "-m", "services.trainer.run", tmp_path / "spec.json"]
    done = subprocess.run(
        [sys.executable, "-m", "torch.distributed.run", *words], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("training starts at epoch 1 of 2") == 1
    cards = [read_card(folder) for folder in (request.directory / "checkpoints").glob("package-*")]
    assert max(card.epoch for card in cards) == 1
    assert {card.plan["num_processes"] for card in cards} == {2}
