"""Ridge regression on standardised features: the linear baseline every network has to beat.

    y = mean + std * (b + w . (x - m) / s)
    w = argmin sum (b + w.z - t)^2 + alpha |w|^2,  t the standardised target

(Hoerl & Kennard, Technometrics 12, 55 (1970)), solved by scikit-learn. ``alpha`` is the one of the
grid with the smallest squared error on the validation glasses; the model is then left as trained,
not refitted on both.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from vitreous.core.data import Features
from vitreous.core.errors import MissingExtra, VitreousError
from vitreous.core.interfaces import Example, Fitted, Log, Model
from vitreous.learning.tables import (
    check_columns,
    labelled_rows,
    read_folder,
    standard_scaling,
    write_folder,
)

Array = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Ridge(Model):
    """Linear regression with an L2 penalty chosen on the validation glasses; predictions are in the
    labels' unit.

    Raises:
        VitreousError: an empty or non-positive grid of alphas.
    """

    forms = frozenset({"vector"})
    levels = frozenset({"sample", "atom", "site"})

    alphas: tuple[float, ...] = (1e-3, 1e-2, 1e-1, 1.0, 1e1, 1e2, 1e3, 1e4)

    def __post_init__(self) -> None:
        object.__setattr__(self, "alphas", tuple(float(a) for a in self.alphas))
        if not self.alphas or min(self.alphas) <= 0:
            raise VitreousError(
                f"ridge alphas are {self.alphas}; expected at least one, all positive"
            )

    def fit(
        self,
        train: Sequence[Example],
        validation: Sequence[Example],
        rng: np.random.Generator,
        log: Log,
    ) -> FittedRidge:
        try:
            from sklearn.linear_model import Ridge as SklearnRidge
        except ImportError as error:
            raise MissingExtra("the ridge model", "scikit-learn", "ml") from error
        rows, values = labelled_rows(train, "training")
        unseen_rows, unseen_values = labelled_rows(validation, "validation")
        mean, std = standard_scaling(rows)
        scale = float(values.std()) or 1.0
        best: tuple[float, float, FittedRidge] | None = None
        for step, alpha in enumerate(self.alphas):
            solved = SklearnRidge(alpha=alpha).fit(
                (rows - mean) / std, (values - values.mean()) / scale
            )
            coefficients = solved.coef_ / std * scale
            offset = values.mean() + scale * float(solved.intercept_) - coefficients @ mean
            candidate = FittedRidge(
                names=train[0][0].names,
                coefficients=coefficients,
                offset=float(offset),
                alpha=alpha,
            )
            error = float(np.mean((unseen_rows @ coefficients + offset - unseen_values) ** 2))
            log("validation_mse", error, step)
            if best is None or error < best[0]:
                best = (error, alpha, candidate)
        assert best is not None
        log("alpha", best[1], 0)
        return best[2]

    def load(self, folder: Path) -> FittedRidge:
        arrays, facts = read_folder(folder, "ridge", {"coefficients": (None,), "offset": ()})
        names = tuple(facts.get("names", ()))
        if len(names) != len(arrays["coefficients"]):
            raise VitreousError(
                f"{folder}: {len(names)} column names for {len(arrays['coefficients'])} "
                "coefficients; save the model again"
            )
        alpha = float(facts.get("alpha", 0.0))
        return FittedRidge(
            names=names,
            coefficients=arrays["coefficients"],
            offset=float(arrays["offset"]),
            alpha=alpha,
        )


@dataclass(frozen=True, kw_only=True, eq=False)
class FittedRidge(Fitted):
    """prediction = offset + coefficients . features, in the labels' unit."""

    names: tuple[str, ...]
    coefficients: Array
    offset: float
    alpha: float

    def predict(self, features: Features) -> Array:
        check_columns(features, self.names)
        # einsum, not @: its sums do not depend on how many rows there are
        return (
            np.einsum("mc,c->m", np.asarray(features.values, dtype=np.float64), self.coefficients)
            + self.offset
        )

    def save(self, folder: Path) -> None:
        arrays = {"coefficients": self.coefficients, "offset": np.array(self.offset)}
        write_folder(folder, "ridge", arrays, {"names": list(self.names), "alpha": self.alpha})
