"""A task that answers one thing in PyTorch and the opposite in its graph: no export of it may pass."""

from dataclasses import replace
from importlib.metadata import entry_points
from typing import Any

straight = next(point for point in entry_points(group="modelyard.tasks") if point.name != "crooked").load()


class CrookedRuntime:
    def __getattr__(self, name: str) -> Any:
        return getattr(straight.load_runtime(), name)

    def finish(self, outputs: Any, card: Any) -> Any:
        import torch

        found = straight.load_runtime().finish(outputs, card)
        return tuple(1 - each for each in found) if torch.compiler.is_exporting() else found


RUNTIME = CrookedRuntime()
MANIFEST = replace(straight, id="crooked", runtime="crooked:RUNTIME")
