"""Devices by the names that workers give them."""

import pytest
import torch

from libs.tasks.devices import DevicesAreMissing, device_of, require_devices
from libs.tasks.predicting import torch_device
from libs.tasks.ranks import Rank


@pytest.mark.parametrize(
    ("name", "device"),
    [
        ("cpu", "cpu"),
        ("node7/cpu", "cpu"),
        ("gpu1", "cuda:1"),
        ("cuda:3", "cuda:3"),
        ("node7/gpu0", "cuda:0"),
        ("cuda", "cuda:0"),
    ],
)
def test_a_device_is_found_by_its_name(name: str, device: str):
    assert torch_device(name) == torch.device(device)


def test_each_process_of_a_machine_has_a_device_of_its_own(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 4)
    second = Rank(number=5, world_size=8, local_number=1, local_size=2)
    assert device_of("node7/gpu2", second) == torch.device("cuda:3")
    assert device_of("node7/cpu", Rank()) == torch.device("cpu")
    with pytest.raises(DevicesAreMissing, match="2 devices from gpu3 on are wanted, this machine has 1"):
        device_of("gpu3", second)
    with pytest.raises(DevicesAreMissing, match="4096 cores are wanted"):
        require_devices("cpu", 4096)
