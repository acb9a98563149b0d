"""NVIDIA's library as pynvml finds it: functions by name that fill in C values and give back a code."""

from collections.abc import Callable
from ctypes import POINTER, c_void_p, cast, pointer
from dataclasses import dataclass, field
from typing import Any

import pynvml

OK = pynvml.NVML_SUCCESS
NOT_SUPPORTED = pynvml.NVML_ERROR_NOT_SUPPORTED


@dataclass
class Card:
    """None is what this card does not support."""

    name: str
    use: int | None = None
    memory: tuple[int, int] | None = None
    celsius: int | None = None
    milliwatts: int | None = None
    limit_milliwatts: int | None = None
    fan: int | None = None
    millijoules: int | None = None
    is_lost: bool = False


@dataclass
class Driver:
    """In the place of libnvidia-ml.so.1."""

    cards: list[Card]
    starts: int = OK
    num_starts: int = field(default=0, init=False)

    def nvmlInitWithFlags(self, flags: int) -> int:
        self.num_starts += 1
        return self.starts

    def nvmlErrorString(self, code: int) -> bytes:
        return f"error {code}".encode()

    def nvmlSystemGetDriverVersion(self, text: Any, length: Any) -> int:
        text.value = b"580.65.06"
        return OK

    def nvmlDeviceGetCount_v2(self, count: Any) -> int:
        count._obj.value = len(self.cards)
        return OK

    def nvmlDeviceGetHandleByIndex_v2(self, number: Any, handle: Any) -> int:
        """A handle is an address that means nothing to its owner; zero is none."""
        if self.cards[number.value].is_lost:
            return pynvml.NVML_ERROR_GPU_IS_LOST
        cast(pointer(handle._obj), POINTER(c_void_p))[0] = number.value + 1
        return OK

    def nvmlDeviceGetName(self, handle: Any, text: Any, length: Any) -> int:
        text.value = self._card(handle).name.encode()
        return OK

    def nvmlDeviceGetUtilizationRates(self, handle: Any, rates: Any) -> int:
        return self._fill(self._card(handle).use, lambda use: setattr(rates._obj, "gpu", use))

    def nvmlDeviceGetMemoryInfo(self, handle: Any, info: Any) -> int:
        def fill(memory: tuple[int, int]) -> None:
            info._obj.total, info._obj.used = memory

        return self._fill(self._card(handle).memory, fill)

    def nvmlDeviceGetTemperature(self, handle: Any, sensor: Any, value: Any) -> int:
        return self._number(self._card(handle).celsius, value)

    def nvmlDeviceGetPowerUsage(self, handle: Any, value: Any) -> int:
        return self._number(self._card(handle).milliwatts, value)

    def nvmlDeviceGetEnforcedPowerLimit(self, handle: Any, value: Any) -> int:
        return self._number(self._card(handle).limit_milliwatts, value)

    def nvmlDeviceGetFanSpeed(self, handle: Any, value: Any) -> int:
        return self._number(self._card(handle).fan, value)

    def nvmlDeviceGetTotalEnergyConsumption(self, handle: Any, value: Any) -> int:
        return self._number(self._card(handle).millijoules, value)

    def _card(self, handle: Any) -> Card:
        address = cast(handle, c_void_p).value
        assert address is not None
        return self.cards[address - 1]

    def _number(self, told: int | None, value: Any) -> int:
        return self._fill(told, lambda number: setattr(value._obj, "value", number))

    @staticmethod
    def _fill(told: Any, fill: Callable[[Any], None]) -> int:
        if told is None:
            return NOT_SUPPORTED
        fill(told)
        return OK
