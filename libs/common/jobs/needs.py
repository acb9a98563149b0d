"""What a wish for a device asks of a worker, and what a worker has to offer."""


def needs_of(device: str) -> tuple[str, ...]:
    """What a worker must offer: `cuda:1` is its `gpu1`, `cuda` any GPU, `auto` anything."""
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


def offered_by(device: str) -> tuple[str, ...]:
    """What a job can ask for: any GPU, or this one."""
    return ("gpu", device) if device.startswith("gpu") else (device,)
