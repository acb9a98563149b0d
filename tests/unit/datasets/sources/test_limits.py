"""What may come, what the disk has room for, and how a job hears of it."""

import asyncio
import shutil
from pathlib import Path

import pytest

from services.datasets.errors import DiskIsFull, SourceIsTooLarge
from services.datasets.settings import ArchiveLimits
from services.datasets.sources.limits import check_count, check_disk, check_size, full_disk_named
from services.datasets.sources.meter import Meter, NobodyWaits
from tests.unit.datasets.sources.reaching import Told


def test_the_limits_are_those_of_archives():
    limits = ArchiveLimits(max_entries=2, max_unpacked_bytes=100)
    check_count(2, limits)
    check_size(100, limits)
    with pytest.raises(SourceIsTooLarge):
        check_count(3, limits)
    with pytest.raises(SourceIsTooLarge):
        check_size(101, limits)


def test_what_the_disk_has_no_room_for_is_not_begun(tmp_path):
    check_disk(tmp_path, 1)
    with pytest.raises(DiskIsFull) as full:
        check_disk(tmp_path, shutil.disk_usage(tmp_path).total + 1)
    assert full.value.retryable


def test_a_disk_that_becomes_full_is_named():
    with pytest.raises(DiskIsFull), full_disk_named(), Path("/dev/full").open("wb", buffering=0) as file:
        file.write(b"x")
    with pytest.raises(IsADirectoryError), full_disk_named():
        Path("/").write_bytes(b"x")


async def test_a_job_hears_what_threads_count():
    told = Told()
    meter = Meter(4_000_000, told)
    async with meter.telling():
        await asyncio.to_thread(meter.add, 1_000_000)
        async with asyncio.timeout(5):
            while told.messages[-1:] != ["fetching: 1 of 4 MB"]:
                await asyncio.sleep(0.05)
    assert told.fractions[-1] == 0.25


async def test_a_thread_ends_when_nobody_waits_for_it():
    meter = Meter(10, Told())
    with pytest.raises(ZeroDivisionError):
        async with meter.telling():
            raise ZeroDivisionError
    with pytest.raises(NobodyWaits):
        meter.add(1)
