"""Support vector machine that tells two classes apart (Font-Clos et al. 2022, Methods and Table
S1).

    f(x) = b + sum_v c_v K(z, z_v),    class 1 where f >= 0
    K(z, z') = z . z'  (linear)  or  exp(-gamma |z - z'|^2)  (rbf)

(Cortes & Vapnik, Mach. Learn. 20, 273 (1995)), solved by scikit-learn (libsvm) with classes
weighted by one over their number. z are the features x, standardised if ``scaled``.

Where one class is rare, a machine on all sites is out of reach, so it learns from all sites of the
rare class and some of the other, drawn at random from all training glasses alike:

==========  ====================================================
``rows``    training set
==========  ====================================================
0           balanced: as many sites of the other class
n           n sites in all, 10,000 in the paper
==========  ====================================================

Kernel, C and gamma are those of the grid with the best mean ``score`` in cross-validation on this
set; the folds are folds of glasses, all loadings of a glass in one, so that no glass is on both
sides. The machine is then fitted to the whole set. Scores are logged as curves over C (Fig. S1A).

The probability of class 1 is 1/2 + arctan(f) / pi: it ranks as f does and never saturates, but is
not calibrated.
"""

from __future__ import annotations

import fnmatch
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from vitreous.core.data import Features
from vitreous.core.errors import MissingExtra, VitreousError
from vitreous.core.interfaces import Example, Fitted, Log, Model
from vitreous.learning.drawn_sites import drawn_sites
from vitreous.learning.tables import check_columns, read_folder, write_folder
from vitreous.plugins.models._kernels import kernel_sums

Array = NDArray[np.float64]
KERNELS = ("linear", "rbf")
SCORES = ("balanced_accuracy", "average_precision", "matthews_corrcoef", "roc_auc")


@dataclass(frozen=True, kw_only=True)
class SVMClassifier(Model):
    """Support vector machine for two classes; kernel, C and gamma chosen by cross-validation.
    Standardised features, C and probabilities are dimensionless.

    Fields:
        kernels, C, gamma: the grid. rows: size of the training set, 0 for a balanced one.
        folds: of the training glasses; 0: the grid is judged on the validation glasses instead.
        score: of scikit-learn, by which the grid is judged. scaled: whether features are
        standardised. columns: pattern of the features learnt from, such as "deformed_*".
        workers: processes that share the grid; does not affect the result.

    Raises:
        VitreousError: parameters out of range; labels of more than two classes, or of one; fewer
        glasses than folds.
    """

    forms = frozenset({"vector"})
    levels = frozenset({"sample", "atom", "site"})
    tasks = frozenset({"class"})
    cross_validates = frozenset({"train"})

    kernels: tuple[str, ...] = ("linear", "rbf")
    C: tuple[float, ...] = (0.1, 1.0, 10.0)
    gamma: tuple[float, ...] = (1e-4, 1e-3, 1e-2)
    rows: int = 0
    folds: int = 5
    score: str = "balanced_accuracy"
    scaled: bool = True
    columns: str = "*"
    workers: int = field(default=1, metadata={"affects_result": False})

    def __post_init__(self) -> None:
        for name in ("C", "gamma"):
            grid = tuple(float(value) for value in getattr(self, name))
            object.__setattr__(self, name, grid)
            if not grid or min(grid) <= 0:
                raise VitreousError(
                    f"svm_classifier {name} is {grid}; expected at least one value, all positive"
                )
        object.__setattr__(self, "kernels", tuple(self.kernels))
        for name, given, known in (
            ("kernels", self.kernels, KERNELS),
            ("score", (self.score,), SCORES),
        ):
            if not given or not set(given) <= set(known):
                raise VitreousError(
                    f"svm_classifier {name} is {', '.join(given) or 'empty'}; expected "
                    f"{' or '.join(known)}"
                )
        if self.rows < 0 or self.rows == 1 or self.folds < 0 or self.folds == 1 or self.workers < 1:
            raise VitreousError(
                f"svm_classifier got rows={self.rows}, folds={self.folds}, "
                f"workers={self.workers}; expected rows 0 (balanced) or at least 2, folds 0 (by "
                "the validation glasses) or at least 2, and at least one worker"
            )

    @classmethod
    def example(cls) -> Self:
        return cls(folds=0, C=(100.0,), gamma=(0.05,), kernels=("rbf",))

    def refuse_glasses(self, training: int) -> None:
        if training < self.folds:
            raise VitreousError(
                f"svm_classifier folds is {self.folds}, but there are {training} training glasses; "
                "set model.folds to at most that, or to 0 to judge by the validation glasses"
            )

    def fit(
        self,
        train: Sequence[Example],
        validation: Sequence[Example],
        rng: np.random.Generator,
        log: Log,
    ) -> FittedSVMClassifier:
        try:
            from sklearn.model_selection import GridSearchCV
        except ImportError as error:
            raise MissingExtra("the svm_classifier model", "scikit-learn", "ml") from error
        chosen = self._chosen(train[0][0].names)
        rows, classes, glass = drawn_sites(train, "training", self.rows, rng)
        rows = rows[:, chosen]
        judged, known_classes, folds = rows, classes, self._folds(glass)
        if not self.folds:
            unseen, known, _ = drawn_sites(validation, "validation", self.rows, rng)
            judged, known_classes = np.vstack([rows, unseen[:, chosen]]), np.append(classes, known)
            folds = [(np.arange(len(rows)), np.arange(len(rows), len(judged)))]
        grid = [{"svc__kernel": [k], **self._grid(k)} for k in self.kernels]
        search = GridSearchCV(
            _machine(self.scaled),
            grid,
            scoring=self.score,
            cv=folds,
            refit=False,
            n_jobs=self.workers,
            error_score="raise",  # pyright: ignore[reportArgumentType]
        ).fit(judged, known_classes)
        self._log(search.cv_results_, log)
        best = search.best_params_
        log("C", best["svc__C"], 0)
        log("gamma", best.get("svc__gamma", 0.0), 0)
        solved = _machine(self.scaled).set_params(**best).fit(rows, classes)
        scaler, machine = solved.named_steps["scaler"], solved.named_steps["svc"]
        return FittedSVMClassifier(
            names=train[0][0].names,
            chosen=chosen.astype(np.float64),
            mean=scaler.mean_ if self.scaled else np.zeros(len(chosen)),
            std=scaler.scale_ if self.scaled else np.ones(len(chosen)),
            support=np.ascontiguousarray(machine.support_vectors_),
            dual=machine.dual_coef_[0],
            offset=float(machine.intercept_[0]),
            gamma=float(best.get("svc__gamma", 0.0)),
        )

    def _chosen(self, names: Sequence[str]) -> NDArray[np.int64]:
        """Numbers of the columns that are learnt from."""
        fits = [k for k, name in enumerate(names) if fnmatch.fnmatchcase(name, self.columns)]
        if not fits:
            raise VitreousError(
                f"no feature fits svm_classifier columns '{self.columns}'; the features are "
                f"{', '.join(names[:4])}{', ...' if len(names) > 4 else ''}"
            )
        return np.array(fits, dtype=np.int64)

    def _folds(self, glass: NDArray[np.int64]) -> list[tuple[Any, Any]]:
        """Rows to fit and to judge, for each fold of glasses."""
        from sklearn.model_selection import GroupKFold

        if not self.folds:
            return []
        self.refuse_glasses(len(np.unique(glass)))  # fewer than planned where some were left out
        return list(GroupKFold(self.folds).split(glass, groups=glass))

    def _grid(self, kernel: str) -> dict[str, Any]:
        only = {"svc__C": self.C}
        return only if kernel == "linear" else {**only, "svc__gamma": self.gamma}

    def _log(self, results: Any, log: Log) -> None:
        """The mean score at every point of the grid, as one curve over C for each kernel and
        gamma.
        """
        for point, score in zip(results["params"], results["mean_test_score"], strict=True):
            width = f" gamma={point['svc__gamma']:g}" if "svc__gamma" in point else ""
            name = f"{self.score} {point['svc__kernel']}{width}"
            log(name, float(score), self.C.index(point["svc__C"]))

    def load(self, folder: Path) -> FittedSVMClassifier:
        shapes: dict[str, tuple[int | None, ...]] = {
            **dict.fromkeys(("chosen", "mean", "std", "dual"), (None,)),
            "support": (None, None),
            "offset": (),
            "gamma": (),
        }
        arrays, facts = read_folder(folder, "svm_classifier", shapes)
        names, chosen = tuple(facts.get("names", ())), arrays["chosen"]
        fits = (
            len({len(chosen), len(arrays["mean"]), len(arrays["std"]), arrays["support"].shape[1]})
            == 1
            and len(arrays["dual"]) == len(arrays["support"])
            and np.isin(chosen, np.arange(len(names))).all()
        )
        if not fits:
            raise VitreousError(
                f"{folder}: the arrays of the svm_classifier model do not fit together; save the "
                "model again"
            )
        offset, gamma = float(arrays.pop("offset")), float(arrays.pop("gamma"))
        return FittedSVMClassifier(names=names, offset=offset, gamma=gamma, **arrays)


def _machine(scaled: bool) -> Any:
    from sklearn.pipeline import Pipeline
    from sklearn.preprocessing import StandardScaler
    from sklearn.svm import SVC

    # without random_state it draws its seed from the global generator
    machine = SVC(class_weight="balanced", cache_size=500, random_state=0)
    return Pipeline([("scaler", StandardScaler() if scaled else "passthrough"), ("svc", machine)])


@dataclass(frozen=True, kw_only=True, eq=False)
class FittedSVMClassifier(Fitted):
    """Support vectors (V, C) in scaled features, dual coefficients (V,) and offset, dimensionless;
    ``chosen`` (C,) are the columns of the features that it reads; gamma 0 is the linear kernel.
    """

    names: tuple[str, ...]
    chosen: Array
    mean: Array
    std: Array
    support: Array
    dual: Array
    offset: float
    gamma: float

    def decision(self, features: Features) -> Array:
        """f (M,), dimensionless: class 1 where it is not negative."""
        check_columns(features, self.names)
        rows = np.asarray(features.values, dtype=np.float64)[:, self.chosen.astype(np.int64)]
        scaled = (rows - self.mean) / self.std
        return kernel_sums(scaled, self.support, self.dual, self.gamma) + self.offset

    def predict(self, features: Features) -> Array:
        return (self.decision(features) >= 0.0).astype(np.float64)

    def probabilities(self, features: Features) -> Array:
        second = 0.5 + np.arctan(self.decision(features)) / np.pi
        return np.column_stack([1.0 - second, second])

    def save(self, folder: Path) -> None:
        arrays = {
            name: np.asarray(getattr(self, name))
            for name in ("chosen", "mean", "std", "support", "dual", "offset", "gamma")
        }
        write_folder(folder, "svm_classifier", arrays, {"names": list(self.names)})
