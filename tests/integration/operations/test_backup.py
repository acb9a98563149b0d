"""Backups of real rows and bytes, into empty places, and what is refused."""

import asyncio
import json
import stat
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from minio import Minio
from pydantic import SecretStr

from infra.operations.backup import back_up, verify
from infra.operations.errors import (
    BackupIsDamaged,
    BackupIsNewer,
    BackupNotFound,
    FolderIsNoBackup,
    MigrationFailed,
    SecretsDiffer,
    StackIsInUse,
    StackIsNotEmpty,
)
from infra.operations.folder import MANIFEST, Folder, Snapshot
from infra.operations.restore import restore
from infra.operations.upgrade import upgrade
from libs.common.contracts.base import now
from libs.common.db import Database
from libs.common.db.holding import may_delete_bytes
from libs.common.ids import new_id
from tests.integration.operations.conftest import Place

CONTENT = {f"runs/{number}/log": f"bytes {number}".encode() * 1000 for number in range(5)}
PROJECTS = "SELECT id, name FROM datasets.projects ORDER BY id"
BackUp = Callable[..., Awaitable[Snapshot]]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "backup"


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
async def backed_up(full: Place, folder: Path, said: list[str]) -> Snapshot:
    """Rows of one room, and bytes."""
    await _add_project(full)
    for key, content in CONTENT.items():
        await full.storage.put_bytes(key, content)
    return await back_up(full.settings, folder, 7, said.append)


async def _add_project(place: Place) -> None:
    await place.carry_out(
        "INSERT INTO datasets.projects (id, name, task, description, created_at, updated_at)"
        f" VALUES ('{new_id()}', 'P {new_id()}', 'classification', '', now(), now())"
    )


async def _stored(place: Place) -> dict[str, bytes]:
    found = await place.storage.list_objects("")
    return {each.key: await place.storage.get_bytes(each.key) for each in found}


async def test_rows_and_bytes_come_back_with_their_owners_into_an_empty_place(
    full: Place, empty: Place, folder: Path, backed_up: Snapshot, said: list[str]
) -> None:
    await restore(empty.settings, folder, None, said.append)

    assert await empty.rows(PROJECTS) == await full.rows(PROJECTS)
    assert await _stored(empty) == await _stored(full)
    owners = (
        "SELECT schemaname, tablename, tableowner FROM pg_tables"
        " WHERE schemaname NOT IN ('pg_catalog', 'information_schema') ORDER BY 1, 2"
    )
    assert await empty.rows(owners) == await full.rows(owners)
    with pytest.raises(StackIsNotEmpty, match="database holds"):
        await restore(empty.settings, folder, None, said.append)


async def test_a_restore_that_was_broken_off_is_refused_nothing_and_can_be_repeated(
    full: Place, empty: Place, folder: Path, backed_up: Snapshot, said: list[str]
) -> None:
    path = Folder(folder).object_path("runs/3/log")
    path.write_bytes(bytes(len(CONTENT["runs/3/log"])))
    for doing in (verify(folder, None), restore(empty.settings, folder, None, said.append)):
        with pytest.raises(BackupIsDamaged, match="runs/3/log"):
            await doing
    assert await empty.rows("SELECT tablename FROM pg_tables WHERE schemaname = 'datasets'") == []

    path.write_bytes(CONTENT["runs/3/log"])
    await verify(folder, None)
    await restore(empty.settings, folder, None, said.append)

    assert await _stored(empty) == await _stored(full)
    assert await empty.rows(PROJECTS) == await full.rows(PROJECTS)


async def test_a_backup_without_a_key_says_what_is_lost_and_so_does_its_restore(
    full: Place, empty: Place, folder: Path, said: list[str]
) -> None:
    without = full.settings.model_copy(update={"channel_key": SecretStr("")})
    await back_up(without, folder, 7, said.append)
    assert [words for words in said if "WITHOUT channel_key" in words and "lead nowhere" in words]
    said.clear()

    await restore(empty.settings, folder, None, said.append)

    assert [words for words in said if "WITHOUT channel_key" in words]


async def test_a_stack_may_have_a_newer_key_beside_that_of_the_backup(
    empty: Place, folder: Path, backed_up: Snapshot, said: list[str]
) -> None:
    newer = empty.settings.model_copy(update={"channel_key": SecretStr("newer the key of channels")})
    await restore(newer, folder, None, said.append)

    assert not [words for words in said if "WITHOUT" in words]


async def test_what_a_stack_must_not_be_to_be_restored_into(
    full: Place, empty: Place, folder: Path, backed_up: Snapshot, said: list[str]
) -> None:
    other = empty.settings.model_copy(update={"token_key": SecretStr("another")})
    with pytest.raises(SecretsDiffer, match="token_key"):
        await restore(other, folder, None, said.append)
    await empty.storage.put_bytes("datasets/own", b"mine")
    with pytest.raises(StackIsNotEmpty, match="datasets/own"):
        await restore(empty.settings, folder, None, said.append)
    await empty.storage.remove(["datasets/own"])
    room = Database(empty.settings.database, "trainer")
    await room.ping()
    with pytest.raises(StackIsInUse, match="trainer"):
        await restore(empty.settings, folder, None, said.append)
    await room.close()
    manifest = backed_up.path / MANIFEST
    told = json.loads(manifest.read_text())
    manifest.write_text(json.dumps({**told, "revisions": {**told["revisions"], "trainer": "9999"}}))
    with pytest.raises(BackupIsNewer, match="migration 9999 of trainer"):
        await restore(empty.settings, folder, None, said.append)


async def test_a_second_backup_copies_what_is_new_and_old_snapshots_go_with_bytes_that_only_they_named(
    full: Place, folder: Path, backed_up: Snapshot, said: list[str]
) -> None:
    await full.storage.put_bytes("runs/9/log", b"new")
    await full.storage.remove(["runs/0/log"])

    await back_up(full.settings, folder, 2, said.append)
    assert "3 bytes copied, the others were here already" in said
    assert Folder(folder).object_path("runs/0/log").exists()
    last = await back_up(full.settings, folder, 1, said.append)

    assert [each.name for each in Folder(folder).snapshots()] == [last.name]
    assert not Folder(folder).object_path("runs/0/log").exists()
    await verify(folder, last.name)
    await full.storage.remove(["runs/9/log"])


async def test_what_is_deleted_while_it_is_copied_costs_another_round_and_collectors_wait(
    full: Place, folder: Path, backed_up: Snapshot
) -> None:
    given = full.settings.storage
    store = Minio(given.endpoint, given.access_key, given.secret_key.get_secret_value(), secure=False)
    await full.storage.put_bytes("runs/7/log", b"soon gone")
    rounds: list[str] = []

    def tell(line: str) -> None:
        rounds.append(line)
        store.remove_object(given.bucket, "runs/7/log")

    async def collectors_wait() -> bool:
        async with full.database.transaction() as session:
            return not await may_delete_bytes(session)

    assert not await collectors_wait()
    backup = asyncio.create_task(back_up(full.settings, folder, 7, tell))
    async with asyncio.timeout(60):
        while not await collectors_wait():
            await asyncio.sleep(0.005)
    made = await backup

    assert "1 objects were deleted meanwhile: once more" in rounds
    assert "runs/7/log" not in {kept.key for kept in made.objects()}
    assert not await collectors_wait()


async def test_only_what_has_a_manifest_is_a_backup_and_everything_is_its_owners_alone(
    full: Place, folder: Path, backed_up: Snapshot, said: list[str]
) -> None:
    Folder(folder).begin(now())
    (folder / "objects" / "runs" / "half.part").write_bytes(b"half")
    assert [each.name for each in Folder(folder).snapshots()] == [backed_up.name]
    await back_up(full.settings, folder, 7, said.append)
    assert not [*folder.rglob("*.unfinished"), *folder.rglob("half.part")]
    folders = [folder, folder / "objects", folder / "snapshots", backed_up.path, backed_up.path / "secrets"]
    assert {stat.S_IMODE(each.stat().st_mode) for each in folders} == {0o700}
    secrets = (backed_up.path / "secrets").iterdir()
    assert {stat.S_IMODE(each.stat().st_mode) for each in secrets} == {0o600}


async def test_a_folder_with_other_things_and_one_without_a_backup_are_refused(
    full: Place, tmp_path: Path, said: list[str]
) -> None:
    (tmp_path / "letters").mkdir()
    with pytest.raises(FolderIsNoBackup, match="letters"):
        await back_up(full.settings, tmp_path, 7, said.append)
    with pytest.raises(BackupNotFound):
        await verify(tmp_path / "letters", None)


async def test_an_upgrade_that_fails_changes_nothing_and_names_its_backup_and_one_that_works_tells_the_steps(
    full: Place, folder: Path, said: list[str]
) -> None:
    await full.carry_out("DROP TABLE trainer.point_files, trainer.settings")
    await full.carry_out("DROP INDEX trainer.ix_runs_finished_at")
    await full.carry_out("UPDATE trainer.alembic_version SET version_num = '0007'")
    await full.carry_out("CREATE TABLE trainer.settings (own text)")

    with pytest.raises(MigrationFailed, match="Nothing was changed"):
        await upgrade(full.settings, folder, 7, said.append)
    assert await full.rows("SELECT version_num FROM trainer.alembic_version") == [("0007",)]
    assert await full.rows("SELECT to_regclass('trainer.point_files')::text") == [(None,)]
    await verify(folder, None)

    await full.carry_out("DROP TABLE trainer.settings")
    done = await upgrade(full.settings, folder, 7, said.append)
    assert (done.before["trainer"], done.after["trainer"] >= "0008") == ("0007", True)
    owner = "SELECT tableowner FROM pg_tables WHERE schemaname = 'trainer' AND tablename = 'point_files'"
    assert await full.rows(owner) == [("modelyard_trainer",)]
