"""Whether there is a device that a job is to run on: said before it is queued, not found out by waiting."""

from libs.common.errors import Problem
from libs.common.jobs.needs import needs_of
from services.trainer.errors import DeviceIsUnknown
from services.trainer.repository.workers import Workers


async def require_device(workers: Workers, device: str, kind: str) -> tuple[str, ...]:
    """What a worker must offer; raises DeviceIsUnknown where none that does such jobs ever had it."""
    needs = needs_of(device)
    if not await workers.knows(needs, kind):
        problem = Problem(field="device", message=f"no worker has {device}")
        raise DeviceIsUnknown(f"no worker has ever offered the device {device}", errors=[problem])
    return needs
