"""Tasks are found by entry points, whoever brings them; what is broken stops nothing else."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from libs.tasks import registry
from libs.tasks.conformance import check_task
from libs.tasks.plug_ins import DuplicatePlugIn
from libs.tasks.registry import TaskIsUnknown
from tests.packages import install

ROOT = Path(__file__).parents[2]
Plug = Callable[..., None]

OURS = set(registry.tasks())


@pytest.fixture(scope="module")
def brightness(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("installed")
    install("brightness", folder)
    return folder


@pytest.fixture
def look_again(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Path], None]]:
    """Makes this process see what is installed in a folder; afterwards all is as before."""

    def look(folder: Path) -> None:
        monkeypatch.syspath_prepend(folder)
        registry.tasks.cache_clear()

    yield look
    monkeypatch.undo()
    registry.tasks.cache_clear()


@pytest.fixture
def plug(tmp_path: Path, look_again: Callable[[Path], None]) -> Plug:
    """A distribution with one entry point, as an installer would leave it."""

    def write(name: str, code: str) -> None:
        about = tmp_path / f"{name}-1.0.dist-info"
        about.mkdir()
        (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        (about / "entry_points.txt").write_text(f"[modelyard.tasks]\n{name} = {name}:MANIFEST\n")
        (tmp_path / f"{name}.py").write_text(code)
        # Packages of other tests may have had the same name.
        sys.modules.pop(name, None)
        look_again(tmp_path)

    return write


def test_a_process_with_the_package_on_its_path_has_the_task(brightness: Path):
    """Light as a room has it: naming and describing tasks loads neither torch nor numpy."""
    code = (
        "import sys; from libs.tasks import registry; "
        "print(*(task.describe().id for task in registry.tasks().values())); "
        "assert not {'torch', 'numpy'} & set(sys.modules)"
    )
    variables = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, (ROOT, brightness)))}
    told = subprocess.run([sys.executable, "-c", code], env=variables, capture_output=True, text=True)
    assert told.returncode == 0, told.stderr
    assert set(told.stdout.split()) == OURS | {"brightness"}


def test_a_package_of_its_own_keeps_the_contract(
    brightness: Path, look_again: Callable[[Path], None], tmp_path: Path
):
    look_again(brightness)
    check_task(registry.task("brightness"), tmp_path)


def test_a_package_that_cannot_be_loaded_stops_no_other(plug: Plug):
    plug("cracked", "raise ImportError('needs a library that is not there')")
    assert set(registry.tasks()) == OURS


def test_what_is_no_manifest_or_of_another_version_is_left_out(plug: Plug):
    plug("wordy", "MANIFEST = 'a task, really'")
    plug("future", _copy("id='future', api_version=99"))
    plug("present", _copy("id='present'"))
    assert set(registry.tasks()) == OURS | {"present"}


def test_two_packages_of_one_task_are_an_error(plug: Plug):
    plug("rival", _copy("title='The better one'"))
    with pytest.raises(DuplicatePlugIn, match="classification"):
        registry.tasks()


def test_an_unknown_task_is_answered_with_the_known_ones():
    with pytest.raises(TaskIsUnknown, match="juggling") as refused:
        registry.task("juggling")
    assert "classification" in refused.value.errors[0].message


def _copy(changes: str) -> str:
    return (
        "from dataclasses import replace\n"
        "from libs.tasks.classification.spec import MANIFEST as OURS\n"
        f"MANIFEST = replace(OURS, {changes})\n"
    )
