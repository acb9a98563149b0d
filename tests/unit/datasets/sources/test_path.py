"""Paths of the server: only below the allowed roots, wherever links lead."""

import os
from pathlib import Path

import pytest

from libs.common.contracts.sources import PathSource
from services.datasets.errors import SourceIsMalformed, SourceIsNotAllowed, SourceNotFound
from services.datasets.settings import Settings
from services.datasets.sources import check, fetch, is_there
from services.datasets.sources.origin import Fetched
from tests.unit.datasets.sources.reaching import Told, resources


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Beside it lies what nobody may read."""
    (tmp_path / "root" / "animals" / "cat").mkdir(parents=True)
    (tmp_path / "root" / "animals" / "cat" / "1.png").write_bytes(b"png")
    (tmp_path / "root" / "animals.zip").write_bytes(b"zip")
    (tmp_path / "root-2").mkdir()
    (tmp_path / "secret").write_text("secret")
    return tmp_path / "root"


async def fetched(path: str | Path, *roots: Path) -> Fetched:
    source = PathSource(path=str(path))
    await check(source, Settings(import_roots=roots))
    return await fetch(source, roots[0].parent / "job", resources(import_roots=roots), Told())


async def test_folders_and_files_are_used_where_they_are(root):
    assert await fetched(root / "animals", root) == Fetched(root / "animals", "animals")
    assert await fetched(root / "animals.zip", root) == Fetched(root / "animals.zip", "animals.zip")
    assert await fetched(root, root) == Fetched(root, "root")


async def test_a_relative_path_is_looked_for_below_each_root(root, tmp_path):
    assert (await fetched("animals", tmp_path / "root-2", root)).path == root / "animals"
    with pytest.raises(SourceNotFound):
        await fetched("plants", tmp_path / "root-2", root)


async def test_without_roots_it_says_what_to_set(root):
    with pytest.raises(SourceIsNotAllowed, match="MODELYARD_IMPORT_ROOTS"):
        await fetched(root / "animals")


@pytest.mark.parametrize(
    "given",
    ["/etc/passwd", "/", "..", "../secret", "../root-2", "animals/../../secret", "{root}/../secret",
     "{root}-2", "/proc/self/environ", "../nothing"],
)  # fmt: skip
async def test_what_lies_elsewhere_is_refused_whether_or_not_it_is_there(root, given):
    given = given.format(root=root)
    with pytest.raises(SourceIsNotAllowed):
        await check(PathSource(path=given), Settings(import_roots=(root,)))
    assert not await is_there(PathSource(path=given), resources(import_roots=(root,)))


async def test_a_link_leads_no_further_than_the_roots(root, tmp_path):
    (root / "out").symlink_to(tmp_path / "secret")
    (root / "up").symlink_to("..")
    (root / "within").symlink_to("animals")
    for given in ("out", "up/secret", "up/root-2", root / "out"):
        with pytest.raises(SourceIsNotAllowed):
            await fetched(given, root)
    assert (await fetched("within", root)).path == root / "animals"


async def test_a_root_may_itself_be_a_link(root, tmp_path):
    (tmp_path / "mounted").symlink_to(root)
    assert (await fetched(tmp_path / "mounted" / "animals", tmp_path / "mounted")).path == root / "animals"


@pytest.mark.parametrize("target", ["../../../secret", "/etc", "../../../nothing"])
async def test_a_folder_with_a_link_that_leads_out_is_refused(root, target):
    (root / "animals" / "cat" / "2.png").symlink_to(target)
    with pytest.raises(SourceIsNotAllowed, match=r"cat/2\.png"):
        await fetched("animals", root)


async def test_a_folder_with_a_link_that_stays_inside_is_taken(root):
    (root / "animals" / "zip").symlink_to("../animals.zip")
    (root / "animals" / "round").symlink_to(".")
    assert (await fetched("animals", root)).path == root / "animals"


async def test_what_is_not_there_is_said(root):
    os.symlink("loop", root / "loop")
    for given in ("plants", "animals.zip/inside", "a" * 300, "loop"):
        with pytest.raises(SourceNotFound):
            await fetched(given, root)
        assert not await is_there(PathSource(path=given), resources(import_roots=(root,)))
    assert await is_there(PathSource(path="animals"), resources(import_roots=(root,)))


async def test_a_path_with_a_nul_character_is_no_path(root):
    with pytest.raises(SourceIsMalformed):
        await check(PathSource(path="animals\0.zip"), Settings(import_roots=(root,)))


async def test_pipes_and_devices_are_refused_and_not_opened(root):
    os.mkfifo(root / "pipe")
    with pytest.raises(SourceIsNotAllowed, match="neither a file nor a folder"):
        await fetched("pipe", root)
