"""Which checkpoints wait for the object store when epochs are faster than it."""

from pathlib import Path

from libs.common.contracts.jobs import Lease
from libs.common.ids import new_id
from services.trainer.handover import WrittenCheckpoint
from services.trainer.worker.checkpoints import CheckpointStore

LEASE = Lease(
    job_id=new_id(),
    token=new_id(),
    attempt=1,
    lease_seconds=60,
    kind="run.train",
    data={},
    project_id=None,
    device="cpu",
    checkpoint=None,
)


def _written(folder: Path, epoch: int, is_best: bool, is_kept: bool = False) -> WrittenCheckpoint:
    package, resume = folder / f"package-{epoch}", folder / f"resume-{epoch}.ckpt"
    package.mkdir()
    resume.touch()
    return WrittenCheckpoint(
        epoch=epoch,
        step=epoch * 6,
        is_best=is_best,
        is_kept=is_kept,
        package=package,
        resume=resume,
        metrics={},
    )


def _left_of(folder: Path, *bests: bool, kept: tuple[int, ...] = ()) -> list[int]:
    """The epochs whose files still lie there after all were offered and none was stored."""
    store = CheckpointStore(None, None, None, LEASE, "runs/x/")  # pyright: ignore[reportArgumentType]
    for epoch, is_best in enumerate(bests):
        store.offer(_written(folder, epoch, is_best, epoch in kept))
    return sorted(int(path.name.split("-")[1]) for path in folder.glob("package-*"))


def test_only_the_newest_waits_when_it_is_the_best(tmp_path: Path) -> None:
    assert _left_of(tmp_path, True, False, True) == [2]


def test_the_best_waits_beside_a_newer_one_that_is_worse(tmp_path: Path) -> None:
    assert _left_of(tmp_path, False, True, False, False) == [1, 3]


def test_those_passed_over_leave_nothing_on_the_disk(tmp_path: Path) -> None:
    assert _left_of(tmp_path, False, False) == [1]
    assert [path.name for path in tmp_path.glob("resume-*")] == ["resume-1.ckpt"]


def test_those_to_be_kept_wait_whatever_comes_after_them(tmp_path: Path) -> None:
    assert _left_of(tmp_path, True, False, True, False, False, kept=(1, 3)) == [1, 2, 3, 4]
