"""Takes rights away from a child that reads what a stranger sent: no network, no writing but in its folder.

Linux does it (Landlock since 5.13, seccomp); elsewhere and on older kernels the limit of time remains. What
is taken away does not come back, also not for threads and processes that the child starts.
"""

import ctypes
import os
import platform
import resource
import struct
import sys
from pathlib import Path

PR_SET_NO_NEW_PRIVS = 38
PR_SET_SECCOMP = 22
SECCOMP_MODE_FILTER = 2
RETURN_ALLOW, RETURN_KILL, RETURN_ERRNO = 0x7FFF0000, 0x80000000, 0x00050000
EACCES = 13

LANDLOCK_CREATE_RULESET, LANDLOCK_ADD_RULE, LANDLOCK_RESTRICT_SELF = 444, 445, 446
LANDLOCK_VERSION = 1
RULE_PATH_BENEATH = 1
WRITE_FILE, TRUNCATE, REFER = 1 << 1, 1 << 14, 1 << 13
# Removing and making entries of folders, of every kind.
CHANGE_FOLDERS = sum(1 << bit for bit in range(4, 13))

# Per machine: how the kernel calls it, its number of `socket`. `io_uring_setup` is 425 everywhere.
ARCHITECTURES = {"x86_64": (0xC000003E, 41), "aarch64": (0xC00000B7, 198)}
IO_URING_SETUP = 425
# From here on x86-64 has the same calls once more under other numbers.
X32 = 0x40000000
LOAD, JUMP_IF_EQUAL, JUMP_IF_AT_LEAST, RETURN = 0x20, 0x15, 0x35, 0x06

_libc = ctypes.CDLL(None, use_errno=True)


def confine(folder: Path, *, cpu_seconds: int) -> None:
    """Before anything of the stranger's is opened, and from the thread that will read it."""
    # At the second limit the kernel kills without saying why.
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_seconds, cpu_seconds + 5))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform != "linux":
        return
    _libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    _write_only_below(folder)
    _open_no_socket()


def _write_only_below(folder: Path) -> None:
    version = _libc.syscall(LANDLOCK_CREATE_RULESET, None, ctypes.c_size_t(0), LANDLOCK_VERSION)
    if version < 1:
        return
    handled = WRITE_FILE | CHANGE_FOLDERS | (REFER if version >= 2 else 0) | (TRUNCATE if version >= 3 else 0)
    wanted = struct.pack("=Q", handled)
    rules = _libc.syscall(LANDLOCK_CREATE_RULESET, wanted, ctypes.c_size_t(len(wanted)), 0)
    _allow(rules, folder, handled)
    _allow(rules, Path(os.devnull), handled & (WRITE_FILE | TRUNCATE))
    _require(_libc.syscall(LANDLOCK_RESTRICT_SELF, rules, 0))
    os.close(rules)


def _allow(rules: int, path: Path, access: int) -> None:
    place = os.open(path, os.O_PATH | os.O_CLOEXEC)
    _require(_libc.syscall(LANDLOCK_ADD_RULE, rules, RULE_PATH_BENEATH, struct.pack("=Qi", access, place), 0))
    os.close(place)


def _open_no_socket() -> None:
    """`socket` is refused, and so is io_uring, which would open one in its own way."""
    if platform.machine() not in ARCHITECTURES:
        return
    architecture, socket = ARCHITECTURES[platform.machine()]
    steps = [
        (LOAD, 0, 0, 4),
        (JUMP_IF_EQUAL, 1, 0, architecture),
        (RETURN, 0, 0, RETURN_KILL),
        (LOAD, 0, 0, 0),
        (JUMP_IF_EQUAL, 3, 0, socket),
        (JUMP_IF_EQUAL, 2, 0, IO_URING_SETUP),
        (JUMP_IF_AT_LEAST, 1, 0, X32),
        (RETURN, 0, 0, RETURN_ALLOW),
        (RETURN, 0, 0, RETURN_ERRNO | EACCES),
    ]
    program = ctypes.create_string_buffer(b"".join(struct.pack("=HBBI", *step) for step in steps))
    described = struct.pack("@HP", len(steps), ctypes.addressof(program))
    _require(_libc.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, described, 0, 0))


def _require(answer: int) -> None:
    if answer < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
