"""Ring statistics of the glasses of a run, of any role (Ormrod Morley & Wilson 2018).

================================  ============================================================  ====
number                            meaning                                                       unit
================================  ============================================================  ====
mean, variance                    of the number of sides of the rings, mean over glasses        1
alpha_weighted, alpha_unweighted  Aboav-Weaire parameter (vitreous.analysis.rings), mean over   1
                                  glasses
glasses                           number of glasses with rings                                  1
pooled.share.N                    fraction of rings with N sides among those of all glasses     1
================================  ============================================================  ====

Conventions: a glass that is not a planar network of these species, or whose rings cannot be traced
because bonds are broken or missing, is excluded; ``glasses`` counts the others. Of a piece without
periodic boundaries the closed rings count. alpha is undefined
for a glass whose rings are all of one size.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from vitreous.analysis.axes import COLOURS, plain
from vitreous.analysis.open_rings import trace_open_rings
from vitreous.analysis.rings import RingStatistics, bridged, ring_statistics, trace_rings
from vitreous.analysis.silica_network import centre_bonds, species_index
from vitreous.core.cases import ROLES
from vitreous.core.data import TASKS, Configuration
from vitreous.core.errors import VitreousError
from vitreous.core.evaluated import Column, Evaluated, Numbers, Table, defined, mean
from vitreous.core.interfaces import Evaluation
from vitreous.core.run import Run

_NAMES = ("mean", "variance", "alpha_weighted", "alpha_unweighted")


@dataclass(frozen=True, kw_only=True)
class Rings(Evaluation):
    """Sizes of the rings (number of sides, no unit) of planar networks of ``centre`` atoms joined
    by ``bridge`` atoms.
    """

    levels = frozenset({"sample", "atom", "site", "field"})
    tasks = frozenset(TASKS)
    several = True
    needs = frozenset({"bonds"})
    dimensions = frozenset({2})

    centre: str = "Si"
    bridge: str = "O"

    def evaluate(self, run: Run) -> Evaluated:
        glasses: dict[str, Numbers] = {}
        counts: dict[int, int] = {}
        for sample in (one for role in ROLES for one in run.glasses(role)):
            found = self.statistics(sample.configuration)
            if found is not None:
                glasses[sample.name] = {name: defined(getattr(found, name)) for name in _NAMES}
                for size, count in found.counts.items():
                    counts[size] = counts.get(size, 0) + count
        if not glasses:
            return Evaluated(
                title=_TITLE,
                text=f"No glass is a planar network of {self.centre} and {self.bridge}.",
            )
        total = sum(counts.values())
        shares = {size: counts[size] / total for size in sorted(counts)}
        pooled = {"share": {str(size): share for size, share in shares.items()}}
        means = {name: mean([row[name] for row in glasses.values()]) for name in _NAMES}
        columns = [
            Column(head, digits=3)
            for head in ("mean size", "variance", "α, weighted", "α, unweighted")
        ]
        rows = [[str(index), *(row[name] for name in _NAMES)] for index, row in glasses.items()]
        return Evaluated(
            numbers={**means, "glasses": float(len(glasses)), "pooled": pooled},
            glasses=glasses,
            tables=[
                Table(
                    title="Ring sizes per glass",
                    columns=[Column("glass"), *columns],
                    rows=[*rows, ["mean over glasses", *(means[name] for name in _NAMES)]],
                )
            ],
            figures={"rings": lambda: draw(shares)},
            title=_TITLE,
        )

    def statistics(self, glass: Configuration) -> RingStatistics | None:
        """Ring statistics of one glass; None if it is not an intact planar network of the two
        species."""
        if glass.dimension != 2:
            return None
        try:
            centre, bridge, _ = centre_bonds(glass, self.centre, self.bridge)
            pairs = bridged(
                np.column_stack([centre, bridge]), glass.species, species_index(glass, self.centre)
            )
            traced = (
                trace_rings(glass.positions, pairs, glass.cell)
                if any(glass.periodic)
                else trace_open_rings(glass.positions, pairs)
            )
        except VitreousError:
            return None  # no bonds, other species, or a damaged network
        return ring_statistics(traced.sizes, traced.joined)


_TITLE = "Rings of the glasses"


def draw(shares: dict[int, float]) -> object:
    """Fraction of rings by number of sides, as a matplotlib figure."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(4.6, 3.0), layout="constrained")
    axes = figure.subplots()
    bars = axes.bar(list(shares), list(shares.values()), color=COLOURS[6], width=0.7)
    axes.bar_label(bars, fmt="%.3f", fontsize=8.5)
    axes.set_xticks(range(min(shares), max(shares) + 1))
    axes.set_xlabel("ring size (sides)")
    axes.set_ylabel("fraction of rings")
    axes.margins(y=0.12)
    plain(axes)
    return figure
