"""The Hugging Face hub, stood in for by a small server that speaks its endpoints to the real library."""

from pathlib import Path

import pytest

from libs.common.contracts.sources import HuggingFaceSource
from services.datasets.errors import (
    SourceIsGated,
    SourceIsMalformed,
    SourceIsNotAllowed,
    SourceIsTooLarge,
    SourceNotFound,
    SourceUnavailable,
)
from services.datasets.settings import Settings
from services.datasets.sources import check, fetch, is_there
from services.datasets.sources.origin import Fetched
from tests.unit.datasets.sources.hub import COMMIT, Hub, running
from tests.unit.datasets.sources.reaching import Told, resources

FILES = {
    "README.md": b"# Cats",
    ".gitattributes": b"*.png filter=lfs",
    "pictures.py": b"import os; os.system('rm -rf /')",
    "weights/model.PKL": b"pickle",
    "train/cat/1.png": b"one",
    "train/cat/2.png": b"two" * 100_000,
    "train/do g/[3]*.png": b"three",
    "train/.hidden/4.png": b"four",
    "metadata.csv": b"file_name\n",
}
DATA = {"train/cat/1.png", "train/cat/2.png", "train/do g/[3]*.png", "metadata.csv"}


async def fetched(
    hub: Hub, folder: Path, name: str = "cats/pictures", revision: str = "main", **settings: object
) -> Fetched:
    source = HuggingFaceSource(repository=name, revision=revision)
    wanted = {"huggingface_endpoint": hub.endpoint, **settings}
    await check(source, Settings(**wanted))  # type: ignore[arg-type]
    return await fetch(source, folder, resources(**wanted), Told())


async def test_data_files_come_and_programs_stay_away(tmp_path):
    with running(Hub(FILES)) as hub:
        found = await fetched(hub, tmp_path)
    files = {str(each.relative_to(found.path)) for each in found.path.rglob("*") if each.is_file()}
    assert files == DATA
    assert {name: (found.path / name).read_bytes() for name in DATA} == {name: FILES[name] for name in DATA}
    assert set(hub.downloaded) == DATA
    assert found.filename == "pictures"


async def test_a_commit_can_be_named(tmp_path):
    with running(Hub(FILES)) as hub:
        assert (await fetched(hub, tmp_path, revision=COMMIT)).path.is_dir()


async def test_a_sole_archive_is_the_source_itself(tmp_path):
    with running(Hub({"README.md": b"", "data/all.zip": b"PK"})) as hub:
        found = await fetched(hub, tmp_path)
    assert (found.path.read_bytes(), found.filename) == (b"PK", "all.zip")


async def test_a_token_of_this_machine_is_not_sent_one_of_the_settings_is(tmp_path, monkeypatch):
    monkeypatch.setenv("HF_TOKEN", "hf_left_here")
    with running(Hub(FILES, is_gated=True, token="hf_ours")) as hub:
        with pytest.raises(SourceIsGated, match="MODELYARD_HUGGINGFACE_TOKEN"):
            await fetched(hub, tmp_path / "1")
        assert hub.tokens == {None}
        found = await fetched(hub, tmp_path / "2", huggingface_token="hf_ours")
    assert (found.path / "metadata.csv").is_file()
    assert "Bearer hf_left_here" not in hub.tokens


async def test_what_the_hub_does_not_have_is_said(tmp_path):
    with running(Hub(FILES)) as hub:
        with pytest.raises(SourceNotFound, match="no dataset cats/unknown"):
            await fetched(hub, tmp_path, "cats/unknown")
        with pytest.raises(SourceNotFound, match="revision v9"):
            await fetched(hub, tmp_path, revision="v9")
    with running(Hub({"load.py": b""})) as hub, pytest.raises(SourceNotFound, match="no data files"):
        await fetched(hub, tmp_path)
    assert list((tmp_path / "source").iterdir()) == []


async def test_what_is_too_much_is_not_begun(tmp_path):
    with running(Hub(FILES)) as hub:
        with pytest.raises(SourceIsTooLarge):
            await fetched(hub, tmp_path, archive={"max_unpacked_bytes": 1000})
        with pytest.raises(SourceIsTooLarge):
            await fetched(hub, tmp_path, archive={"max_entries": 3})
    assert hub.downloaded == []


async def test_a_file_that_would_leave_the_folder_is_refused(tmp_path):
    with running(Hub({"../evil.csv": b"", "a.csv": b""})) as hub, pytest.raises(SourceIsMalformed):
        await fetched(hub, tmp_path)
    assert hub.downloaded == []


async def test_a_hub_that_is_away_is_worth_another_try(tmp_path):
    with pytest.raises(SourceUnavailable) as away:
        await fetched(Hub({}, endpoint="http://127.0.0.1:1"), tmp_path)
    assert away.value.retryable


async def test_a_machine_that_is_set_offline_says_so(tmp_path, monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with running(Hub(FILES)) as hub, pytest.raises(SourceUnavailable, match="HF_HUB_OFFLINE"):
        await fetched(hub, tmp_path)


async def test_the_hub_can_be_turned_off():
    with pytest.raises(SourceIsNotAllowed, match="MODELYARD_HUGGINGFACE_ENDPOINT"):
        await check(HuggingFaceSource(repository="cats/pictures"), Settings(huggingface_endpoint=""))


@pytest.mark.parametrize(
    ("name", "revision"), [("../..", "main"), ("a/..", "main"), ("a/b", "../x"), ("a/b", "x//y")]
)
async def test_odd_names_never_become_addresses(name, revision):
    with pytest.raises(SourceIsMalformed):
        await check(HuggingFaceSource(repository=name, revision=revision), Settings())


async def test_whether_it_is_there_only_fetching_tells():
    assert await is_there(HuggingFaceSource(repository="cats/pictures"), resources())
