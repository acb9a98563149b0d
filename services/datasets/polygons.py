"""Polygons against their image: cut at its edges, untangled where they cross themselves."""

from collections.abc import Sequence

import numpy as np
import shapely

from libs.common.contracts.annotations import Point, PolygonAnnotation
from services.datasets.formats.masks import Part, as_polygons
from services.datasets.verdicts import TOLERANCE, Frame, Mended, Refused

# Pixels; a corner that lies farther away is a mistake and no shape.
FARTHEST = 1_000_000
# Square pixels; what is smaller shows nothing.
SMALLEST_AREA = 1e-4
# Untangling takes a second for so many pairs of edges that may cross; nobody drew more of them.
MOST_PAIRS = 300_000
EDGES_AT_ONCE = 256


def fit_polygon(polygon: PolygonAnnotation, frame: Frame) -> PolygonAnnotation | Mended | Refused:
    """Parts that are well stay exactly as they are; of others, what is left of them."""
    rings = [np.array(part, dtype=np.float64) for part in polygon.parts]
    beyond = max((_beyond(ring, frame) for ring in rings), default=0)
    if beyond > FARTHEST:
        return Refused("coordinates_absurd", f"a corner lies more than {FARTHEST:,} pixels away")
    if any(map(_is_tangled, rings)):
        return Refused("polygon_tangled", "its edges cross each other too often")
    says: dict[str, str] = {}
    parts = tuple(
        piece
        for part, ring in zip(polygon.parts, rings, strict=True)
        for piece in _fitted(part, ring, frame, says)
    )
    if not parts:
        return _nothing(rings, frame)
    if parts == polygon.parts:
        return polygon
    fitted = polygon.model_copy(update={"parts": parts})
    return Mended(fitted, next(iter(says)), "; ".join(says.values())) if says else fitted


def overlaps(corners: Sequence[Point], frame: Frame) -> bool:
    """Whether anything of a convex shape is on the image."""
    return shapely.Polygon(corners).intersection(_box(frame)).area > 0


def _fitted(part: Part, ring: np.ndarray, frame: Frame, says: dict[str, str]) -> list[Part]:
    """What is left of a part; everything that has to be told goes into `says`."""
    beyond = _beyond(ring, frame)
    if 0 < beyond <= TOLERANCE:
        ring = _clamped(ring, frame)
        part = _points(ring)
    shape = _shape(ring)
    if shape.is_valid and beyond <= TOLERANCE and shape.area >= SMALLEST_AREA:
        return [part]
    area = as_polygons(_untangled(shape))
    if area.area < SMALLEST_AREA:
        says["polygon_part_dropped"] = "a part without area was dropped"
        return []
    if not shape.is_valid:
        says["polygon_repaired"] = "it crossed or touched itself; its outline was taken"
    if beyond > TOLERANCE:
        says["polygon_clipped"] = f"it reached {beyond:.6g} pixels beyond the image of {frame}"
    return _pieces(area.intersection(_box(frame)), frame, says)


def _pieces(shape: shapely.Geometry, frame: Frame, says: dict[str, str]) -> list[Part]:
    """Outlines alone: there is no place for holes."""
    pieces = [piece for piece in as_polygons(shape).geoms if piece.area >= SMALLEST_AREA]
    if any(shapely.Polygon(hole).area >= SMALLEST_AREA for piece in pieces for hole in piece.interiors):
        says["polygon_holes"] = "holes were filled"
    return [_points(_clamped(np.array(piece.exterior.coords)[:-1], frame)) for piece in pieces]


def _nothing(rings: Sequence[np.ndarray], frame: Frame) -> Refused:
    if any(_shape(ring).area >= SMALLEST_AREA for ring in rings):
        return Refused("polygon_outside", f"the polygon lies outside the image of {frame}")
    return Refused("polygon_empty", "the polygon has no area")


def _beyond(ring: np.ndarray, frame: Frame) -> float:
    low, high = ring.min(axis=0), ring.max(axis=0)
    return float(max(-low[0], -low[1], high[0] - frame.width, high[1] - frame.height))


def _clamped(ring: np.ndarray, frame: Frame) -> np.ndarray:
    return np.clip(ring, 0, (frame.width, frame.height))


def _points(ring: np.ndarray) -> tuple[Point, ...]:
    return tuple((x, y) for x, y in ring.tolist())


def _box(frame: Frame) -> shapely.Polygon:
    return shapely.box(0, 0, frame.width, frame.height)


def _shape(ring: np.ndarray) -> shapely.Polygon:
    # Closed once more, because a ring of three points that ends where it began is none for shapely.
    return shapely.Polygon(np.concatenate([ring, ring[:1]]))


def _untangled(shape: shapely.Polygon) -> shapely.Geometry:
    # The other method takes minutes for a few hundred crossings.
    return shape if shape.is_valid else shapely.make_valid(shape, method="structure", keep_collapsed=False)


def _is_tangled(ring: np.ndarray) -> bool:
    """Counted in pieces, so that the worst of polygons takes neither time nor memory."""
    if len(ring) ** 2 < MOST_PAIRS or _shape(ring).is_valid:
        return False
    edges = [shapely.LineString(edge) for edge in np.stack([ring, np.roll(ring, -1, axis=0)], axis=1)]
    tree = shapely.STRtree(edges)
    num_pairs = 0
    for start in range(0, len(edges), EDGES_AT_ONCE):
        num_pairs += tree.query(edges[start : start + EDGES_AT_ONCE]).shape[1]
        # Each meets itself and its two neighbours.
        if num_pairs > MOST_PAIRS + 3 * len(edges):
            return True
    return False
