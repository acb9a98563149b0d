"""Masks: run-length code, areas, outlines. What a stranger wrote is counted before it is used.

COCO's runs go down the columns, zeros first. Compressed, each count is written in characters of six bits,
from the fourth on as its difference to the one two before (pycocotools, maskApi.c).
"""

from collections.abc import Sequence

import numpy as np
import shapely
from faster_coco_eval.core import mask as coco
from shapely.geometry import MultiPolygon

from libs.common.contracts.annotations import MaskAnnotation, Point
from libs.common.errors import BadInput
from libs.tasks.images import MAX_PIXELS

Part = tuple[Point, ...]
# Six characters hold 30 bits, more than any image has pixels.
LONGEST_COUNT = 6
FIRST_CHARACTER = 48


class MaskIsMalformed(BadInput):
    code, title = "mask_malformed", "The run-length code of the mask is broken"


def mask_of(pixels: np.ndarray, label: str) -> MaskAnnotation:
    """`pixels` is [height, width]; everything but 0 belongs to the mask."""
    height, width = pixels.shape
    return MaskAnnotation(label=label, width=width, height=height, rle=rle_of(pixels))


def rle_of(pixels: np.ndarray) -> str:
    """Compressed; `pixels` as those of `mask_of`."""
    return coco.encode(np.asfortranarray(pixels != 0, dtype=np.uint8))["counts"].decode()


def array_of(mask: MaskAnnotation) -> np.ndarray:
    """uint8 [height, width] of 0 and 1. Raises MaskIsMalformed."""
    counts = counts_of(mask.rle, mask.width, mask.height)
    values = np.arange(len(counts)) % 2
    return np.repeat(values.astype(np.uint8), counts).reshape(mask.width, mask.height).T


def counts_of(rle: str, width: int, height: int) -> np.ndarray:
    """Zeros and ones by turns, as many as there are pixels. Raises MaskIsMalformed."""
    counts = _unpacked(rle)
    return _checked(counts, width, height)


def compressed(counts: Sequence[object], width: int, height: int) -> str:
    """From plain counts, as COCO's crowds have them. Raises MaskIsMalformed."""
    if not all(type(count) is int and 0 <= count <= MAX_PIXELS for count in counts):
        raise MaskIsMalformed("a count of the mask is no whole number of pixels")
    _checked(np.array(counts, dtype=np.int64), width, height)
    code = coco.frPyObjects({"counts": list(counts), "size": [height, width]}, height, width)
    assert isinstance(code, dict)
    return code["counts"].decode()


def area_of(counts: np.ndarray) -> int:
    return int(counts[1::2].sum())


def box_of(counts: np.ndarray, height: int) -> tuple[int, int, int, int]:
    """x, y, width, height around the ones; of a mask that has some."""
    ends = np.cumsum(counts)[1::2]
    starts = ends - counts[1::2]
    starts, ends = starts[ends > starts], ends[ends > starts]
    left, right = int(starts[0] // height), int((ends[-1] - 1) // height)
    # A run that goes on in the next column touches the upper and the lower edge.
    wraps = bool((starts // height != (ends - 1) // height).any())
    top = 0 if wraps else int((starts % height).min())
    bottom = height - 1 if wraps else int(((ends - 1) % height).max())
    return left, top, right - left + 1, bottom - top + 1


def mask_of_parts(parts: Sequence[Part], width: int, height: int) -> str:
    """The pixels of a polygon that fits its image (`fitting.py`), as COCO counts them."""
    flat = [[number for point in part for number in point] for part in parts]
    codes = coco.frPyObjects(flat, height, width)
    merged = coco.merge(codes if isinstance(codes, list) else [codes])
    return merged["counts"].decode()


def outline(mask: MaskAnnotation) -> MultiPolygon:
    """Along the edges of its pixels: exact, with holes, empty for an empty mask. Raises MaskIsMalformed."""
    counts = counts_of(mask.rle, mask.width, mask.height)
    edges = np.concatenate([[0], np.cumsum(counts)])
    # Runs cut at the ends of columns.
    columns = np.arange(mask.width + 1) * mask.height
    cuts = np.union1d(edges, columns)
    starts, ends = cuts[:-1], cuts[1:]
    inside = (np.searchsorted(edges, starts, side="right") - 1) % 2 == 1
    starts, ends = starts[inside], ends[inside]
    left, top = starts // mask.height, starts % mask.height
    boxes = shapely.box(left, top, left + 1, top + ends - starts)
    return as_polygons(shapely.simplify(shapely.union_all(boxes), 0))


def as_polygons(shape: shapely.Geometry) -> MultiPolygon:
    """The areas of it, without points and lines."""
    # Twice: a collection may hold a multi-polygon.
    parts = shapely.get_parts(shapely.get_parts(shape))
    return MultiPolygon(list(parts[shapely.get_type_id(parts) == shapely.GeometryType.POLYGON]))


def _checked(counts: np.ndarray, width: int, height: int) -> np.ndarray:
    num_pixels = width * height
    if not 0 < num_pixels <= MAX_PIXELS:
        raise MaskIsMalformed(f"a mask of {width}×{height} pixels")
    if (counts < 0).any():
        raise MaskIsMalformed("a count of the mask is negative")
    if (total := int(counts.sum())) != num_pixels:
        raise MaskIsMalformed(f"its counts add up to {total}, not to {width}×{height} pixels")
    return counts


def _unpacked(rle: str) -> np.ndarray:
    try:
        codes = np.frombuffer(rle.encode("ascii"), np.uint8).astype(np.int64) - FIRST_CHARACTER
    except UnicodeEncodeError as error:
        raise MaskIsMalformed("a character that does not belong to the code") from error
    if ((codes < 0) | (codes > 63)).any():
        raise MaskIsMalformed("a character that does not belong to the code")
    is_last = codes & 32 == 0
    if not len(codes) or not is_last[-1]:
        raise MaskIsMalformed("the code is cut off")
    ends = np.flatnonzero(is_last)
    starts = np.concatenate([[0], ends[:-1] + 1])
    lengths = ends - starts + 1
    if lengths.max() > LONGEST_COUNT:
        raise MaskIsMalformed("a count of the mask is larger than any image")
    shifts = 5 * (np.arange(len(codes)) - np.repeat(starts, lengths))
    values = np.add.reduceat((codes & 31) << shifts, starts)
    # Bit 4 of the last character is the sign.
    values -= (codes[ends] >> 4 & 1) << (5 * lengths)
    return _summed(values)


def _summed(values: np.ndarray) -> np.ndarray:
    """From the fourth on, each is a difference to the one two before."""
    for first in (1, 2):
        values[first::2] = np.cumsum(values[first::2])
    return values
