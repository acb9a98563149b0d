"""GPUs as NVIDIA's driver tells of them (NVML); none where there is no driver."""

import time
from collections.abc import Callable
from typing import Any

import pynvml

from libs.common.contracts.system import GpuReading
from libs.common.log import get_logger
from services.trainer.node.energy import PowerSum

# A driver may be loaded, or come back after a fault, while we run.
RETRY_SECONDS = 60.0
log = get_logger(__name__)


class Gpus:
    """Blocking; one thread at a time."""

    def __init__(self) -> None:
        self._is_open = False
        self._next_try = 0.0
        self._sums: dict[str, PowerSum] = {}

    def read(self) -> tuple[GpuReading, ...]:
        """In the driver's order; one that is lost is left out."""
        if not self._open():
            return ()
        try:
            found = [self._gpu(number) for number in range(pynvml.nvmlDeviceGetCount())]
        except pynvml.NVMLError as error:
            self._give_up(error)
            return ()
        return tuple(gpu for gpu in found if gpu is not None)

    def driver(self) -> str | None:
        return _told(pynvml.nvmlSystemGetDriverVersion) if self._is_open else None

    def _open(self) -> bool:
        if self._is_open or time.monotonic() < self._next_try:
            return self._is_open
        try:
            pynvml.nvmlInit()
        except pynvml.NVMLError as error:
            self._give_up(error)
        else:
            self._is_open = True
        return self._is_open

    def _give_up(self, error: pynvml.NVMLError) -> None:
        """For a while; that there is no driver is the usual case and no news."""
        if getattr(error, "value", None) != pynvml.NVML_ERROR_LIBRARY_NOT_FOUND:
            log.warning("gpus_unreadable", reason=str(error))
        self._is_open = False
        self._next_try = time.monotonic() + RETRY_SECONDS

    def _gpu(self, number: int) -> GpuReading | None:
        try:
            handle = pynvml.nvmlDeviceGetHandleByIndex(number)
        except pynvml.NVMLError as error:
            log.warning("gpu_unreadable", gpu=number, reason=str(error))
            return None
        memory = _told(pynvml.nvmlDeviceGetMemoryInfo, handle)
        rates = _told(pynvml.nvmlDeviceGetUtilizationRates, handle)
        power = _thousandth(_told(pynvml.nvmlDeviceGetPowerUsage, handle))
        return GpuReading(
            id=f"gpu{number}",
            name=_told(pynvml.nvmlDeviceGetName, handle) or "GPU",
            use=min(1.0, rates.gpu / 100) if rates else None,
            memory_total_bytes=memory.total if memory else None,
            memory_used_bytes=memory.used if memory else None,
            temperature_celsius=_told(pynvml.nvmlDeviceGetTemperature, handle, pynvml.NVML_TEMPERATURE_GPU),
            power_watts=power,
            power_limit_watts=_thousandth(_told(pynvml.nvmlDeviceGetEnforcedPowerLimit, handle)),
            fan=_hundredth(_told(pynvml.nvmlDeviceGetFanSpeed, handle)),
            energy_joules=self._energy(number, handle, power),
        )

    def _energy(self, number: int, handle: object, power_watts: float | None) -> float | None:
        """The driver's own counter; older GPUs have none, and their power is summed up."""
        counted = _thousandth(_told(pynvml.nvmlDeviceGetTotalEnergyConsumption, handle))
        if counted is not None or power_watts is None:
            return counted
        return self._sums.setdefault(f"gpu{number}", PowerSum()).add(power_watts, time.monotonic())


def _told(function: Callable[..., Any], *arguments: object) -> Any:
    """None for what this GPU or driver does not support, or does not tell just now."""
    try:
        return function(*arguments)
    except pynvml.NVMLError:
        return None


def _thousandth(value: float | None) -> float | None:
    return None if value is None else value / 1000


def _hundredth(value: float | None) -> float | None:
    return None if value is None else value / 100
