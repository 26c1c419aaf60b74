"""Logistic regression of two classes on few standardised features: a probability that can be taken
at its word.

    p(class 1) = 1 / (1 + exp(-f)),    f = b + w . z,    z = (x - m) / s
    w, b = argmin  |w|^2 / 2 - C sum_i log p(class of i)

(Cox, J. R. Stat. Soc. B 20, 215 (1958)), solved by scikit-learn. It learns from every labelled site
with the weight that it has, however rare one class is: the probabilities of a rare class are small,
and add up over the training glasses to the number of its sites. The class that it predicts is the
likelier one, for a rare class hardly ever the rare one: rank sites by the probability.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from vitreous.core.data import Features
from vitreous.core.errors import MissingExtra, VitreousError
from vitreous.core.interfaces import Example, Fitted, Log, Model
from vitreous.learning.tables import (
    check_columns,
    chosen_columns,
    labelled_rows,
    read_folder,
    standard_scaling,
    write_folder,
)

Array = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Logistic(Model):
    """Probabilities of two classes from a linear function of chosen features; dimensionless.
    Validation glasses are not looked at.

    Fields:
        columns: names, or patterns such as "bond_*", of the features learnt from. C: inverse
        strength of the penalty. iterations: most steps of the solver.

    Raises:
        VitreousError: parameters out of range, a column that no feature fits, labels of more than
        two classes, or of one.
    """

    forms = frozenset({"vector"})
    levels = frozenset({"sample", "atom", "site"})
    tasks: ClassVar = frozenset({"class"})

    columns: tuple[str, ...] = ("*",)
    C: float = 1.0
    iterations: int = 1000

    def __post_init__(self) -> None:
        object.__setattr__(self, "columns", tuple(self.columns))
        if not self.columns or not self.C > 0.0 or self.iterations < 1:
            raise VitreousError(
                f"logistic got columns={list(self.columns)}, C={self.C:g}, "
                f"iterations={self.iterations}; expected at least one column, C > 0 and at least "
                "one iteration"
            )

    def fit(
        self,
        train: Sequence[Example],
        validation: Sequence[Example],
        rng: np.random.Generator,
        log: Log,
    ) -> FittedLogistic:
        try:
            from sklearn.linear_model import LogisticRegression
        except ImportError as error:
            raise MissingExtra("the logistic model", "scikit-learn", "ml") from error
        rows, values = labelled_rows(train, "training")
        known = train[0][1].classes
        if len(known) != 2 or len(np.unique(values)) != 2:
            raise VitreousError(
                f"logistic tells two classes apart; the training glasses hold "
                f"{len(np.unique(values))} of the {len(known)} classes {', '.join(known)}"
            )
        chosen = chosen_columns(train[0][0].names, self.columns, "logistic")
        mean, std = standard_scaling(rows[:, chosen])
        solved = LogisticRegression(C=self.C, max_iter=self.iterations, tol=1e-8).fit(
            (rows[:, chosen] - mean) / std, values
        )
        for name, weight in zip(np.array(train[0][0].names)[chosen], solved.coef_[0], strict=True):
            log(f"weight {name}", float(weight), 0)
        return FittedLogistic(
            names=train[0][0].names,
            chosen=chosen.astype(np.float64),
            mean=mean,
            std=std,
            weight=solved.coef_[0],
            offset=float(solved.intercept_[0]),
        )

    def load(self, folder: Path) -> FittedLogistic:
        shapes: dict[str, tuple[int | None, ...]] = {
            **dict.fromkeys(("chosen", "mean", "std", "weight"), (None,)),
            "offset": (),
        }
        arrays, facts = read_folder(folder, "logistic", shapes)
        names = tuple(facts.get("names", ()))
        lengths = {len(arrays[name]) for name in ("chosen", "mean", "std", "weight")}
        if len(lengths) != 1 or not np.isin(arrays["chosen"], np.arange(len(names))).all():
            raise VitreousError(
                f"{folder}: the arrays of the logistic model do not fit together; save the model "
                "again"
            )
        return FittedLogistic(names=names, offset=float(arrays.pop("offset")), **arrays)


@dataclass(frozen=True, kw_only=True, eq=False)
class FittedLogistic(Fitted):
    """f = offset + weight . (x - mean) / std of the ``chosen`` (C,) columns, dimensionless."""

    names: tuple[str, ...]
    chosen: Array
    mean: Array
    std: Array
    weight: Array
    offset: float

    def predict(self, features: Features) -> Array:
        return (self._log_odds(features) >= 0.0).astype(np.float64)

    def probabilities(self, features: Features) -> Array:
        second = 1.0 / (1.0 + np.exp(-np.clip(self._log_odds(features), -700.0, 700.0)))
        return np.column_stack([1.0 - second, second])

    def _log_odds(self, features: Features) -> Array:
        check_columns(features, self.names)
        rows = np.asarray(features.values, dtype=np.float64)[:, self.chosen.astype(np.int64)]
        # einsum, not @: its sums do not depend on how many rows there are
        return np.einsum("rc,c->r", (rows - self.mean) / self.std, self.weight) + self.offset

    def save(self, folder: Path) -> None:
        arrays = {
            name: np.asarray(getattr(self, name))
            for name in ("chosen", "mean", "std", "weight", "offset")
        }
        write_folder(folder, "logistic", arrays, {"names": list(self.names)})
