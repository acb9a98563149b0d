"""What fitting an annotation to its image may come to, other than that it is well as it is."""

from dataclasses import dataclass

from libs.common.contracts.annotations import Annotation

# Pixels beyond the edge that are rounding, and nothing to tell.
TOLERANCE = 0.5


@dataclass(frozen=True, slots=True)
class Mended:
    annotation: Annotation
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Refused:
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Frame:
    """Size in pixels of the upright image."""

    width: int
    height: int

    def cut(self, what: str, annotation: Annotation, beyond: float) -> Mended:
        return Mended(
            annotation,
            f"{what}_clipped",
            f"the {what} reaches {beyond:.6g} pixels beyond the image of {self}",
        )

    def __str__(self) -> str:
        return f"{self.width}×{self.height}"
