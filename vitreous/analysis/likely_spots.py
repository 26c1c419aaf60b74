"""Spots where a failure is likely, and whether their probabilities mean what they say."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from vitreous.core.data import Configuration
from vitreous.core.evaluated import Numbers

Array = NDArray[np.float64]
LEVELS = (0.1, 0.3, 0.5, 0.7, 0.9)  #: probabilities between two of these are alike


def likeliest_spots(
    chance: Array, glass: Configuration, sites: Array, radius: float, number: int
) -> Iterator[tuple[int, NDArray[np.bool_]]]:
    """Of the ``number`` likeliest spots: the site of largest ``chance`` (M,), and (M,) which of the
    ``sites`` (M, D) lie within ``radius`` of it and in no spot before; then the same of what is
    left. Ends early where nothing is left.
    """
    left = np.array(chance)
    for _ in range(number):
        site = int(np.argmax(left))
        if left[site] <= 0.0:
            return
        step = glass.minimum_image(sites - sites[site])
        around = (np.linalg.norm(step, axis=1) <= radius) & (left > 0.0)
        yield site, around
        left[around] = 0.0


class Alike(NamedTuple):
    """Spots of like probability: its mean, the fraction of them that was hit, and their number."""

    said: float
    hit: float
    number: float


def by_probability(spots: Sequence[tuple[float, bool]]) -> list[Alike]:
    """From the probability of each spot and whether it was hit; levels without a spot left out."""
    said, hit = np.array(spots, dtype=np.float64).reshape(-1, 2).T
    level = np.digitize(said, LEVELS)
    rows = (level == k for k in np.unique(level))
    return [
        Alike(float(said[row].mean()), float(hit[row].mean()), float(row.sum())) for row in rows
    ]


def reliability(spots: Sequence[tuple[float, bool]]) -> Numbers:
    """Means of what was said and of what was hit, and the mean over spots of how far both are off
    each other among spots of like probability (expected calibration error: Guo et al., Proc. ICML
    70, 1321 (2017)).
    """
    off = sum(alike.number * abs(alike.hit - alike.said) for alike in by_probability(spots))
    said, hit = np.mean(spots, axis=0)
    return {"said": float(said), "hit": float(hit), "off": off / len(spots)}
