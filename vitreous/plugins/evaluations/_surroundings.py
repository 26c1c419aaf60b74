"""Sums over the surroundings of chosen atoms of many glasses, by species, from which mean densities
and orientational pair correlations follow.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from vitreous.analysis.neighborhoods import pairs_within
from vitreous.analysis.orientational_pairs import (
    Peak,
    azimuthal_volumes,
    azimuths,
    first_peak,
    neighbour_density,
    pair_counts,
    polar_angles,
    polar_volumes,
    smoothed,
)
from vitreous.core.data import Configuration, Loading
from vitreous.core.errors import VitreousError
from vitreous.core.evaluated import Numbers

Array = NDArray[np.float64]
Pair = tuple[str, str]  #: species of the centre and of the neighbour
THETA, PHI = "theta", "phi"
FERTILE, STABLE = "fertile", "stable"
WORDS = {
    THETA: ("parallel", "perpendicular", "ellipticity"),
    PHI: ("in_plane", "out_of_plane", "flattening"),
}  #: the first peak at small angles, at large ones, and their difference
_SIGN = {THETA: 1.0, PHI: -1.0}  #: of the peak at small angles in the difference
BLOCKS = 10  #: groups of glasses, of which one at a time is left out to find errors
_SELF = 1e-6  # an image nearer than this is the atom itself, length


@dataclass(frozen=True, kw_only=True)
class Bins:
    """``radii`` (R + 1,), length; ``angles`` (A + 1,), radian; ``smoothing`` of g; ``cutoff``,
    ``pixel`` and, in three dimensions, ``thickness`` of the images: lengths.
    """

    radii: Array
    angles: Array
    cutoff: float
    pixel: float
    thickness: float
    smoothing: float


@dataclass
class Sums:
    """Of the atoms of one species around those of another, of one group.

    Fields:
        centres: (BLOCKS,) weight of the centres. counts: by THETA and PHI, (BLOCKS, A, R) weight of
        pairs. relative: the same over the density of the neighbours in their glass, area or volume.
        images: by what is done to the glasses, the weight of the centres and the sum of their
        images.
    """

    centres: Array
    counts: dict[str, Array]
    relative: dict[str, Array]
    images: dict[str, tuple[float, Array]] = field(default_factory=dict)

    @classmethod
    def zero(cls, bins: Bins, dimension: int) -> Sums:
        shape = (BLOCKS, len(bins.angles) - 1, len(bins.radii) - 1)
        kinds = (THETA,) if dimension == 2 else (THETA, PHI)
        return cls(
            centres=np.zeros(BLOCKS),
            counts={kind: np.zeros(shape) for kind in kinds},
            relative={kind: np.zeros(shape) for kind in kinds},
        )

    def correlation(self, kind: str, bins: Bins, without: int | None = None) -> Array | None:
        """Smoothed g (A, R) over r and the angle ``kind``, ``without`` one of the blocks; None
        where no centre is left.
        """
        kept = np.arange(BLOCKS) != without
        centres = self.centres[kept].sum()
        if centres == 0.0:
            return None
        volumes = (
            azimuthal_volumes(bins.radii, bins.angles)
            if kind == PHI
            else polar_volumes(bins.radii, bins.angles, 3 if PHI in self.counts else 2)
        )
        g = self.relative[kind][kept].sum(axis=0) / (centres * volumes)
        return smoothed(g, bins.radii, bins.smoothing)

    def numbers(self, bins: Bins) -> Numbers:
        """Weight of the centres; first peaks at small and large angles, their heights and weight;
        their difference and its error.
        """
        found: dict[str, float | None] = {"centres": float(self.centres.sum())}
        for kind, counts in self.counts.items():
            *words, difference = WORDS[kind]
            for word, row, peak in zip(words, (0, -1), self._peaks(kind, bins), strict=True):
                found[word] = None if peak is None else peak.position
                found[f"height_{word}"] = None if peak is None else peak.height
                found[f"neighbours_{word}"] = (
                    None if peak is None else float(counts[:, row, peak.bins].sum())
                )
            found[difference] = self._difference(kind, bins)
            found[f"{difference}_error"] = self._error(kind, bins)
        return found

    def _peaks(
        self, kind: str, bins: Bins, without: int | None = None
    ) -> tuple[Peak | None, Peak | None]:
        """The first peaks in the first and the last bin of an angle."""
        g = self.correlation(kind, bins, without)
        if g is None:
            return None, None
        return first_peak(g[0], bins.radii), first_peak(g[-1], bins.radii)

    def _difference(self, kind: str, bins: Bins, without: int | None = None) -> float | None:
        near, far = self._peaks(kind, bins, without)
        if near is None or far is None:
            return None
        return _SIGN[kind] * (near.position - far.position)

    def _error(self, kind: str, bins: Bins) -> float | None:
        """Jackknife standard error of the difference over blocks of glasses; None for fewer than
        two of them, or without a peak.
        """
        there = np.flatnonzero(self.centres)
        values = [self._difference(kind, bins, int(block)) for block in there]
        known = [value for value in values if value is not None]
        if len(known) < 2 or len(known) < len(values):
            return None
        return float(np.sqrt((len(known) - 1) * np.var(known)))


def elongation(loading: Loading) -> Array:
    """zeta (D,), the unit vector along which the loading stretches a glass most as it begins.

    Raises:
        VitreousError: it stretches two directions alike.
    """
    rate = loading.velocity_gradient(0.0)
    values = np.linalg.eigvalsh(0.5 * (rate + rate.T))
    if values[-1] - values[-2] < 1e-9 or values[-1] < 1e-9:
        raise VitreousError(
            f"anisotropy needs one direction of greatest elongation, and {loading.title} has none; "
            "use pure or simple shear, or uniaxial tension"
        )
    return loading.extension_direction


def add(
    sums: dict[Pair, Sums],
    glass: Configuration,
    loading: Loading,
    weights: Array,
    bins: Bins,
    block: int,
    kind: str,
) -> None:
    """Add the surroundings of the atoms of a glass with these ``weights`` (N,) to ``sums``, to
    block ``block``, and to the images of ``kind``.
    """
    centres = np.flatnonzero(weights)
    # to the corners of the images, which lie beyond all radii
    reach = float(np.hypot(np.sqrt(2.0) * bins.cutoff, 0.5 * bins.thickness))
    near = pairs_within(
        glass.positions[centres], glass.positions, glass.cell, glass.periodic, reach
    )
    other = (near.distance > _SELF) | (near.atom != centres[near.site])
    place, atom, distance = centres[near.site[other]], near.atom[other], near.distance[other]
    vector = near.vector[other] @ loading.frame.T
    zeta = loading.frame @ elongation(loading)
    angle = {THETA: polar_angles(vector, zeta)}
    flat = np.ones(len(vector), dtype=bool)
    if glass.dimension == 3:
        angle[PHI] = azimuths(vector, zeta, np.array([0.0, 0.0, 1.0]))
        flat = np.abs(vector[:, 2]) <= 0.5 * bins.thickness
    volume = float(np.linalg.det(glass.cell))
    for i, centre in enumerate(glass.names):
        total = float(weights[glass.species == i].sum())
        for j, neighbour in enumerate(glass.names):
            present = int((glass.species == j).sum())
            if total == 0.0 or present == 0:
                continue
            of = (glass.species[place] == i) & (glass.species[atom] == j)
            found = sums.setdefault((centre, neighbour), Sums.zero(bins, glass.dimension))
            found.centres[block] += total
            for name, values in angle.items():
                counts = pair_counts(
                    distance[of], values[of], weights[place[of]], bins.radii, bins.angles
                )
                found.counts[name][block] += counts
                found.relative[name][block] += counts * volume / present
            seen = of & flat
            image = neighbour_density(
                vector[seen, :2], weights[place[seen]], bins.cutoff, bins.pixel
            )
            before, summed = found.images.get(kind, (0.0, np.zeros_like(image)))
            found.images[kind] = before + total, summed + image


def mean_images(sums: Mapping[Pair, Sums], kind: str) -> dict[Pair, Array]:
    """The mean density (n, n) of neighbours around the centres of glasses of ``kind``, by pair."""
    return {
        pair: summed / centres
        for pair, of in sums.items()
        for centres, summed in [of.images.get(kind, (0.0, np.zeros(0)))]
        if centres
    }
