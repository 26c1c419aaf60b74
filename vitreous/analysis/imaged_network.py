"""The silica network of spots that a micrograph shows: bonds, scale, and spots that cannot be.

Every spot has neighbours, and these tell whether it is an atom: three bonds, of about the length of
the others. A spot is flagged for

============  ==================================================================================
coordination  other than three bonds: a spot beside it is missing or spurious
close         another spot nearer than ``CLOSE`` median bonds, or one that it has no bond with
              nearer than ``CROWDED``: one of the two is spurious
distance      a bond whose length lies ``FAR`` deviations from the median (robust: 1.4826 times the
              median absolute deviation, no less than ``LEAST_SPREAD`` of the median)
============  ==================================================================================

Spots of rings that leave the image lack neighbours without being wrong: they are the border, and
take no part in the verdict. Their bonds that are too long by the rule of distances are left out:
across a ring that the image cuts, the next silicon may be the one beyond the missing one. How many
spots there should be is not known, so counts tell nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import KDTree

from vitreous.analysis.triangulation import FEWEST, triangulate
from vitreous.analysis.voronoi_network import (
    COORDINATION,
    Network,
    choose_bonds,
    merge_triangles,
)
from vitreous.core.errors import VitreousError

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
CLOSE, CROWDED, FAR, LEAST_SPREAD = 0.7, 1.05, 5.0, 0.03
BONDS_OF_A_SCALE = 12  #: inside the image, at least, for a mean distance that sets the scale
MOST_FLAGGED = 0.3  #: of the spots inside, beyond which an image shows no network
MANY, LEAST_INSIDE = 60, 0.3  #: spots, and the share of these that rings surround in any piece
COORDINATED, NEAR, DISTANT = "coordination", "close", "distance"  #: reasons
REASON = f"<U{len(COORDINATED)}"


@dataclass(frozen=True, kw_only=True)
class ImagedNetwork:
    """A network as an image shows it; places in pixels, x to the right and y down.

    Fields:
        places: (N, 2) spots. added: (N,) whether a spot was added by hand.
        network: bonds, closed rings and border.
        reasons: (N,) why a spot cannot be an atom among its neighbours; empty where it can.
        pixel_size: length of a pixel, angstrom. scaled: whether it follows from the distances.
    """

    places: Floats
    added: NDArray[np.bool_]
    network: Network
    reasons: NDArray[np.str_]
    pixel_size: float
    scaled: bool

    @property
    def flagged(self) -> NDArray[np.bool_]:
        """(N,) whether there is a reason."""
        return self.reasons != ""

    @property
    def inside(self) -> int:
        """How many spots are judged."""
        return int(np.sum(~self.network.border))

    def counts(self) -> dict[str, int]:
        """Flagged spots by reason."""
        found, counts = np.unique(self.reasons[self.flagged], return_counts=True)
        return dict(zip(found.tolist(), counts.tolist(), strict=True))


def imaged_network(
    places: Floats, added: NDArray[np.bool_], pixel_size: float | None, si_si: float
) -> ImagedNetwork:
    """The network of ``places`` (N, 2), pixels; without ``pixel_size`` the mean length of its bonds
    is ``si_si``, angstrom.

    Raises:
        VitreousError: too few spots, spots that coincide or lie on a line, too few bonds for a
        scale, or hardly any spot among neighbours as a network has them.
    """
    if len(places) < FEWEST:
        raise VitreousError(
            f"the image shows {len(places)} atoms; expected at least {FEWEST}: check the image, "
            "its region and the diameter"
        )
    box = np.diag(np.ptp(places, axis=0) + 1.0)
    # upwards, so that rings run counter-clockwise as they are seen
    network = _network(places * (1.0, -1.0), box)
    inner = ~network.border[network.bonds].all(axis=1)
    length = _lengths(places, network)
    reasons = _judged(places, network, length)
    sound = inner & ~(reasons != "")[network.bonds].any(axis=1)
    _refuse_no_network(network, reasons)
    if pixel_size is None and sound.sum() < BONDS_OF_A_SCALE:
        raise VitreousError(
            f"the image has {int(sound.sum())} bonds of whole rings; expected at least "
            f"{BONDS_OF_A_SCALE} to tell its scale from the mean distance of silicon: set "
            "pixel_size, in angstrom, or give a larger image"
        )
    return ImagedNetwork(
        places=places,
        added=added,
        network=network,
        reasons=reasons,
        pixel_size=si_si / float(length[sound].mean()) if pixel_size is None else pixel_size,
        scaled=pixel_size is None,
    )


def _network(upright: Floats, box: Floats) -> Network:
    """Without bonds between spots of the border that are too long."""
    found = triangulate(upright, box, (False, False))
    chosen = choose_bonds(found, len(upright))
    network = merge_triangles(found, chosen, upright)
    length = np.linalg.norm(found.step, axis=1)
    if not chosen.any():
        return network
    median, allowed = _range(length[chosen])
    rim = network.border[found.start] & network.border[found.end]
    return merge_triangles(found, chosen & ~(rim & (length > median + allowed)), upright)


def _range(length: Floats) -> tuple[float, float]:
    """The median of lengths, and how far from it one may be."""
    median = float(np.median(length))
    spread = 1.4826 * float(np.median(np.abs(length - median)))
    return median, FAR * max(spread, LEAST_SPREAD * median)


def _lengths(places: Floats, network: Network) -> Floats:
    return np.linalg.norm(places[network.bonds[:, 1]] - places[network.bonds[:, 0]], axis=1)


def _judged(places: Floats, network: Network, length: Floats) -> NDArray[np.str_]:
    """(N,) why a spot cannot be, of those inside."""
    reasons = np.full(len(places), "", dtype=REASON)
    if not len(length):
        return reasons
    bonds, (median, allowed) = network.bonds, _range(length)
    strange = bonds[np.abs(length - median) > allowed]
    reasons[strange.ravel()] = DISTANT
    found = np.bincount(bonds.ravel(), minlength=len(places))
    reasons[found != COORDINATION] = COORDINATED
    near = np.sort(KDTree(places).query_pairs(CROWDED * median, output_type="ndarray"), axis=1)
    gap = np.linalg.norm(places[near[:, 1]] - places[near[:, 0]], axis=1)
    bonded = np.isin(near @ [len(places), 1], bonds @ [len(places), 1])
    reasons[near[~bonded | (gap < CLOSE * median)].ravel()] = NEAR
    reasons[network.border] = ""
    return reasons


def _refuse_no_network(network: Network, reasons: NDArray[np.str_]) -> None:
    inside = int(np.sum(~network.border))
    flagged = int(np.sum(reasons != ""))
    if len(reasons) >= MANY and inside < LEAST_INSIDE * len(reasons):
        raise VitreousError(
            f"only {inside} of {len(reasons)} spots lie among whole rings: they are no network of "
            "silica, or many silicons were not found; set a diameter that is smaller than their "
            "distance in pixels, or another detector"
        )
    if inside and flagged > MOST_FLAGGED * inside:
        raise VitreousError(
            f"{flagged} of the {inside} spots inside the image have an impossible number of bonds "
            "or distance: they are no network of silica; set another diameter, region or detector, "
            "or give a sharper image"
        )
