"""Samples as tensors: read, decoded and resized, one at a time."""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional
from torch.utils.data import Dataset

from libs.common.contracts.packages import ImageInput
from libs.common.errors import ModelyardError
from libs.tasks.images import read_pixels
from libs.tasks.reading import SampleRecord, ShardReader
from libs.tasks.tolerance import Unusable

# A JPEG is decoded at a reduced scale where so many times the wanted pixels remain: then the resized picture
# is within three levels of what serving makes of all its pixels (docs/decisions/0010).
REDUCED_REMAINS = 4
Target = Callable[[SampleRecord], Any]


def decode(data: bytes, spec: ImageInput) -> Tensor:
    """uint8 [3, height, width], resized as the exported graph does it, in whole levels."""
    at_least = REDUCED_REMAINS * spec.height, REDUCED_REMAINS * spec.width
    pixels = torch.from_numpy(read_pixels(data, at_least)).permute(2, 0, 1)
    if pixels.shape[1:] == (spec.height, spec.width):
        return pixels
    # On bytes, up to forty times as fast as on floats.
    return functional.interpolate(
        pixels[None], size=(spec.height, spec.width), mode="bilinear", align_corners=False, antialias=True
    )[0]


class ImageDataset(Dataset[tuple[Tensor, Any] | Unusable]):
    """One sample at a time: (uint8 [3, height, width], target), or why there is none."""

    def __init__(
        self, records: Sequence[SampleRecord], reader: ShardReader, spec: ImageInput, target: Target
    ) -> None:
        self._records = records
        self._reader = reader
        self._target = target
        self._spec = spec

    def __len__(self) -> int:
        return len(self._records)

    def __getitem__(self, index: int) -> tuple[Tensor, Any] | Unusable:
        record = self._records[index]
        try:
            return decode(self._reader.read(record), self._spec), self._target(record)
        except ModelyardError as error:
            return Unusable(record.name, error.detail)

    @property
    def shape(self) -> tuple[int, int, int]:
        """Of one sample's pixels."""
        return 3, self._spec.height, self._spec.width
