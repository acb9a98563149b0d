"""Uploads of the SDK against the real gateway, room and store: killed, cut off, expired, changed."""

import hashlib
import json
import os
import random
import signal
import stat
import subprocess
import sys
import tarfile
import time
from pathlib import Path

import pytest

from infra.local.environment import BUCKET
from libs.client import Modelyard
from libs.client.uploads.content import ContentChanged, file_content
from libs.client.uploads.sending import PartDidNotArrive, Sending
from libs.common.contracts.uploads import Upload, UploadPart, UploadState
from libs.common.errors import BadInput, NotFound
from tests.integration.client.line import Fault, Line
from tests.stack import TestStack

MIB = 2**20
PART = 16 * MIB
# As a user's own program, which prints how much its memory grew while it sent.
PROGRAM = """
import resource, sys
from pathlib import Path
from libs.client import Modelyard
with Modelyard() as yard:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    upload = yard.uploads.send(Path(sys.argv[1]))
    print(upload.key, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Three parts, the last one short."""
    return _random_file(tmp_path / "data.zip", 2 * PART + 5)


def _random_file(path: Path, size_bytes: int) -> Path:
    source = random.Random(path.name)
    with path.open("wb") as target:
        for start in range(0, size_bytes, MIB):
            target.write(source.randbytes(min(MIB, size_bytes - start)))
    return path


def _client(house: TestStack, state: Path, path: Path) -> subprocess.Popen[str]:
    own = {"MODELYARD_URL": house.gateway_url, "MODELYARD_TOKEN": house.token}
    environment = {**os.environ, **own, "XDG_STATE_HOME": str(state.parents[1])}
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(path)], env=environment, stdout=subprocess.PIPE, text=True
    )


def _stored(house: TestStack, key: str) -> Path:
    return house.stack.home / "s3" / BUCKET / key


def _digest(path: Path) -> str:
    with path.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def test_a_killed_client_run_again_sends_only_what_is_missing(
    house: TestStack, line: Line, state: Path, tmp_path: Path
) -> None:
    path = _random_file(tmp_path / "large.zip", 200 * MIB)
    line.hold(5)
    killed = _client(house, state, path)
    deadline = time.monotonic() + 60
    while len(line.taken) < 5:
        assert killed.poll() is None and time.monotonic() < deadline
        time.sleep(0.02)
    killed.send_signal(signal.SIGKILL)
    killed.communicate()
    (remembered,) = state.iterdir()
    assert (stat.S_IMODE(remembered.stat().st_mode), stat.S_IMODE(state.stat().st_mode)) == (0o600, 0o700)
    line.passing.set()
    time.sleep(0.5)  # What the dead client left half sent comes to nothing.
    before = list(line.taken)
    line.restore()

    said, _ = _client(house, state, path).communicate(timeout=120)

    key, grown_kib = said.split()
    assert 5 <= len(before) < 13
    assert sorted(line.taken) == sorted(set(range(1, 14)) - set(before))
    assert _digest(_stored(house, key)) == _digest(path)
    assert list(state.iterdir()) == []
    assert int(grown_kib) < 32 * 1024, "four parts side by side are 64 MiB; none of them is held whole"


def test_a_broken_line_is_no_end(house: TestStack, yard: Modelyard, line: Line, file: Path) -> None:
    line.faults |= {1: [Fault.CUT, Fault.BUSY], 2: [Fault.ANSWER_LOST], 3: [Fault.CUT]}
    shown: list[int] = []

    upload = yard.uploads.send(file, progress=lambda sent, size: shown.append(sent))

    assert (upload.state, upload.size_bytes) == (UploadState.COMPLETE, 2 * PART + 5)
    assert _digest(_stored(house, upload.key)) == _digest(file)
    assert (sorted(line.taken), line.refused) == ([1, 2, 3], []), "what had arrived was not sent again"
    assert shown[-1] == max(shown) == 2 * PART + 5


def test_a_line_that_stays_broken_is_told_and_the_next_try_goes_on(
    yard: Modelyard, line: Line, file: Path
) -> None:
    content = file_content(file)
    upload = yard.uploads._begin(content)
    line.faults[2] = [Fault.BUSY] * 3
    sending = Sending(
        yard.uploads._store, content, upload, lambda: yard.uploads.get(upload.id), pauses_seconds=(0, 0)
    )

    with pytest.raises(PartDidNotArrive, match=r"part 2 .* 503 SlowDown"):
        sending.run()
    taken = set(line.taken)
    again = yard.uploads.send(file)

    assert (again.id, again.state) == (upload.id, UploadState.COMPLETE)
    assert taken < {1, 3} | set(line.taken) and sorted(line.taken) == [1, 2, 3]


def test_urls_that_expired_are_asked_for_again(
    house: TestStack, yard: Modelyard, line: Line, file: Path
) -> None:
    content = file_content(file)
    upload = yard.uploads._begin(content)
    looks: list[Upload] = []

    def look() -> Upload:
        looks.append(yard.uploads.get(upload.id))
        return looks[-1]

    old = [UploadPart(number=part.number, url=_expired(part.url)) for part in upload.parts]
    stale = upload.model_copy(update={"parts": tuple(old)})
    parts = Sending(yard.uploads._store, content, stale, look).run()
    yard.uploads._complete(upload.id, parts)

    # Of a large part the store reads nothing and closes the line; a small one hears the refusal.
    assert 3 in line.refused and sorted(line.taken) == [1, 2, 3]
    assert 1 <= len(looks) <= 3
    assert _digest(_stored(house, upload.key)) == _digest(file)


def _expired(url: str) -> str:
    """Signed for a time that is over; the store says no."""
    return url.replace("X-Amz-Expires=43200", "X-Amz-Expires=0")


def test_an_upload_that_the_gateway_no_longer_knows_begins_anew(
    yard: Modelyard, state: Path, file: Path
) -> None:
    lost = yard.uploads._begin(file_content(file))
    yard.uploads.delete(lost.id)

    upload = yard.uploads.send(file)

    assert (upload.state, upload.id == lost.id) == (UploadState.COMPLETE, False)
    assert list(state.iterdir()) == []


def test_a_file_that_changed_since_is_another_upload(house: TestStack, yard: Modelyard, file: Path) -> None:
    begun = yard.uploads._begin(file_content(file))
    with file.open("r+b") as content:
        content.write(b"others")
    os.utime(file, ns=(0, file.stat().st_mtime_ns + 1))

    upload = yard.uploads.send(file)

    assert upload.id != begun.id
    assert _digest(_stored(house, upload.key)) == _digest(file)


def test_a_file_that_changes_on_the_way_is_never_imported(
    yard: Modelyard, state: Path, file: Path, line: Line
) -> None:
    ids: list[str] = []

    def write(sent: int, size: int) -> None:
        if sent:
            ids.extend(found.read_text() for found in state.glob("*.json"))
            with file.open("ab") as content:
                content.write(b"more")

    with pytest.raises(ContentChanged, match=r"data\.zip was written to"):
        yard.uploads.send(file, progress=write)

    assert ids and list(state.iterdir()) == []
    with pytest.raises(NotFound):
        yard.uploads.get(_upload_id(ids[0]))


def _upload_id(remembered: str) -> str:
    return json.loads(remembered)["upload_id"]


def test_parts_that_the_store_lost_are_sent_again(house: TestStack, yard: Modelyard, file: Path) -> None:
    content = file_content(file)
    upload = yard.uploads._begin(content)
    believed = upload.model_copy(update={"parts": upload.parts[:1]})

    done = yard.uploads._finish(content, believed, None)

    assert (done.id, done.state) == (upload.id, UploadState.COMPLETE)
    assert _digest(_stored(house, done.key)) == _digest(file)


def test_a_folder_is_sent_as_a_tar_that_is_never_written(
    house: TestStack, yard: Modelyard, line: Line, tmp_path: Path
) -> None:
    folder = tmp_path / "Vögel"
    for name, size_bytes in {
        "train/heron.bin": PART + 7,
        "train/wren.bin": 3,
        "empty/": 0,
        "ü" * 90: PART,
    }.items():
        path = folder / name
        (path if name.endswith("/") else path.parent).mkdir(parents=True, exist_ok=True)
        if not name.endswith("/"):
            _random_file(path, size_bytes)
    line.faults[2] = [Fault.CUT]

    upload = yard.uploads.send(folder)

    assert upload.filename == "Vögel.tar"
    with tarfile.open(_stored(house, upload.key)) as tar:
        assert tar.getnames() == ["empty", "train", "train/heron.bin", "train/wren.bin", "ü" * 90]
        for member in tar:
            if member.isfile():
                content = tar.extractfile(member)
                assert content is not None and content.read() == (folder / member.name).read_bytes()


@pytest.mark.parametrize(
    ("made", "said"),
    [("nothing", "there is no file or folder"), ("empty.zip", "is empty"), ("folder", "holds no files")],
)
def test_what_cannot_be_sent_is_said_before_anything_is_begun(
    yard: Modelyard, state: Path, tmp_path: Path, made: str, said: str
) -> None:
    (tmp_path / "empty.zip").touch()
    (tmp_path / "folder" / "inner").mkdir(parents=True)

    with pytest.raises(BadInput, match=said):
        yard.uploads.send(tmp_path / made)

    assert not state.exists()


def test_who_has_no_place_to_remember_uploads_all_the_same(
    yard: Modelyard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "occupied").touch()
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "occupied"))

    assert yard.uploads.send(_random_file(tmp_path / "small.zip", 5)).state is UploadState.COMPLETE
