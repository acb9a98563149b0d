"""A worker's folder on the disk, when workers beside it live or were killed."""

from pathlib import Path

from libs.common.jobs.scratch import own_folder


def test_a_folder_goes_with_its_worker(tmp_path: Path) -> None:
    with own_folder(tmp_path / "runs") as folder:
        (folder / "job").mkdir()

    assert [path.name for path in (tmp_path / "runs").iterdir()] == ["lock"]


def test_what_a_killed_worker_left_is_removed_and_what_a_living_one_has_stays(tmp_path: Path) -> None:
    abandoned = tmp_path / "killed"
    (abandoned / "job").mkdir(parents=True)
    (abandoned / "lock").touch()

    with own_folder(tmp_path) as living, own_folder(tmp_path) as newest:
        assert {path.name for path in tmp_path.iterdir()} == {"lock", living.name, newest.name}
