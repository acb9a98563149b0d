"""What a stack holds on this machine, as the kernel says it."""

from pathlib import Path

from infra.local.home import Stack
from infra.local.leftovers import processes_of
from infra.local.triton import SHARED_MEMORY

LISTENS = "0A"
# 127.0.0.1, ::1 and ::ffff:127.0.0.1 as /proc/net spells them.
LOOPBACK = ("0100007F", "00000000000000000000000001000000", "0000000000000000FFFF00000100007F")


def listening_addresses(stack: Stack) -> dict[int, str]:
    """Port → address of every TCP socket on which a process of the stack listens."""
    own = {inode for pid in processes_of(stack) for inode in _sockets(pid)}
    found = {}
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]:
            _, local, _, state, *_, inode = line.split()[:10]
            if state == LISTENS and inode in own:
                address, port = local.split(":")
                found[int(port, 16)] = address
    return found


def shared_memory() -> set[str]:
    """POSIX segments by name, System V segments by number; of the whole machine."""
    segments = Path("/proc/sysvipc/shm").read_text().splitlines()[1:]
    return {path.name for path in SHARED_MEMORY.iterdir()} | {line.split()[1] for line in segments}


def shared_memory_of(stack: Stack) -> set[str]:
    """Those that a process of the stack has mapped."""
    mapped = set()
    for pid in processes_of(stack):
        for line in Path(f"/proc/{pid}/maps").read_text().splitlines():
            *_, inode, place = line.split(maxsplit=5) if "/" in line else ("", "")
            if place.startswith(f"{SHARED_MEMORY}/"):
                mapped.add(Path(place).name)
            if place.startswith("/SYSV"):
                mapped.add(inode)
    return mapped


def command_lines(stack: Stack) -> str:
    """What every user of the machine may read."""
    return "\n".join(Path(f"/proc/{pid}/cmdline").read_text() for pid in processes_of(stack))


def _sockets(pid: int) -> set[str]:
    links = [str(path.readlink()) for path in Path(f"/proc/{pid}/fd").iterdir() if path.is_symlink()]
    return {link.removeprefix("socket:[").removesuffix("]") for link in links if link.startswith("socket:[")}
