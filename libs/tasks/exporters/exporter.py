"""What a format of exports is: who makes the file, who answers with it, how exact it has to be.

Light, as is every module that has an `EXPORTER`: it loads torch and the runtimes when a file is made.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from libs.common.contracts.exports import ExportOption, Precision

if TYPE_CHECKING:
    import numpy as np

    from libs.tasks.predicting import LoadedModel


@dataclass(frozen=True)
class Exactness:
    """How far outputs may lie from PyTorch's (None: as they like), and what the task's metric may lose."""

    tolerance: float | None
    metric_tolerance: float


EXACTNESS = {
    Precision.FP32: Exactness(1e-3, 1e-3),
    Precision.FP16: Exactness(2e-2, 5e-3),
    Precision.INT8: Exactness(None, 2e-2),
}


@dataclass(frozen=True)
class Making:
    """One file to be made at `path`; what is needed on the way may lie beside it, under its name.

    `about` is written into the file. `graph` is the model as ONNX in FP32, which is where several formats
    begin. `samples` gives images of the train subset, uint8 [height, width, 3], the same ones each time.
    """

    loaded: "LoadedModel"
    path: Path
    precision: Precision
    about: Mapping[str, str]
    graph: Callable[[], Path]
    samples: "Callable[[], Iterator[np.ndarray]]"
    device: str = "cpu"


@dataclass(frozen=True)
class Opened:
    """`run` maps uint8 [batch, height, width, 3] to the outputs, in the order of the serving signature."""

    runtime: str
    run: "Callable[[np.ndarray], Sequence[np.ndarray]]"


@dataclass(frozen=True)
class Exporter:
    """`open` gets the file and the device. `missing` says in words why no such file can be made here.

    Where `has_own_size` is set, the file takes images of the network's own size only.
    """

    id: str
    title: str
    suffix: str
    precisions: tuple[Precision, ...]
    missing: Callable[[], str | None]
    write: Callable[[Making], None]
    open: Callable[[Path, "LoadedModel", str], Opened]
    is_served: bool = False
    has_own_size: bool = False

    def name_of(self, precision: Precision) -> str:
        return f"{self.title}, {precision.upper()}"

    def options(self) -> Iterator[ExportOption]:
        reason = self.missing()
        for precision in self.precisions:
            yield ExportOption(
                format=self.id,
                precision=precision,
                title=self.name_of(precision),
                suffix=self.suffix,
                is_served=self.is_served,
                metric_tolerance=EXACTNESS[precision].metric_tolerance,
                reason=reason,
            )


def missing_package(package: str, extra: str) -> str | None:
    """Without importing it."""
    if find_spec(package) is not None:
        return None
    return f"the package {package} is not installed here: install modelyard[{extra}]"


def named(runtime: str, package: str) -> str:
    return f"{runtime} {version(package)}"
