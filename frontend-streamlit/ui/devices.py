"""Devices to choose from: those of the workers that are present."""

from session import yard

AUTO = "auto"


def devices() -> list[str]:
    present = {device.id for node in yard().system().nodes for device in node.devices}
    gpus = sorted(device for device in present if device.startswith("gpu"))
    words = ["gpu", *(f"cuda:{device.removeprefix('gpu')}" for device in gpus)] if gpus else []
    return [AUTO, "cpu", *words]
