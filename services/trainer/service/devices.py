"""Whether there is a device that a job is to run on: said before it is queued, not found out by waiting."""

from libs.common.errors import Problem
from libs.common.jobs.needs import needs_of
from services.trainer.errors import DeviceIsUnknown, DevicesAreTooFew
from services.trainer.repository.workers import Workers


async def require_device(workers: Workers, device: str, kind: str, num_devices: int = 1) -> tuple[str, ...]:
    """What a worker must offer; raises DeviceIsUnknown where none that does such jobs ever had it."""
    if not await workers.knows(needs_of(device), kind):
        problem = Problem(field="device", message=f"no worker has {device}")
        raise DeviceIsUnknown(f"no worker has ever offered the device {device}", errors=[problem])
    needs = needs_of(device, num_devices)
    if not await workers.knows(needs, kind):
        message = f"no machine has {num_devices} devices from {device} on"
        problem = Problem(field="config.num_devices", message=message)
        raise DevicesAreTooFew(f"{message}; what is wanted was never offered", errors=[problem])
    return needs
