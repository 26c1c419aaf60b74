"""Where and when a glass fails first, from the hazards that a model predicts for its sites."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from vitreous.analysis.causes import strongest
from vitreous.analysis.first_passage import quantile, shares
from vitreous.analysis.likely_spots import likeliest_spots
from vitreous.bundles.prediction import CONFIDENCES, Prediction
from vitreous.core.vocabulary import HAZARD_STRAINS

Array = NDArray[np.float64]
SPOTS = 3  #: that are named
LEAST = 0.005  #: probability of a spot that is named beside the likeliest
WIDE = 3.5  #: radius of a spot, over the distance between atoms: 7.5 angstrom in planar silica


class Spot(NamedTuple):
    """``site``: number of the likeliest site of the spot; probability that the first failure comes
    at one of its sites. causes: of that site, the strongest first, each with the factor by which
    it raises the hazard over that of the median site.
    """

    site: int
    probability: float
    causes: tuple[tuple[str, float], ...]


class FirstFailure(NamedTuple):
    """Fields:
    strain: the median. beyond: as of ``Prediction``. bounds: ends of central intervals, by the
    probability that they hold. shares: (M,) probability of each site to be the first, NaN where it
    is masked. spots: the likeliest ones, farther apart than they are wide, the likeliest first;
    beside the very first none that is hardly possible.
    """

    strain: float
    beyond: float | None
    bounds: Mapping[float, tuple[float, float]]
    shares: Array
    spots: tuple[Spot, ...]


def first_failure(found: Prediction) -> FirstFailure | None:
    """None of what is no prediction of failures."""
    if found.hazards is None:
        return None
    known = found.reasons == ""
    hazards = found.hazards[known]
    chance = np.full(len(known), np.nan)
    chance[known] = shares(hazards)
    return FirstFailure(
        strain=quantile(hazards, HAZARD_STRAINS, 0.5),
        beyond=found.beyond,
        bounds={
            p: (
                quantile(hazards, HAZARD_STRAINS, 0.5 - 0.5 * p),
                quantile(hazards, HAZARD_STRAINS, 0.5 + 0.5 * p),
            )
            for p in CONFIDENCES
        },
        shares=chance,
        spots=_spots(found, np.nan_to_num(chance)),
    )


def _spots(found: Prediction, chance: Array) -> tuple[Spot, ...]:
    """Around the likeliest site, then around the likeliest one that is left, and so on; the
    likeliest first.
    """
    glass = found.configuration
    radius = WIDE * (glass.volume / len(glass)) ** (1.0 / glass.dimension)
    spots = [
        Spot(site, float(chance[around].sum()), tuple(strongest(found.causes, site)))
        for site, around in likeliest_spots(chance, glass, found.labels.positions, radius, SPOTS)
    ]
    first, *others = sorted(spots, key=lambda spot: -spot.probability)
    return (first, *(spot for spot in others if spot.probability >= LEAST))
