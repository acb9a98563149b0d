"""The way of samples into a training: the same batches by every way, bad samples named, memory bounded."""

import os
import signal
from collections.abc import Callable
from hashlib import sha256
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from libs.common.contracts.packages import ImageInput
from libs.tasks import feeding
from libs.tasks.batching import Batches
from libs.tasks.data import ImageDataset, decode
from libs.tasks.feeding import Feed, InputPlan, Surroundings, plan_input
from libs.tasks.free_memory import free_bytes
from libs.tasks.front import resize
from libs.tasks.images import read_pixels
from libs.tasks.reading import SampleRecord, ShardReader
from libs.tasks.slicing import EpochOrder, FixedOrder, Slicing
from libs.tasks.streaming import ProcessBatches, ReaderWasKilled
from libs.tasks.tolerance import SampleIsBad, Tolerance, TooManySamplesAreBad, Unusable

SIDE = 16
SPEC = ImageInput(height=SIDE, width=SIDE, mean=(0, 0, 0), std=(1, 1, 1))
CPU = Surroundings(torch.device("cpu"))
WAYS = ("memory", "threads", "processes")


def encoded(image: Image.Image, format: str = "PNG", **options: object) -> bytes:
    buffer = BytesIO()
    image.save(buffer, format, **options)
    return buffer.getvalue()


def samples(folder: Path, count: int, bad: frozenset[int] = frozenset()) -> ImageDataset:
    """Noise of several sizes; the target is the sample's number."""
    random, records = np.random.default_rng(0), []
    with (folder / "shard").open("wb") as shard:
        for number in range(count):
            side = SIDE + number % 5
            pixels = random.integers(0, 256, (side, side, 3), dtype=np.uint8)
            data = b"no image" if number in bad else encoded(Image.fromarray(pixels))
            place, digest = (shard.tell(), len(data)), sha256(data).digest()
            records.append(SampleRecord(str(number), f"{number}.png", "", "s", *place, digest, ()))
            shard.write(data)
    return ImageDataset(records, ShardReader({"s": folder / "shard"}), SPEC, lambda record: int(record.id))


def tolerance(allowed: bool = False, told: Callable[[str], None] = lambda _: None) -> Tolerance:
    return Tolerance("skip" if allowed else "fail", 0.5, 40, told)


def plan(way: str, num_readers: int = 2) -> InputPlan:
    return InputPlan(
        source=way,  # type: ignore[arg-type]
        num_readers=num_readers,
        num_ahead=2,
        decoded_bytes=1,
        samples_per_second=None if way == "memory" else 1000.0,
    )


def fed(
    way: str, dataset: ImageDataset, order: EpochOrder | FixedOrder, size: int, allowed: bool = False
) -> Batches:
    feed = Feed(plan(way), CPU, tolerance(allowed), lambda _: None, lambda *_: None, is_fixed=True)
    return feed.batches(dataset, order, size)


def taken(batches: Batches) -> list[tuple[torch.Tensor, torch.Tensor]]:
    return list(batches)


def same(one: list, other: list) -> bool:
    return len(one) == len(other) and all(
        torch.equal(a, b) for pair in zip(one, other, strict=True) for a, b in zip(*pair, strict=True)
    )


def test_every_way_makes_the_same_batches_in_every_epoch(tmp_path: Path):
    dataset = samples(tmp_path, 37)
    epochs = {}
    for way in WAYS:
        order = EpochOrder(37, seed=3)
        batches = fed(way, dataset, order, 8)
        epochs[way] = []
        for order.epoch in range(2):
            epochs[way].append(taken(batches))
        assert [len(images) for images, _ in epochs[way][0]] == [8] * 4 and len(batches) == 4
    for way in WAYS[1:]:
        for one, other in zip(epochs["memory"], epochs[way], strict=True):
            assert same(one, other)
    assert not same(*epochs["memory"])


@pytest.mark.parametrize("way", WAYS)
def test_validation_sees_every_sample_once_in_its_order(tmp_path: Path, way: str):
    batches = fed(way, samples(tmp_path, 11), FixedOrder(11), 4)
    assert [targets.tolist() for _, targets in batches] == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9, 10]]


@pytest.mark.parametrize("way", WAYS)
def test_a_sample_that_cannot_be_read_is_named(tmp_path: Path, way: str):
    with pytest.raises(SampleIsBad, match=r"^5\.png: .*not an image"):
        taken(fed(way, samples(tmp_path, 12, frozenset({5})), EpochOrder(12, 0), 4))


@pytest.mark.parametrize("way", WAYS)
def test_left_out_of_training_a_sample_is_replaced_and_out_of_validation_it_is_missing(
    tmp_path: Path, way: str
):
    dataset = samples(tmp_path, 12, frozenset({1, 8, 9, 10, 11}))
    checked = fed(way, dataset, FixedOrder(12), 4, allowed=True)
    assert [targets.tolist() for _, targets in checked][:2] == [[0, 2, 3], [4, 5, 6, 7]]
    trained = taken(fed(way, dataset, EpochOrder(12, 0), 4, allowed=True))
    assert [images.shape[0] for images, _ in trained] == [4, 4, 4]
    rows = torch.cat([targets for _, targets in trained]).tolist()
    assert set(rows) == {0, 2, 3, 4, 5, 6, 7}
    for images, targets in trained:
        for image, target in zip(images, targets, strict=True):
            assert torch.equal(image, dataset[int(target)][0])  # type: ignore[index]


@pytest.mark.parametrize("way", WAYS)
def test_a_set_of_nothing_but_bad_samples_is_refused(tmp_path: Path, way: str):
    with pytest.raises(TooManySamplesAreBad):
        taken(fed(way, samples(tmp_path, 30, frozenset(range(30))), EpochOrder(30, 0), 4, allowed=True))


def test_processes_that_train_together_share_one_shuffle_without_overlap():
    parts = [EpochOrder(11, 5, part, 3) for part in range(3)]
    for epoch in range(2):
        for part in parts:
            part.epoch = epoch
        rows = [part.rows().tolist() for part in parts]
        assert [len(each) for each in rows] == [3, 3, 3] == [len(part) for part in parts]
        whole = EpochOrder(11, 5)
        whole.epoch = epoch
        assert len({row for each in rows for row in each}) == 9
        assert [rows[place % 3][place // 3] for place in range(9)] == whole.rows().tolist()[:9]
    held = [FixedOrder(11, part, 3).rows().tolist() for part in range(3)]
    assert sorted(row for each in held for row in each) == list(range(11))


def test_what_fits_into_a_share_of_memory_is_decoded_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    dataset = samples(tmp_path, 10)
    monkeypatch.setattr(feeding, "free_bytes", lambda: 4 * 2 * 10 * 3 * SIDE * SIDE)
    assert plan_input(dataset, dataset, 4, "auto", CPU).source == "memory"
    monkeypatch.setattr(feeding, "free_bytes", lambda: 4 * 2 * 10 * 3 * SIDE * SIDE - 4)
    streamed = plan_input(dataset, dataset, 4, "auto", CPU)
    assert (streamed.source, streamed.num_readers) == ("threads", CPU.num_cores)
    assert streamed.samples_per_second is not None and streamed.samples_per_second > 1
    assert "as they are needed" in streamed.words


def test_a_gpu_is_fed_by_processes_and_batches_that_wait_are_bounded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    dataset = samples(tmp_path, 4)
    monkeypatch.setattr(feeding, "free_bytes", lambda: 0)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(12)))
    gpu = plan_input(dataset, dataset, 4, "auto", Surroundings(torch.device("cuda", 0), num_neighbours=2))
    assert (gpu.source, gpu.num_readers, gpu.num_ahead) == ("processes", 5, 4)
    assert plan_input(dataset, dataset, 4, 3, CPU).source == "processes"
    huge = 512 * 2**20 // (3 * SIDE * SIDE)
    assert plan_input(dataset, dataset, huge, 3, CPU).num_ahead == 1
    assert plan_input(dataset, dataset, huge // 2, 0, CPU).num_ahead == 2


def test_readers_become_as_many_as_the_training_needs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    lines: list[str] = []
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(8)))
    feed = Feed(plan("processes", 1), CPU, tolerance(), lines.append, lambda *_: None)
    batches = feed.batches(samples(tmp_path, 16), EpochOrder(16, 0), 4)
    assert isinstance(batches, ProcessBatches)
    taken(batches)
    # An epoch of a training that learns 1,200 samples a second, where a reader decodes 1,000.
    batches.num_samples, batches.epoch_seconds, batches.waited_seconds = 1200, 1.5, 0.5
    taken(batches)
    assert batches.num_processes == 2
    assert lines[1:] == [
        "33% of the epoch was waiting for samples; from now on they are read by 2 processes, before by 1"
    ]


def test_a_reader_that_is_killed_is_told_in_words(tmp_path: Path):
    class Killer(ImageDataset):
        def __getitem__(self, index: int):
            os.kill(os.getpid(), signal.SIGKILL)

    killer = Killer(samples(tmp_path, 4)._records, ShardReader({}), SPEC, lambda _: 0)
    slicing = Slicing(EpochOrder(4, 0), 2, is_training=True)
    batches = ProcessBatches(killer, slicing, tolerance(), num_processes=1, num_ahead=1, is_pinned=False)
    with pytest.raises(ReaderWasKilled, match="want of memory"):
        taken(batches)


def test_an_epoch_that_is_left_early_starts_anew(tmp_path: Path):
    for way in WAYS:
        order = EpochOrder(20, 0)
        batches = fed(way, samples(tmp_path, 20), order, 4)
        begun = iter(batches)
        next(begun)
        del begun
        assert same(taken(batches), taken(fed("memory", samples(tmp_path, 20), order, 4)))


def test_memory_is_that_of_the_container(tmp_path: Path):
    assert free_bytes(tmp_path) > 0
    (tmp_path / "memory.max").write_text("1000\n")
    (tmp_path / "memory.current").write_text("900\n")
    assert free_bytes(tmp_path) == 100
    (tmp_path / "memory.stat").write_text("anon 5\ninactive_file 300\n")
    assert free_bytes(tmp_path) == 400
    (tmp_path / "memory.max").write_text("max\n")
    assert free_bytes(tmp_path) > 2**20


def scene(width: int, height: int) -> Image.Image:
    """Sharp edges at several distances, slopes and some noise."""
    y, x = np.mgrid[0:height, 0:width]
    slopes = np.stack((x * 255 / width, y * 255 / height, (x + y) % 160 * 1.5), axis=-1)
    edges = 80 * (((x // 45) + (y // 60)) % 2)[..., None]
    noise = np.random.default_rng(0).normal(0, 6, (height, width, 1))
    return Image.fromarray((slopes * 0.6 + edges + noise).clip(0, 255).astype(np.uint8))


@pytest.mark.parametrize(
    ("size", "format", "most", "mean"),
    [
        ((50, 40), "PNG", 1, 0.3),
        ((213, 160), "PNG", 1, 0.3),
        ((213, 160), "JPEG", 1, 0.3),
        ((20, 16), "PNG", 1, 0.3),
        # Decoded at a half and at an eighth.
        ((640, 512), "JPEG", 3, 0.75),
        ((2048, 2048), "JPEG", 3, 0.75),
    ],
)
def test_a_training_sees_an_image_as_serving_sees_it(size, format, most, mean):
    """One image through both: the reader of a training, and the exported graph's on all its pixels."""
    spec = ImageInput(height=64, width=64, mean=(0, 0, 0), std=(1, 1, 1))
    data = encoded(scene(*size), format)
    seen = decode(data, spec).float()
    served = resize(torch.from_numpy(read_pixels(data)).permute(2, 0, 1)[None].float(), 64, 64)[0]
    assert (seen - served).abs().max() <= most
    assert (seen - served).abs().mean() <= mean


def test_bytes_that_are_not_those_that_were_imported_are_refused_by_name(tmp_path: Path):
    dataset = samples(tmp_path, 3)
    shard = tmp_path / "shard"
    content = bytearray(shard.read_bytes())
    content[dataset._records[1].offset + 20] ^= 1
    shard.write_bytes(content)

    assert isinstance(dataset[0], tuple) and isinstance(dataset[2], tuple)
    damaged = dataset[1]
    assert isinstance(damaged, Unusable)
    assert damaged.name == "1.png" and "other bytes than were imported" in damaged.reason
