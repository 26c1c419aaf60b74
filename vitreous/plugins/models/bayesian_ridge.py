"""Bayesian ridge regression on standardised features: few glasses, a number, and how sure it is.

    y = mean + std (w . z) + noise,    w ~ N(0, 1/lambda),  noise ~ N(0, std^2/alpha)
    u(z)^2 = std^2 (1/alpha + z S z),  S = (lambda + alpha Z'Z)^-1

(MacKay, Neural Computation 4, 415 (1992)), solved by scikit-learn. The precisions alpha and lambda
are those with the largest evidence, so that no validation glass is needed to choose a penalty.

======  ==================================================  ===========  ======
symbol  variable                                            shape        unit
======  ==================================================  ===========  ======
z       ``(rows - mean) / std``, Z of the training          (R, C)       1
w       ``weight``                                          (C,)         label
1/a     ``noise``, std^2 / alpha                            ()           label^2
S       ``covariance``, times std^2                         (C, C)       label^2
u       ``uncertainty``                                     (R,)         label
======  ==================================================  ===========  ======

u is right if the model is. Whether it is, each training glass (along all its loadings) shows when
the others alone have predicted it: ``left_out`` keeps \\|error\\| / u of all of them, by which
intervals are set where there are no validation glasses (the jackknife: Barber et al., Ann. Statist.
49, 486 (2021)).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from vitreous.core.data import Features
from vitreous.core.errors import MissingExtra, VitreousError
from vitreous.core.interfaces import Example, Fitted, Log, Model
from vitreous.core.sample import glasses_of
from vitreous.learning.tables import (
    check_columns,
    labelled_rows,
    read_folder,
    standard_scaling,
    write_folder,
)

Array = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class BayesianRidge(Model):
    """Linear regression whose penalty and noise follow from the training glasses; predictions and
    their uncertainty are in the labels' unit. Validation glasses are not looked at.

    Fields:
        shape, rate: of the Gamma priors of both precisions; small ones say nothing.
        iterations: most steps of the evidence's maximisation.

    Raises:
        VitreousError: parameters out of range, fewer than three labelled sites.
    """

    forms = frozenset({"vector"})
    levels = frozenset({"sample", "atom", "site"})
    knows_uncertainty: ClassVar = True
    cross_validates: ClassVar = frozenset({"train"})

    shape: float = 1e-6
    rate: float = 1e-6
    iterations: int = 300

    def __post_init__(self) -> None:
        if self.shape < 0 or self.rate < 0 or self.iterations < 1:
            raise VitreousError(
                f"bayesian_ridge got shape={self.shape:g}, rate={self.rate:g}, "
                f"iterations={self.iterations}; expected shape and rate of at least 0, and at "
                "least one iteration"
            )

    def fit(
        self,
        train: Sequence[Example],
        validation: Sequence[Example],
        rng: np.random.Generator,
        log: Log,
    ) -> FittedBayesianRidge:
        labelled: dict[int, list[Example]] = {}  # by glass, whatever the loading
        for glass, example in zip(glasses_of(train), train, strict=True):
            if example[1].mask.any():
                labelled.setdefault(glass, []).append(example)
        rows, values = labelled_rows([*chain(*labelled.values())] or train, "training")
        if len(rows) < 3:
            raise VitreousError(
                f"bayesian_ridge got {len(rows)} labelled sites to learn from; give at least 3"
            )
        names = train[0][0].names
        found = self._solved(rows, values, names, np.zeros(0))
        ratios = []
        for k, glass in enumerate(labelled if len(labelled) > 2 else ()):
            others = chain(*(of for other, of in labelled.items() if other != glass))
            without = self._solved(*labelled_rows([*others], "training"), names, np.zeros(0))
            own, wanted = labelled_rows(labelled[glass], "training")
            value, deviation = without.evaluate(own)
            ratios.append(np.abs(value - wanted) / deviation)
            log("left_out_mse", float(np.mean((value - wanted) ** 2)), k)
        log("noise", found.noise**0.5, 0)
        return self._solved(rows, values, names, np.concatenate(ratios or [np.zeros(0)]))

    def _solved(
        self, rows: Array, values: Array, names: tuple[str, ...], ratios: Array
    ) -> FittedBayesianRidge:
        try:
            from sklearn.linear_model import BayesianRidge as SklearnBayesianRidge
        except ImportError as error:
            raise MissingExtra("the bayesian_ridge model", "scikit-learn", "ml") from error
        mean, std = standard_scaling(rows)
        centre, scale = float(values.mean()), float(values.std()) or 1.0
        solved = SklearnBayesianRidge(
            max_iter=self.iterations,
            fit_intercept=False,
            alpha_1=self.shape,
            alpha_2=self.rate,
            lambda_1=self.shape,
            lambda_2=self.rate,
        ).fit((rows - mean) / std, (values - centre) / scale)
        return FittedBayesianRidge(
            names=names,
            mean=mean,
            std=std,
            weight=scale * solved.coef_,
            offset=centre,
            noise=scale**2 / float(solved.alpha_),
            covariance=scale**2 * solved.sigma_,
            ratios=ratios,
        )

    def load(self, folder: Path) -> FittedBayesianRidge:
        shapes: dict[str, tuple[int | None, ...]] = {
            **dict.fromkeys(("mean", "std", "weight", "ratios"), (None,)),
            **dict.fromkeys(("offset", "noise"), ()),
            "covariance": (None, None),
        }
        arrays, facts = read_folder(folder, "bayesian_ridge", shapes)
        names = tuple(facts.get("names", ()))
        lengths = {len(names), *arrays["covariance"].shape}
        lengths |= {len(arrays[name]) for name in ("mean", "std", "weight")}
        if len(lengths) != 1 or not arrays["noise"] > 0.0:
            raise VitreousError(
                f"{folder}: the arrays of the bayesian_ridge model do not fit together; save the "
                "model again"
            )
        offset, noise = float(arrays.pop("offset")), float(arrays.pop("noise"))
        return FittedBayesianRidge(names=names, offset=offset, noise=noise, **arrays)


@dataclass(frozen=True, kw_only=True, eq=False)
class FittedBayesianRidge(Fitted):
    """The arrays of the module's table, and ``ratios`` (R,) of the glasses left out in turn."""

    names: tuple[str, ...]
    mean: Array
    std: Array
    weight: Array
    offset: float
    noise: float
    covariance: Array
    ratios: Array

    def predict(self, features: Features) -> Array:
        return self._answers(features)[0]

    def uncertainty(self, features: Features) -> Array:
        return self._answers(features)[1]

    def left_out(self) -> Array:
        return self.ratios

    def _answers(self, features: Features) -> tuple[Array, Array]:
        check_columns(features, self.names)
        return self.evaluate(np.asarray(features.values, dtype=np.float64))

    def evaluate(self, rows: Array) -> tuple[Array, Array]:
        """Values and deviations (R,) for raw feature rows (R, C)."""
        z = (rows - self.mean) / self.std
        # einsum, not @: its sums do not depend on how many rows there are
        variance = self.noise + np.einsum("rc,cd,rd->r", z, self.covariance, z)
        return np.einsum("rc,c->r", z, self.weight) + self.offset, np.sqrt(variance)

    def save(self, folder: Path) -> None:
        arrays = {
            name: np.asarray(getattr(self, name))
            for name in ("mean", "std", "weight", "offset", "noise", "covariance", "ratios")
        }
        write_folder(folder, "bayesian_ridge", arrays, {"names": list(self.names)})
