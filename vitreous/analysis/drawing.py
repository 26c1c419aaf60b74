"""Grey images of bond graphs: a disc at every node, a line along every edge (Bachhav et al. 2025,
Fig. 5a).
"""

from __future__ import annotations

import numpy as np
from numba import njit


@njit(cache=True, nogil=True)
def draw(nodes, graph, edges, dot, line, images):  # type: ignore[no-untyped-def]
    """Draw into the zero ``images`` (B, H, H); row 0 is the lowest y.

    ``nodes`` (T, 2) lie in [-1, 1], ``graph`` (T,) is the image of each, ``edges`` (2, G) join
    them; ``dot`` (radius) and ``line`` (half width) are in the same unit, half the image's side.
    Intensities are 1 inside, 0 outside, and fall off linearly over the pixel at the border.
    """
    size = images.shape[1]
    scale = 0.5 * size
    for k in range(edges.shape[1]):
        a, b = edges[0, k], edges[1, k]
        if a < b:
            _stroke(
                images[graph[a]],
                _pixel(nodes[a, 0], scale),
                _pixel(nodes[a, 1], scale),
                _pixel(nodes[b, 0], scale),
                _pixel(nodes[b, 1], scale),
                line * scale,
            )
    for a in range(len(nodes)):
        x, y = _pixel(nodes[a, 0], scale), _pixel(nodes[a, 1], scale)
        _stroke(images[graph[a]], x, y, x, y, dot * scale)


@njit(cache=True, inline="always")
def _pixel(coordinate, scale):  # type: ignore[no-untyped-def]
    """Pixel coordinate (of pixel centres) of a coordinate in [-1, 1]."""
    return (coordinate + 1.0) * scale - 0.5


@njit(cache=True)
def _stroke(image, x0, y0, x1, y1, half):  # type: ignore[no-untyped-def]
    """Draw everything within ``half`` pixels of the segment from (x0, y0) to (x1, y1)."""
    size, reach = image.shape[0], half + 1.0
    dx, dy = x1 - x0, y1 - y0
    length2 = dx * dx + dy * dy
    for i in range(
        max(0, int(np.floor(min(y0, y1) - reach))), min(size, int(np.ceil(max(y0, y1) + reach)) + 1)
    ):
        for j in range(
            max(0, int(np.floor(min(x0, x1) - reach))),
            min(size, int(np.ceil(max(x0, x1) + reach)) + 1),
        ):
            along = 0.0
            if length2 > 0.0:
                along = min(1.0, max(0.0, ((j - x0) * dx + (i - y0) * dy) / length2))
            away = np.sqrt((j - x0 - along * dx) ** 2 + (i - y0 - along * dy) ** 2)
            image[i, j] = max(image[i, j], min(1.0, max(0.0, half + 0.5 - away)))
