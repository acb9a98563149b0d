"""What a wish for devices asks of a worker, and what a worker has to offer."""

# Of as many together as a machine has, a worker offers each smaller number, too.
MOST_TOGETHER = 32


def needs_of(device: str, num_devices: int = 1) -> tuple[str, ...]:
    """What a worker must offer: `cuda:1` is its `gpu1`, `cuda` any GPU, `auto` anything; `x2` two of them."""
    return _needs_of_one(device) + ((f"x{num_devices}",) if num_devices > 1 else ())


def offered_by(device: str, num_devices: int = 1) -> tuple[str, ...]:
    """What a job can ask for: any GPU, or this one; and so many devices, of which this is the first."""
    kinds = ("gpu", device) if device.startswith("gpu") else (device,)
    return kinds + tuple(f"x{number}" for number in range(2, min(num_devices, MOST_TOGETHER) + 1))


def followers(device: str, num_devices: int) -> tuple[str, ...]:
    """The others that a job takes which begins with this one: after `a/gpu1` come `a/gpu2`…

    Processes on the CPU share it, and a slot there is one, however many they are.
    """
    node, _, name = device.rpartition("/")
    number = name.removeprefix("gpu")
    if number == name or not number.isdecimal():
        return ()
    return tuple(f"{node}/gpu{int(number) + step}" for step in range(1, num_devices))


def _needs_of_one(device: str) -> tuple[str, ...]:
    kind, _, number = device.partition(":")
    match kind:
        case "auto":
            return ()
        case "cuda" if number:
            return (f"gpu{number}",)
        case "cuda":
            return ("gpu",)
        case _:
            return (kind,)
