"""A trained model with everything that a prediction on a new glass needs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vitreous.analysis.conformal import Intervals
from vitreous.bundles.bonding import BondFinder
from vitreous.bundles.likeness import Likeness
from vitreous.bundles.trust import Trust
from vitreous.core.data import Configuration, Loading
from vitreous.core.interfaces import Descriptor, Fitted, Potential
from vitreous.core.projection import Projection

Array = NDArray[np.float64]
VALUED = ("value", "image")  #: tasks whose answers are numbers, and their errors differences


@dataclass(frozen=True, kw_only=True)
class Bundle:
    """A trained model with everything that a prediction on a new glass needs.

    Fields:
        label: what it predicts: name, unit, weak_is, level, task, components, classes, and the
        grid of a picture.
        potential: of the training glasses, if the descriptor reads it; None: it reads none.
        projection: the plane in which the descriptor sees a glass; None: as it is.
        bonds: finds bonds in a glass that lists none; None where the training glasses have none, or
        the length of a bond is not known.
        spacing: between its sites in training, length; 0 without a grid.
        fractions: (M, D) where the labels of level "sample" or "field" lie, in fractions of the
        cell; None of other levels.
        glasses: of the training: names and shares of the species, units, dimension, boundaries,
        bonds per atom of each species, atoms per glass, keys, loadings (and how many glasses were
        taken along each), the potential they were at rest under; of failures the largest strain
        that was ``watched``.
        scores: on glasses never seen, as the run reported them.
        intervals, trust: how wide intervals are and which maps are to be trusted, from the
        validation glasses; None where there were too few, or the task has neither. Trust is None
        where the model knows no deviation, too.
        likeness: what the training glasses are like; None of formats 1 and 2.
    """

    fitted: Fitted
    descriptor: Descriptor
    loading: Loading
    label: Mapping[str, Any]
    spacing: float
    glasses: Mapping[str, Any]
    scores: Mapping[str, Any]
    potential: Potential | None = None
    projection: Projection | None = None
    bonds: BondFinder | None = None
    fractions: Array | None = None
    likeness: Likeness | None = None
    intervals: Intervals | None = None
    trust: Trust | None = None

    @property
    def at_rest_under(self) -> str:
        """The class of the potential that relaxed the training glasses."""
        return str(self.glasses["at_rest_under"]["target"]).rpartition(".")[2]

    def uncut(self, glass: Configuration) -> bool:
        """Whether the glass has the free boundary of the training glasses, if any; else it was cut
        out of a larger one, and atoms lack neighbours that they had.
        """
        return tuple(glass.periodic) == tuple(self.glasses["periodic"])

    def seen(self, glass: Configuration) -> Configuration:
        """The glass as the descriptor sees it."""
        return glass if self.projection is None else self.projection.glass(glass)

    def seen_sites(self, sites: Array) -> Array:
        """Sites (M, D) as the descriptor sees them."""
        return sites if self.projection is None else self.projection.sites(sites)

    def seen_loading(self, loading: Loading) -> Loading:
        """A loading as the descriptor sees it."""
        return loading if self.projection is None else self.projection.loading(loading)
