"""Distance from a predicted to the true position, one of each per glass (Font-Clos et al. 2022,
Fig. 5).

    error = \\|x' - x\\|_periodic

=============  =============================================================================  ======
number         meaning                                                                        unit
=============  =============================================================================  ======
error          mean over the glasses                                                          length
median         median over the glasses                                                        length
within         fraction of glasses with an error of at most ``radius``                        1
chance         mean error of a position drawn at random from the cell                         length
chance_within  probability that a position drawn at random lies within ``radius``             1
=============  =============================================================================  ======

Labels are fractions of the cell along its first axes (task "position"); the distance is taken in
their plane, or in space, through the periodic boundaries. A glass without a label or a prediction
is excluded. There is one value per glass, hence no pooled value.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vitreous.analysis.axes import GREY, MODEL_COLOUR, plain
from vitreous.analysis.neighborhoods import image_distance
from vitreous.core.data import UNITS
from vitreous.core.errors import VitreousError
from vitreous.core.evaluated import Column, Evaluated, Numbers, Table, mean
from vitreous.core.interfaces import Evaluation
from vitreous.core.run import Run
from vitreous.core.sample import Sample

Array = NDArray[np.float64]
_POINTS = 64  #: per axis, midpoints over which chance is averaged
_NAMES = ("error", "within", "chance", "chance_within")


@dataclass(frozen=True, kw_only=True)
class Location(Evaluation):
    """Periodic distance of the predicted position from the true one, in the length unit of the
    glass.

    Fields:
        radius: a prediction at most this far off counts as a hit, length.

    Raises:
        VitreousError: a radius that is not positive.
    """

    levels = frozenset({"sample"})
    tasks = frozenset({"position"})
    several = True
    needs = frozenset({"prediction"})

    radius: float = 10.0

    def __post_init__(self) -> None:
        if not 0.0 < self.radius < np.inf:
            raise VitreousError(f"location radius is {self.radius!r}; expected a positive length")

    def evaluate(self, run: Run) -> Evaluated:
        glasses: dict[str, Numbers] = {}
        unit = ""
        for sample in run.role("test"):
            if sample.prediction is not None and sample.labels.mask.all():
                unit = UNITS[sample.configuration.units][0]
                glasses[sample.name] = self._errors(sample, np.asarray(sample.prediction))
        if not glasses:
            return Evaluated(title=_TITLE, text="No test glass has both a label and a prediction.")
        errors = sorted(float(of["error"]) for of in glasses.values())
        numbers = {
            **{name: mean([of[name] for of in glasses.values()]) for name in _NAMES},
            "median": float(np.median(errors)),
        }
        return Evaluated(
            numbers=numbers,
            glasses=glasses,
            tables=self._tables(numbers, glasses, unit),
            figures={"location": lambda: draw(errors, numbers, unit)},
            title=_TITLE,
            text="Periodic distance; chance is that of a position drawn at random from the cell.",
            headline=f"The location lies within {self.radius:g} {unit} of the true one in "
            f"{100 * numbers['within']:.0f} % of {len(glasses)} test glasses "
            f"({100 * numbers['chance_within']:.0f} % by chance).",
        )

    def _errors(self, sample: Sample, predicted: Array) -> dict[str, float]:
        """The error of one glass, and that of chance."""
        count = len(sample.labels.components)
        cell = sample.configuration.cell[:count, :count]
        true = sample.labels.values[0] @ cell
        periodic = sample.configuration.periodic[:count]
        error = float(image_distance(predicted[:1] @ cell, true, cell, periodic)[0])
        ticks = (np.arange(_POINTS) + 0.5) / _POINTS
        everywhere = np.stack(np.meshgrid(*[ticks] * count), -1).reshape(-1, count)
        # from a point to all others: where the true one lies matters at a free boundary alone
        chance = image_distance(everywhere @ cell, true, cell, periodic)
        return {
            "error": error,
            "within": float(error <= self.radius),
            "chance": float(chance.mean()),
            "chance_within": float((chance <= self.radius).mean()),
        }

    def _tables(
        self, numbers: Numbers, glasses: Mapping[str, Numbers], unit: str
    ) -> tuple[Table, Table]:
        hit = Column(f"within {self.radius:g} {unit}", form="percent")
        mean_error, median = Column("mean error", unit), Column("median", unit)
        rows = [
            ["model", numbers["error"], numbers["median"], numbers["within"]],
            ["chance", numbers["chance"], None, numbers["chance_within"]],
        ]
        each = [[name, of["error"], of["chance"]] for name, of in glasses.items()]
        return (
            Table(
                title="Location, over test glasses",
                columns=[Column("location, on test glasses"), mean_error, median, hit],
                rows=rows,
                summary=True,
            ),
            Table(
                title="Location per glass",
                columns=[Column("glass"), Column("error", unit), Column("chance", unit)],
                rows=each,
            ),
        )


_TITLE = "Location: distance from the predicted to the true position"


def draw(errors: Sequence[float], numbers: Numbers, unit: str) -> object:
    """The cumulative distribution of the error over glasses, as a matplotlib figure."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(5.6, 3.6), layout="constrained")
    axes = figure.subplots()
    share = np.arange(len(errors) + 1) / len(errors)
    axes.step([0.0, *errors], share, where="post", color=MODEL_COLOUR, linewidth=2.0, label="model")
    axes.axvline(numbers["chance"], color=GREY, linestyle=":", label="chance, mean")
    axes.set_xlabel(f"error ({unit})")
    axes.set_ylabel("fraction of glasses")
    axes.legend(fontsize=8.5, frameon=False)
    plain(axes)
    return figure
