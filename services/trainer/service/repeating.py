"""Running a run again: in what the second one cannot be the same as the first."""

from collections.abc import Iterator
from importlib.metadata import version
from typing import Any

from libs.common.contracts.runs import RunEnvironment
from services.trainer.models import RunRow

# What decides about numbers; a kernel's name does not.
COMPARED = ("code_version", "torch", "python", "device_name")


def code_version() -> str:
    return version("modelyard")


def foreseen(original: RunRow, config: dict[str, Any]) -> list[str]:
    """What can be told before a worker has taken it up."""
    found = [
        f"{knob} is {config[knob]!r}: new since that run" for knob in config if knob not in original.config
    ]
    if not config.get("is_deterministic"):
        found.append("not in deterministic mode: the numbers come out close, not equal")
    then = original.carried_out_with
    if then is not None and then.code_version != code_version():
        found.append(_difference("code_version", then.code_version, code_version()))
    return found


def differences(then: RunEnvironment | None, now: RunEnvironment | None) -> list[str]:
    """Between what the original was carried out with and this attempt."""
    if then is None or now is None:
        return []
    found = [
        _difference(name, getattr(then, name), getattr(now, name))
        for name in COMPARED
        if getattr(then, name) != getattr(now, name)
    ]
    return [*found, *_other_packages(then.packages, now.packages)]


def _other_packages(then: dict[str, str], now: dict[str, str]) -> Iterator[str]:
    for name in sorted(then.keys() | now.keys()):
        if then.get(name) != now.get(name):
            yield _difference(name, then.get(name, "absent"), now.get(name, "absent"))


def _difference(name: str, then: str, now: str) -> str:
    return f"{name} was {then}, is {now}"
