"""How many atoms a model predicts to fail, beside the stiffness of their glass (Fan & Ma, Nat.
Commun. 12, 1506 (2021), Supplementary Fig. 16).

============  =====================================================================  ===========
number        meaning                                                                unit
============  =====================================================================  ===========
fraction      atoms that are predicted to be of the class, of all                    1
probability   mean probability of the class; None from a model without any           1
modulus       shear modulus, the target ``modulus``                                  energy /
                                                                                     length^D
pearson,      correlation of modulus and fraction over glasses; None of fewer than   1
spearman      three, or where either is the same in all
glasses       number of test glasses                                                 1
============  =====================================================================  ===========

Of a glass with several loadings the mean counts, so a glass is one point.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vitreous.analysis.axes import MODEL_COLOUR, label_text, plain
from vitreous.analysis.correlations import pearson, spearman
from vitreous.analysis.run_maps import MODEL, likelihood
from vitreous.core.data import in_units
from vitreous.core.errors import VitreousError
from vitreous.core.evaluated import Column, Evaluated, Numbers, Table, defined, mean
from vitreous.core.interfaces import Evaluation
from vitreous.core.run import Run
from vitreous.core.sample import Sample

Array = NDArray[np.float64]
_KEYS = ("fraction", "probability", "modulus")
_FEWEST = 3  # glasses of a correlation


@dataclass(frozen=True, kw_only=True)
class PredictedFraction(Evaluation):
    """Fraction of the atoms (no unit) that are predicted to be of class ``positive``, and the shear
    modulus (energy per area or volume), per glass.

    Fields:
        positive: the class that fails; empty for the last. modulus: name of the run's target that
        holds the shear modulus; empty for none.

    Raises:
        VitreousError: when evaluating, a class or target that the run does not have, or a target
        that is no number per glass.
    """

    levels = frozenset({"atom", "site"})
    tasks = frozenset({"class"})
    needs = frozenset({"prediction"})

    positive: str = ""
    modulus: str = ""

    def evaluate(self, run: Run) -> Evaluated:
        cases: dict[str, dict[str, Numbers]] = {}
        of_glass: dict[int, list[dict[str, float | None]]] = {}
        unit = "energy/length^2"
        for sample in sorted(run.role("test"), key=lambda s: (s.index, s.case.loading)):
            if sample.prediction is None:
                continue
            row = self._row(sample)
            unit = in_units(
                f"energy/length^{sample.configuration.dimension}", sample.configuration.units
            )
            cases[sample.name] = {MODEL: row}
            of_glass.setdefault(sample.index, []).append(row)
        glasses = {
            index: {key: mean([row[key] for row in rows]) for key in _KEYS}
            for index, rows in of_glass.items()
        }
        numbers = self._numbers(list(glasses.values()))
        known = _known(list(glasses.values()))
        return Evaluated(
            numbers={MODEL: numbers} if glasses else {},
            glasses=cases,
            tables=_tables(glasses, numbers, unit),
            figures={"predicted_fraction": lambda: draw(known, unit)} if len(known) else {},
            title="Atoms predicted to fail, and stiffness",
            text="Fraction of the atoms that the model assigns to the class, a mean over the "
            "loadings of a glass, and the shear modulus of the undeformed glass.",
        )

    def _row(self, sample: Sample) -> dict[str, float | None]:
        classes = sample.labels.classes
        if self.positive and self.positive not in classes:
            raise VitreousError(
                f"predicted_fraction positive is '{self.positive}'; expected one of "
                f"{', '.join(classes)}"
            )
        number = classes.index(self.positive or classes[-1])
        found = np.asarray(sample.prediction) == number
        chance = None if sample.probabilities is None else likelihood(sample, number)
        return {
            "fraction": defined(found.mean()),
            "probability": None if chance is None else defined(chance.mean()),
            "modulus": self._modulus(sample),
        }

    def _modulus(self, sample: Sample) -> float | None:
        if not self.modulus:
            return None
        target = sample.target(self.modulus)
        if target.level != "sample" or target.task != "value" or target.components:
            raise VitreousError(
                f"predicted_fraction modulus is '{self.modulus}', a {target.task} of level "
                f"{target.level}; expected one number per glass, such as "
                "+labeler@targets.modulus=shear_modulus"
            )
        return defined(target.values[0])

    def _numbers(self, glasses: Sequence[Mapping[str, float | None]]) -> dict[str, float | None]:
        found = {key: mean([glass[key] for glass in glasses]) for key in _KEYS}
        modulus, fraction = _known(glasses).T
        enough = len(modulus) >= _FEWEST
        return {
            **found,
            "pearson": pearson(modulus, fraction) if enough else None,
            "spearman": spearman(modulus, fraction) if enough else None,
            "glasses": float(len(glasses)),
        }


def _known(glasses: Sequence[Mapping[str, float | None]]) -> Array:
    """Modulus and fraction (G, 2) of the glasses that have both."""
    pairs = [(glass["modulus"], glass["fraction"]) for glass in glasses]
    return np.array([pair for pair in pairs if None not in pair], dtype=float).reshape(-1, 2)


def _tables(
    glasses: Mapping[int, Mapping[str, float | None]], numbers: Numbers, unit: str
) -> list[Table]:
    heads = [
        Column("predicted", form="percent"),
        Column("mean probability", digits=4),
        Column("shear modulus", unit, digits=3),
    ]
    over_all = ("pearson", "spearman", "glasses")
    return [
        Table(
            title="Atoms predicted to fail, mean over test glasses",
            columns=[
                *heads,
                Column("r with modulus"),
                Column("rank r"),
                Column("glasses", digits=0),
            ],
            rows=[[numbers[key] for key in (*_KEYS, *over_all)]] if glasses else [],
            summary=True,
        ),
        Table(
            title="Atoms predicted to fail per glass",
            columns=[Column("glass"), *heads],
            rows=[[f"{index}", *(row[key] for key in _KEYS)] for index, row in glasses.items()],
        ),
    ]


def draw(points: Array, unit: str) -> object:
    """Predicted fraction against shear modulus of glasses (G, 2), as a matplotlib figure."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(4.8, 3.8), layout="constrained")
    axes = figure.subplots()
    axes.plot(points[:, 0], 100.0 * points[:, 1], "o", color=MODEL_COLOUR)
    axes.set_xlabel(label_text("shear modulus", unit))
    axes.set_ylabel("atoms predicted to fail, %")
    plain(axes)
    return figure
