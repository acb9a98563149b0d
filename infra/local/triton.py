"""Triton from its wheel, with ONNX Runtime in its Python backend."""

import hashlib
import shutil
import sysconfig
from pathlib import Path

from infra.local.home import TOOLS, Stack
from infra.local.ports import LOOPBACK
from infra.local.programs import Program, ToolIsMissing

SHARED_MEMORY = Path("/dev/shm")  # noqa: S108  # nosec B108 # where Triton's Python backend keeps its tensors
VENV = TOOLS / "triton"


def triton_program(stack: Stack) -> Program:
    packages = next(VENV.glob("lib/python3.*/site-packages"), None)
    if packages is None:
        raise ToolIsMissing("Triton is missing: run `make env`")
    server = packages / "pytriton" / "tritonserver"
    ports = stack.ports
    command = [
        str(server / "bin" / "tritonserver"),
        f"--model-repository={stack.models}",
        "--model-control-mode=explicit",
        f"--backend-directory={_backends(stack, server, packages.parent.name)}",
        f"--backend-config=python,shm-region-prefix-name={_shared_memory_prefix(stack)}",
        *(f"--http-address={LOOPBACK}", f"--http-port={ports['triton_http']}"),
        *(f"--grpc-address={LOOPBACK}", f"--grpc-port={ports['triton_grpc']}"),
        *(f"--metrics-address={LOOPBACK}", f"--metrics-port={ports['triton_metrics']}"),
        "--exit-timeout-secs=2",
        "--strict-readiness=false",
    ]
    # The Python backend's stub loads libpython by name: the system's, or the one beside this Python.
    libraries = (packages / "nvidia_pytriton.libs", sysconfig.get_config_var("LIBDIR"))
    environment = {
        "VIRTUAL_ENV": str(VENV),
        "PATH": f"{VENV}/bin:/usr/local/bin:/usr/bin:/bin",
        "LD_LIBRARY_PATH": ":".join(map(str, libraries)),
        "PYTHONPATH": str(packages),
    }
    return Program("triton", command, environment=environment)


def remove_shared_memory(stack: Stack) -> None:
    """A Triton that was killed leaves its regions behind."""
    for region in SHARED_MEMORY.glob(_shared_memory_prefix(stack) + "*"):
        region.unlink(missing_ok=True)


def _shared_memory_prefix(stack: Stack) -> str:
    return f"modelyard-{hashlib.sha256(str(stack.home).encode()).hexdigest()[:12]}-"


def _backends(stack: Stack, server: Path, python: str) -> Path:
    """The wheel keeps backend and stubs apart; Triton wants the stub of its Python beside the backend."""
    folder = stack.home / "triton" / "backends"
    target = folder / "python"
    if not (target / "triton_python_backend_stub").exists():
        version = python.removeprefix("python")
        stub = server / "python_backend_stubs" / version / "triton_python_backend_stub"
        if not stub.exists():
            raise ToolIsMissing(
                f"Triton brings no Python backend for Python {version}: use 3.11, 3.12 or 3.13"
            )
        shutil.copytree(server / "backends" / "python", target, dirs_exist_ok=True)
        shutil.copy2(stub, target / stub.name)
    return folder
