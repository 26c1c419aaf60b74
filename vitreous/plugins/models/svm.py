"""Support vector regression with a Gaussian kernel on standardised features.

    y(x) = mean + std * (b + sum_v c_v exp(-gamma |z - z_v|^2)),    z = (x - m) / s

(Drucker et al., NIPS 9, 155 (1997)), solved by scikit-learn (libsvm). Its cost grows with the
square of the number of rows, so at most ``max_rows`` labelled sites are drawn at random from the
training glasses. C is the one of the grid with the smallest squared error on the validation
glasses. The fitted model is the formula above on stored arrays; scikit-learn is not needed to
predict.
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
from vitreous.plugins.models._kernels import kernel_sums

Array = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class SVM(Model):
    """Support vector regression; the tube's half-width ``epsilon`` is in standard deviations of the
    target.

    Raises:
        VitreousError: parameters out of range.
    """

    forms = frozenset({"vector"})
    levels = frozenset({"sample", "atom", "site"})

    C: tuple[float, ...] = (0.3, 1.0, 3.0, 10.0)
    gamma: float = 0.0
    epsilon: float = 0.1
    max_rows: int = 4000

    def __post_init__(self) -> None:
        object.__setattr__(self, "C", tuple(float(c) for c in self.C))
        if (
            not self.C
            or min(self.C) <= 0
            or self.gamma < 0
            or self.epsilon < 0
            or self.max_rows < 2
        ):
            raise VitreousError(
                f"svm got C={self.C}, gamma={self.gamma}, epsilon={self.epsilon}, "
                f"max_rows={self.max_rows}; expected C > 0, gamma >= 0 "
                "(0: one over the number of features), epsilon >= 0 and at least 2 rows"
            )

    def fit(
        self,
        train: Sequence[Example],
        validation: Sequence[Example],
        rng: np.random.Generator,
        log: Log,
    ) -> FittedSVM:
        try:
            from sklearn.svm import SVR
        except ImportError as error:
            raise MissingExtra("the svm model", "scikit-learn", "ml") from error
        rows, values = labelled_rows(train, "training")
        unseen, wanted = labelled_rows(validation, "validation")
        if len(rows) > self.max_rows:
            chosen = np.sort(rng.choice(len(rows), self.max_rows, replace=False))
            rows, values = rows[chosen], values[chosen]
        mean, std = standard_scaling(rows)
        centre, scale = float(values.mean()), float(values.std()) or 1.0
        gamma = self.gamma or 1.0 / rows.shape[1]
        best: tuple[float, float, FittedSVM] | None = None
        for step, c in enumerate(self.C):
            machine = SVR(C=c, gamma=gamma, epsilon=self.epsilon, cache_size=500)  # pyright: ignore[reportArgumentType]
            machine.random_state = 0  # otherwise it draws its seed from the global generator
            solved = machine.fit((rows - mean) / std, (values - centre) / scale)
            candidate = FittedSVM(
                names=train[0][0].names,
                mean=mean,
                std=std,
                support=np.ascontiguousarray(solved.support_vectors_),
                dual=scale * solved.dual_coef_[0],
                offset=float(centre + scale * solved.intercept_[0]),
                gamma=gamma,
            )
            error = float(np.mean((candidate.evaluate(unseen) - wanted) ** 2))
            log("validation_mse", error, step)
            if best is None or error < best[0]:
                best = (error, c, candidate)
        assert best is not None
        log("C", best[1], 0)
        return best[2]

    def load(self, folder: Path) -> FittedSVM:
        shapes = {
            "mean": (None,),
            "std": (None,),
            "support": (None, None),
            "dual": (None,),
            "offset": (),
            "gamma": (),
        }
        arrays, facts = read_folder(folder, "svm", shapes)
        names = tuple(facts.get("names", ()))
        columns = {len(names), len(arrays["mean"]), len(arrays["std"]), arrays["support"].shape[1]}
        if len(columns) != 1 or len(arrays["dual"]) != len(arrays["support"]):
            raise VitreousError(
                f"{folder}: the arrays of the svm model do not fit together; save the model again"
            )
        offset, gamma = float(arrays.pop("offset")), float(arrays.pop("gamma"))
        return FittedSVM(names=names, offset=offset, gamma=gamma, **arrays)


@dataclass(frozen=True, kw_only=True, eq=False)
class FittedSVM(Fitted):
    """Support vectors (V, C) in standardised features, dual coefficients (V,) and offset in the
    labels' unit.
    """

    names: tuple[str, ...]
    mean: Array
    std: Array
    support: Array
    dual: Array
    offset: float
    gamma: float

    def predict(self, features: Features) -> Array:
        check_columns(features, self.names)
        return self.evaluate(np.asarray(features.values, dtype=np.float64))

    def evaluate(self, rows: Array) -> Array:
        """(R,) predictions for raw feature rows (R, C)."""
        scaled = (rows - self.mean) / self.std
        return kernel_sums(scaled, self.support, self.dual, self.gamma) + self.offset

    def save(self, folder: Path) -> None:
        arrays = {
            name: np.asarray(getattr(self, name))
            for name in ("mean", "std", "support", "dual", "offset", "gamma")
        }
        write_folder(folder, "svm", arrays, {"names": list(self.names)})
