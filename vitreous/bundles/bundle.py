"""A trained model with everything that a prediction on a new glass needs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from vitreous.analysis.conformal import Intervals
from vitreous.bundles.likeness import Likeness
from vitreous.bundles.trust import Trust
from vitreous.core.data import Loading
from vitreous.core.interfaces import Descriptor, Fitted, Potential


@dataclass(frozen=True, kw_only=True)
class Bundle:
    """A trained model with everything that a prediction on a new glass needs.

    Fields:
        label: name, unit and weak_is of what it predicts.
        spacing: between its places in training, length.
        glasses: of the training: names and share of the species, units, dimension, bonds per atom
        of each species, atoms per glass, keys, loadings (and how many glasses were taken along
        each).
        scores: on glasses never seen, as the run reported them.
        intervals, trust: how wide intervals are and which maps are to be trusted, from the
        validation glasses; None where the model knows no deviation, or there were none.
        likeness: what the training glasses are like; None of format 2.
    """

    fitted: Fitted
    descriptor: Descriptor
    potential: Potential
    loading: Loading
    label: Mapping[str, str]
    spacing: float
    glasses: Mapping[str, Any]
    scores: Mapping[str, Any]
    likeness: Likeness | None = None
    intervals: Intervals | None = None
    trust: Trust | None = None
