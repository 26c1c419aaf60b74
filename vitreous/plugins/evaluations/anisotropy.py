"""Surroundings of fertile and of stable atoms in the undeformed glass, by direction (Fan & Ma, Nat.
Commun. 12, 1506 (2021), Fig. 2 and eqs. 1, 3 and 4).

Of each glass along each loading the atoms with the highest ``fraction`` of the label are fertile,
those with the lowest are stable (of a label whose low values mark weak sites the reverse); pooled
over all glasses and loadings. zeta is the direction in which the loading stretches the glass most.

==========================  ====================================================================
number, by "X-Y"            meaning, of species Y around fertile (stable) atoms of species X
==========================  ====================================================================
parallel, perpendicular     position of the first peak of g(r, theta) in the bins of theta
                            nearest to 0 (along zeta) and to pi/2 (across it), length
ellipticity                 parallel - perpendicular, length
ellipticity_error           its standard error: one of ten groups of glasses left out in turn
height_*                    g at these peaks, 1
neighbours_*                atoms in them, whose number limits how well they are known
in_plane, out_of_plane      the same two of g(r, phi) in three dimensions: in the plane of the
                            loading (phi near 0), and across it (near pi/2)
flattening                  out_of_plane - in_plane, with flattening_error
centres                     fertile (stable) atoms of species X
==========================  ====================================================================

Figures: mean density of the neighbours, seen along the loading's axes (x along its first axis n,
for simple shear the shear direction, y along its normal m), of fertile atoms, of stable ones, and
the difference; g(r, theta), and in three dimensions g(r, phi), by angle. In three dimensions the
images are projections onto the plane of the loading of the atoms within half of ``thickness`` of
it. The atom itself is left out. Curves and peaks are those of g smoothed over ``smoothing``.

Conventions: a share has at least one atom; atoms that tie at its limit share what is left of it.
g is normalised by the density of Y in each glass (``vitreous.analysis.orientational_pairs`` on
kappa, and on the first peak). Glasses of all ``roles`` count: nothing is predicted here. A pair of
species without a peak has None.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from vitreous.analysis.scores import weakest_share, weakness
from vitreous.core.cases import ROLES
from vitreous.core.data import UNITS, Labels
from vitreous.core.errors import VitreousError
from vitreous.core.evaluated import Column, Evaluated, Numbers, Table
from vitreous.core.interfaces import Evaluation
from vitreous.core.loading import Loading
from vitreous.core.run import Run
from vitreous.core.sample import Sample
from vitreous.plugins.evaluations._anisotropy_figures import figures
from vitreous.plugins.evaluations._surroundings import (
    BLOCKS,
    FERTILE,
    STABLE,
    WORDS,
    Bins,
    Pair,
    Sums,
    add,
)

Array = NDArray[np.float64]
_COLUMN = "d2min"  #: of class labels: what ranks the atoms
_TITLE = "Surroundings of fertile and stable atoms"


@dataclass(frozen=True, kw_only=True)
class Anisotropy(Evaluation):
    """Mean density and orientational pair correlations around fertile and stable atoms.

    Fields:
        fraction: of the atoms of a glass, fertile, and as many stable. component: of a label with
        several, the one that ranks the atoms; empty for the last. cutoff, pixel: r_c, half the side
        of the images, and Delta, their resolution and the width of the Gaussians, length.
        thickness: of the layer that is projected, in three dimensions, length. angle_bins: of theta
        and phi, from 0 to 90 degrees. radial_step, smoothing: bins of r, up to the cutoff, and
        standard deviation of the Gaussian over which g is averaged, length. roles: of the glasses
        that count.

    Raises:
        VitreousError: a field out of range; labels that do not rank every atom; a glass that is not
        periodic; a loading without a direction of greatest elongation.
    """

    levels = frozenset({"atom"})
    tasks = frozenset({"value", "class"})
    several = True

    fraction: float = 0.005
    component: str = ""
    cutoff: float = 5.0
    pixel: float = 0.2
    thickness: float = 1.0
    angle_bins: int = 6
    radial_step: float = 0.02
    smoothing: float = 0.03
    roles: tuple[str, ...] = ROLES

    def __post_init__(self) -> None:
        object.__setattr__(self, "roles", tuple(self.roles))
        if not 0.0 < self.fraction <= 0.5:
            raise VitreousError(
                f"anisotropy fraction is {self.fraction:g}; expected a fraction above 0, and at "
                "most 0.5"
            )
        lengths = (self.pixel, self.radial_step, self.smoothing, self.thickness)
        if min(lengths) <= 0.0 or max(lengths[:3]) >= self.cutoff or self.angle_bins < 2:
            raise VitreousError(
                f"anisotropy got cutoff={self.cutoff:g}, pixel={self.pixel:g}, radial_step="
                f"{self.radial_step:g}, smoothing={self.smoothing:g}, thickness="
                f"{self.thickness:g}, angle_bins={self.angle_bins}; expected positive lengths, the "
                "cutoff the largest of the first four, and at least 2 bins of angles"
            )
        if not self.roles or not set(self.roles) <= set(ROLES):
            raise VitreousError(
                f"anisotropy roles is {list(self.roles)}; expected some of {', '.join(ROLES)}"
            )

    @classmethod
    def example(cls) -> Self:
        return cls(fraction=0.2, angle_bins=2, radial_step=0.1, smoothing=0.2, roles=("test",))

    @property
    def _bins(self) -> Bins:
        steps = round(self.cutoff / self.radial_step)
        return Bins(
            radii=np.linspace(0.0, self.cutoff, steps + 1),
            angles=np.linspace(0.0, 0.5 * np.pi, self.angle_bins + 1),
            cutoff=self.cutoff,
            pixel=self.pixel,
            thickness=self.thickness,
            smoothing=self.smoothing,
        )

    def evaluate(self, run: Run) -> Evaluated:
        bins, glasses = self._bins, dict[str, Numbers]()
        groups: dict[str, dict[Pair, Sums]] = {FERTILE: {}, STABLE: {}}
        loadings: dict[str, Loading] = {}
        unit = ""
        for sample in run.samples:
            if sample.role not in self.roles or not sample.labels.mask.any():
                continue
            shares = self._shares(sample)
            kind = _kind(sample.loading)
            loadings.setdefault(kind, sample.loading)
            unit = UNITS[sample.configuration.units][0]
            for name, weights in shares.items():
                block = sample.index % BLOCKS
                add(groups[name], sample.configuration, sample.loading, weights, bins, block, kind)
            glasses[sample.name] = {name: float(w.sum()) for name, w in shares.items()}
        if not glasses:
            return Evaluated(title=_TITLE, text="No glass of these roles has a label.")
        pooled = {
            "-".join(pair): {
                name: sums[pair].numbers(bins) for name, sums in groups.items() if pair in sums
            }
            for pair in sorted({pair for sums in groups.values() for pair in sums})
        }
        return Evaluated(
            numbers={"cases": float(len(glasses)), "pooled": pooled},
            glasses=glasses,
            tables=_tables(pooled, unit),
            figures=figures(groups, loadings, bins, unit),
            title=_TITLE,
            text=f"Fertile: the {100.0 * self.fraction:g} % of the atoms of a glass with the "
            "weakest label; stable: as many with the strongest. Parallel and perpendicular are "
            "positions of the first peak of g(r, θ) along and across ζ, the direction of greatest "
            "elongation, in the undeformed glass; their difference is the ellipticity.",
        )

    def _shares(self, sample: Sample) -> dict[str, Array]:
        """Weights (N,) of the fertile and of the stable atoms of a glass."""
        glass, labels = sample.configuration, sample.labels
        if len(labels) != len(glass):
            raise VitreousError(
                f"{sample.title} has {len(labels)} labels and {len(glass)} atoms; anisotropy needs "
                "one for each atom"
            )
        if not all(glass.periodic):
            raise VitreousError(
                f"{sample.title} is not periodic along all axes; anisotropy needs glasses without "
                "a boundary, whose atoms all have neighbours"
            )
        weak = self._weak(labels)
        count = max(1, round(self.fraction * np.isfinite(weak).sum()))
        return {FERTILE: weakest_share(weak, count), STABLE: weakest_share(-weak, count)}

    def _weak(self, labels: Labels) -> Array:
        """What ranks the atoms (N,), large where they are weak, NaN where it is not known."""
        if labels.task == "class":
            if _COLUMN not in labels.columns:
                raise VitreousError(
                    f"the labels '{labels.name}' are classes without a column {_COLUMN}; "
                    "anisotropy needs values to rank atoms by: choose labels of task value"
                )
            return np.where(labels.mask, labels.columns[_COLUMN], np.nan)
        names = labels.components
        if self.component and self.component not in names:
            raise VitreousError(
                f"anisotropy component is '{self.component}'; expected one of "
                f"{', '.join(names)}, or an empty one for the last"
                if names
                else f"anisotropy component is '{self.component}', but the labels "
                f"'{labels.name}' have one component alone; leave it empty"
            )
        column = names.index(self.component) if self.component else -1
        values = labels.values[:, column] if names else labels.values
        return weakness(values, labels.weak_is)


def _kind(loading: Loading) -> str:
    """What is done to a glass, seen in the loading's own frame."""
    words = f"{loading.mode.replace('_', ' ')}, sign {loading.sign:+d}"
    return words + (f", contraction {loading.contraction:g}" if loading.contraction else "")


def _tables(pooled: Mapping[str, Numbers], unit: str) -> list[Table]:
    kinds = [
        kind
        for kind, (*_, difference) in WORDS.items()
        if any(difference in of for by in pooled.values() for of in by.values())
    ]
    columns, names = [Column("neighbours"), Column("around"), Column("atoms", digits=0)], []
    for near, far, difference in (WORDS[kind] for kind in kinds):
        names += [near, far, difference, f"{difference}_error"]
        names += [f"neighbours_{near}", f"neighbours_{far}"]
        columns += [Column(w.replace("_", " "), unit, digits=3) for w in (near, far, difference)]
        columns += [Column("error", unit, digits=3)]
        columns += [Column(f"atoms {w.replace('_', ' ')}", digits=0) for w in (near, far)]
    rows = [
        [pair.partition("-")[2], f"{name} {pair.partition('-')[0]}", of["centres"]]
        + [of[each] for each in names]
        for pair, by in pooled.items()
        for name, of in by.items()
    ]
    title = "First peaks around fertile and stable atoms"
    return [Table(title=title, columns=columns, rows=rows, summary=True)]
