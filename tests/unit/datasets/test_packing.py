"""Packing: which files go together, and that the same files make the same bytes."""

import tarfile
import zipfile
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from libs.common.contracts.annotations import LabelAnnotation
from libs.common.contracts.imports import FormatOptions
from services.datasets.chunk import read_outcome
from services.datasets.files import Entry, Files
from services.datasets.formats.class_folders import ClassFolders
from services.datasets.formats.plan import FileContent, Found
from services.datasets.packing import SHARD_BYTES, SMALLEST_SHARD_BYTES, WAITING_CHUNKS, Packer, chunks, pack
from services.datasets.settings import ArchiveLimits
from tests.integration.datasets.archives import image

MIB = 2**20
# Size and checksum: few of each, so that many files may be the same.
entries = st.lists(st.tuples(st.integers(1, 5), st.integers(0, 3)), max_size=60)


def found(number: int, size_bytes: int, checksum: int = 0) -> Found:
    name = f"a/{number}.png"
    content = FileContent(Entry(number, name, size_bytes, checksum))
    return Found(content, name, (LabelAnnotation(label="a"),))


class _NoFiles:
    """For entries whose checksums are known: nothing is read."""

    def __getattr__(self, name: str) -> object:
        raise AssertionError(f"{name} is asked of files that need not be read")


NO_FILES: Files = _NoFiles()  # type: ignore[assignment]


@given(entries)
def test_every_file_is_in_one_chunk_beside_those_that_may_be_the_same(sizes: list[tuple[int, int]]) -> None:
    samples = [found(number, size * MIB, checksum) for number, (size, checksum) in enumerate(sizes)]

    packed = chunks(samples, NO_FILES)

    assert sorted(each.name for chunk in packed for each in chunk.samples) == sorted(s.name for s in samples)
    places: dict[tuple[int, int], set[int]] = {}
    for chunk in packed:
        for each in chunk.samples:
            places.setdefault((each.content.size_bytes, each.content.checksum), set()).add(chunk.number)
    assert all(len(numbers) == 1 for numbers in places.values())


def test_shards_are_neither_tiny_nor_huge() -> None:
    few = chunks([found(number, 10_000, number) for number in range(100)], NO_FILES)
    many = chunks([found(number, MIB, number) for number in range(5000)], NO_FILES)

    assert len(few) == 1
    sizes = [sum(each.content.size_bytes for each in chunk.samples) for chunk in many]
    assert all(SMALLEST_SHARD_BYTES < size <= SHARD_BYTES for size in sizes)


def test_several_processes_pack_what_one_packs(tmp_path: Path) -> None:
    archive = tmp_path / "archive"
    with zipfile.ZipFile(archive, "w") as file:
        for number in range(30):
            file.writestr(f"a/{number}.png", image(number, 300, 300))
        file.writestr("b/again.png", image(3, 300, 300))

    alone, together = (_packed(archive, tmp_path / str(count), count) for count in (1, 2))

    assert len(alone) > 1
    assert alone == together


def _packed(archive: Path, directory: Path, num_processes: int) -> dict[str, list[str]]:
    """Names of samples by the digest of their shard, each found where it is said to be."""
    directory.mkdir()
    limits = ArchiveLimits()
    packer = Packer(archive, "photos.zip", limits, directory, "image")
    with packer.open() as files:
        waiting = chunks(ClassFolders().read(files, FormatOptions()).samples, files)
    made = {}
    for packed in pack(packer, waiting, num_processes):
        assert packed.shard is not None
        samples = read_outcome(packed.outcome.read_bytes()).samples
        with tarfile.open(packed.shard.file) as tar:
            offsets = {member.name: member.offset_data for member in tar}
        assert offsets == {f"{sample.sha256}.png": sample.offset for sample in samples}
        made[packed.shard.digest] = [sample.name for sample in samples]
    return made


def test_what_is_packed_waits_until_there_is_room(tmp_path: Path) -> None:
    """The room removes a shard when it is stored; until then no more are made than may wait."""
    archive = tmp_path / "archive"
    with zipfile.ZipFile(archive, "w") as file:
        for number in range(40):
            file.writestr(f"a/{number}.png", image(number, 700, 700))
    directory = tmp_path / "job"
    directory.mkdir()
    packer = Packer(archive, "photos.zip", ArchiveLimits(), directory, "image")
    with packer.open() as files:
        waiting = chunks(ClassFolders().read(files, FormatOptions()).samples, files)
    assert len(waiting) > WAITING_CHUNKS

    most = 0
    for packed in pack(packer, waiting, 1):
        most = max(most, len(list(directory.glob("shard-*.tar"))))
        if most == WAITING_CHUNKS:
            assert packed.shard is not None
            packed.shard.file.unlink()

    assert most == WAITING_CHUNKS
