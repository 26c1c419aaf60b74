"""Where the sites of labels lie in a glass."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from vitreous.core.data import Configuration, Labels
from vitreous.core.errors import NotConverged

SAME_GLASS = 1e-3  #: length by which atoms of a glass relaxed twice may differ


def sites_of(labels: Labels, glass: Configuration) -> NDArray[np.float64]:
    """(M, D) where labels sit in the relaxed glass. Those of every atom may have been made on
    another machine (``vitreous data load``), where rounding put the same glass elsewhere along a
    direction in which nothing holds it: such a shift is undone, anything else refused.

    Raises:
        NotConverged: the labels are those of another glass.
    """
    if labels.level != "atom" or len(labels) != len(glass):
        return labels.positions
    off = glass.minimum_image(labels.positions - glass.positions)
    apart = float(np.abs(off - off.mean(axis=0)).max())
    if apart > SAME_GLASS:
        raise NotConverged(
            f"its labels were made from a glass whose atoms lie up to {apart:.3g} from those here, "
            "beyond a common shift: it came to rest elsewhere on this machine"
        )
    return glass.positions
