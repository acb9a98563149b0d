"""Devices by the names that workers give them."""

import pytest
import torch

from libs.tasks.predicting import torch_device


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
