"""What is made of the driver's words about GPUs; the driver is played, for the machine may have none."""

from collections.abc import Callable

import pynvml
import pytest

from libs.common.contracts.system import GpuReading
from services.trainer.node import gpus
from services.trainer.node.gpus import Gpus
from tests.unit.trainer.driver import Card, Driver

NEW = Card(
    name="NVIDIA H100",
    use=93,
    memory=(80_000_000_000, 60_000_000_000),
    celsius=71,
    milliwatts=512_500,
    limit_milliwatts=700_000,
    millijoules=9_000_500,
)
OLD = Card(name="Quadro K600", milliwatts=20_000, fan=35)


@pytest.fixture
def install(monkeypatch: pytest.MonkeyPatch) -> Callable[[Driver], Driver]:
    def installed(driver: Driver) -> Driver:
        monkeypatch.setattr(pynvml, "nvmlLib", driver)
        monkeypatch.setattr(pynvml, "_nvmlGetFunctionPointer_cache", {})
        return driver

    return installed


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """What it shows can be set."""
    shown = [1000.0]
    monkeypatch.setattr(gpus.time, "monotonic", lambda: shown[0])
    return shown


def test_all_that_a_gpu_tells_is_read_in_our_units(install) -> None:
    install(Driver([NEW]))
    seen = Gpus()
    assert seen.read() == (
        GpuReading(
            id="gpu0",
            name="NVIDIA H100",
            use=0.93,
            memory_total_bytes=80_000_000_000,
            memory_used_bytes=60_000_000_000,
            temperature_celsius=71,
            power_watts=512.5,
            power_limit_watts=700,
            fan=None,
            energy_joules=9000.5,
        ),
    )
    assert seen.driver() == "580.65.06"


def test_what_a_gpu_does_not_tell_is_not_known_and_the_others_tell_all_the_same(install) -> None:
    install(Driver([OLD, NEW]))
    old, new = Gpus().read()
    assert (old.id, old.name, old.fan) == ("gpu0", "Quadro K600", 0.35)
    assert (old.use, old.memory_total_bytes, old.temperature_celsius) == (None, None, None)
    assert (new.id, new.name) == ("gpu1", "NVIDIA H100")


def test_a_function_that_an_old_driver_lacks_is_like_one_that_is_not_supported(install) -> None:
    class OldDriver(Driver):
        nvmlDeviceGetFanSpeed = property()  # type: ignore[assignment]

    install(OldDriver([OLD]))
    (old,) = Gpus().read()
    assert (old.fan, old.power_watts) == (None, 20)


def test_a_gpu_without_a_counter_has_its_power_summed_up(install, clock: list[float]) -> None:
    driver = install(Driver([OLD, NEW]))
    seen = Gpus()
    counted = []
    for clock[0], driver.cards[0].milliwatts in ((1000.0, 20_000), (1002.0, 40_000), (1003.0, 40_000)):
        counted.append([gpu.energy_joules for gpu in seen.read()])
    assert counted == [[0, 9000.5], [60, 9000.5], [100, 9000.5]]


def test_a_gpu_that_is_lost_is_left_out(install) -> None:
    install(Driver([Card("NVIDIA T4", is_lost=True), OLD]))
    assert [gpu.id for gpu in Gpus().read()] == ["gpu1"]


def test_a_driver_that_does_not_start_is_tried_again_after_a_while(install, clock: list[float]) -> None:
    driver = install(Driver([OLD], starts=pynvml.NVML_ERROR_DRIVER_NOT_LOADED))
    seen = Gpus()
    assert [seen.read(), seen.read(), seen.driver()] == [(), (), None]
    assert driver.num_starts == 1

    driver.starts = pynvml.NVML_SUCCESS
    clock[0] += gpus.RETRY_SECONDS
    assert len(seen.read()) == 1


def test_without_a_driver_there_are_no_gpus(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pynvml, "nvmlLib", None)
    monkeypatch.setattr(pynvml, "_nvmlGetFunctionPointer_cache", {})

    def missing(name: str) -> None:
        raise OSError(f"{name}: cannot open shared object file")

    monkeypatch.setattr(pynvml, "CDLL", missing)
    seen = Gpus()
    assert (seen.read(), seen.driver()) == ((), None)
