"""The system itself: nodes, devices, services, and how they are."""

from pydantic import AwareDatetime

from libs.common.contracts.base import Request, View


class Device(View):
    """`id` is `cpu` or `gpu0`…; memory and use are None where the machine does not tell."""

    id: str
    name: str
    memory_bytes: int | None = None
    busy_with: str | None = None


class Node(View):
    """A machine on which workers ask for work, whichever rooms they belong to."""

    name: str
    devices: tuple[Device, ...]
    last_seen_at: AwareDatetime


class ServiceState(View):
    name: str
    ready: bool
    version: str = ""
    instances: int = 0


class SystemView(View):
    version: str
    nodes: tuple[Node, ...]
    services: tuple[ServiceState, ...]
    disk_free_bytes: int
    console_url: str


class ListNodes(Request[tuple[Node, ...]], subject="svc.trainer.node.list"):
    """Workers that asked for work within the last minute."""
