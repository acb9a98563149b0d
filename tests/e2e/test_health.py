"""Every process of ours says whether it lives, whether it is ready, and what it measures."""

import httpx
import pytest

from infra.local.home import ROOMS


@pytest.mark.parametrize("name", [*ROOMS, "worker"])
def test_health_readiness_and_metrics(stack, name: str):
    url = f"http://127.0.0.1:{stack.stack.ports[name]}"
    assert httpx.get(f"{url}/healthz").text == "ok\n"
    ready = httpx.get(f"{url}/readyz").json()
    assert ready["ready"] is True
    assert set(ready["checks"].values()) == {"ok"}
    inner = stack.stack.ports["gateway_metrics"] if name == "gateway" else stack.stack.ports[name]
    assert "process_cpu_seconds_total" in httpx.get(f"http://127.0.0.1:{inner}/metrics").text


def test_the_stack_is_one_node_with_one_device(yard):
    """Workers of several rooms ask for work on it."""
    (node,) = [node for node in yard.system().nodes if node.devices]
    assert node.name == "local"
    assert [device.id for device in node.devices] == ["cpu"]
