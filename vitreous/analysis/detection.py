"""What of a network was found in a micrograph whose truth is known.

==========  ====================================================================================
number      meaning
==========  ====================================================================================
recall      share of the silicons that are there that were found
precision   share of the spots that were found that are silicons
error       root mean square distance of the two, angstrom
bias        mean displacement (x, y) from the silicon to the spot, angstrom
bonds       bonds found over all, found or there (Jaccard)
rings       the same of closed rings; a ring is found if all its silicons are, and none else
==========  ====================================================================================

A silicon is found by the nearest spot within ``REACH``, if that has no nearer silicon. Only what
lies at least a margin away from the sides of the image counts.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import KDTree

from vitreous.analysis.imaged_network import ImagedNetwork
from vitreous.analysis.open_rings import trace_open_rings
from vitreous.analysis.synthetic_micrograph import Micrograph

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
REACH = 1.0  #: angstrom


@dataclass(frozen=True, kw_only=True)
class Detection:
    """The module's table explains the fields."""

    recall: float
    precision: float
    error: float
    bias: tuple[float, float]
    bonds: float
    rings: float


def detection(
    truth: Micrograph, found: ImagedNetwork, pixel_size: float, margin: float
) -> Detection:
    """Compare what was ``found`` in the image of ``truth``, whose pixels are ``pixel_size``
    angstrom; ``margin`` in pixels.
    """
    name = matched(truth.silicon, found.places, REACH / pixel_size)
    height, width = truth.counts.shape
    sides = np.array([width, height]) - 1.0

    def inside(places: Floats) -> NDArray[np.bool_]:
        return np.all((places >= margin) & (places <= sides - margin), axis=1)

    there, seen = inside(truth.silicon), inside(found.places)
    known = name >= 0
    away = (found.places[known] - truth.silicon[name[known]]) * pixel_size
    # spots that are no silicon get numbers of their own, so that nothing of them is right
    label = np.where(known, name, len(truth.silicon) + np.arange(len(name)))
    counted = np.concatenate([there, seen])
    bonds = _within(truth.bonds, counted), _within(label[found.network.bonds], counted)
    traced = trace_open_rings(truth.silicon, truth.bonds).members
    rings = (
        _within(traced, counted),
        _within([label[ring] for ring in found.network.rings.members], counted),
    )
    return Detection(
        recall=float(np.isin(np.flatnonzero(there), name).mean()),
        precision=float(known[seen].mean()),
        error=float(np.sqrt(np.mean(np.sum(away**2, axis=1)))),
        bias=(float(away[:, 0].mean()), float(away[:, 1].mean())),
        bonds=_jaccard(*bonds),
        rings=_jaccard(*rings),
    )


def matched(silicon: Floats, spots: Floats, reach: float) -> Ints:
    """(N,) the silicon that each spot is, -1 for none: each is the other's nearest, and no further
    than ``reach``.
    """
    apart, nearest = map(np.asarray, KDTree(silicon).query(spots))
    back = np.asarray(KDTree(spots).query(silicon)[1])
    mutual = (back[nearest] == np.arange(len(spots))) & (apart <= reach)
    return np.where(mutual, nearest, -1)


def _within(groups: Iterable[Ints], counted: NDArray[np.bool_]) -> set[frozenset[int]]:
    """Groups of atoms all of which count."""
    return {frozenset(map(int, group)) for group in groups if counted[group].all()}


def _jaccard(one: set[frozenset[int]], other: set[frozenset[int]]) -> float:
    return len(one & other) / max(len(one | other), 1)
