"""Gradient-boosted trees on feature vectors (Friedman, Ann. Stat. 29, 1189 (2001)), as histograms
by scikit-learn.

    value  y(x) = y_0 + sum_t leaf_t(x)
    class  P(second class | x) = 1 / (1 + exp(-y(x)))

Of two classes neither counts for more because there is more of it: sites are weighted by one over
the number of their class, so P is that in a balanced population. The number of trees is the one
after which the validation glasses' squared error, or weighted log loss, is smallest. Trees are
kept as plain arrays (feature, threshold, children, value), so the stored model needs no pickle
and no scikit-learn to predict; features and thresholds are in the descriptor's units, values in the
label's unit, or without one for classes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

import numpy as np
from numba import njit
from numpy.typing import NDArray
from scipy.special import expit

from vitreous.core.data import Features
from vitreous.core.errors import MissingExtra, VitreousError
from vitreous.core.interfaces import Example, Fitted, Log, Model
from vitreous.learning.drawn_sites import two_classes
from vitreous.learning.tables import check_columns, labelled_rows, read_folder, write_folder

Array = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class GradientBoosting(Model):
    """At most ``trees`` trees of at most ``leaves`` leaves, each scaled by ``learning_rate``.

    Raises:
        VitreousError: parameters out of range; labels of more than two classes, or of one alone.
    """

    forms = frozenset({"vector"})
    levels = frozenset({"sample", "atom", "site"})
    tasks = frozenset({"value", "class"})

    trees: int = 600
    leaves: int = 31
    learning_rate: float = 0.08
    least_in_leaf: int = 20
    l2: float = 1.0

    def __post_init__(self) -> None:
        for name in ("trees", "learning_rate", "least_in_leaf"):
            if not getattr(self, name) > 0:
                raise VitreousError(
                    f"gradient_boosting {name} is {getattr(self, name)}; expected a positive number"
                )
        if self.leaves < 2 or self.l2 < 0:
            raise VitreousError(
                f"gradient_boosting got leaves={self.leaves}, l2={self.l2}; expected at least 2 "
                "leaves and l2 >= 0"
            )

    @classmethod
    def example(cls) -> Self:
        return cls(trees=300, least_in_leaf=1, l2=0.0, learning_rate=0.2)

    @classmethod
    def brief(cls) -> Self:
        """Ten trees."""
        return replace(cls.example(), trees=10)

    def fit(
        self,
        train: Sequence[Example],
        validation: Sequence[Example],
        rng: np.random.Generator,
        log: Log,
    ) -> FittedTrees:
        """Grow all trees, keep those that help on ``validation``; all of them without validation
        glasses.
        """
        try:
            from sklearn import ensemble
        except ImportError as error:
            raise MissingExtra("the gradient_boosting model", "scikit-learn", "ml") from error
        rows, values = labelled_rows(train, "training")
        of_classes = train[0][1].task == "class"
        if of_classes:
            two_classes(train[0][1], values)
        grower = (
            ensemble.HistGradientBoostingClassifier(class_weight="balanced", **self._growth(rng))
            if of_classes
            else ensemble.HistGradientBoostingRegressor(**self._growth(rng))
        ).fit(rows, values)
        kept = self.trees
        if validation:
            unseen, wanted = labelled_rows(validation, "validation")
            metric, losses = (_log_losses if of_classes else _squared_errors)(
                grower, unseen, wanted
            )
            for step, loss in enumerate(losses):
                log(f"validation_{metric}", loss, step)
            kept = int(np.argmin(losses)) + 1
        return FittedTrees(train[0][0].names, _arrays(grower, kept), of_classes)

    def _growth(self, rng: np.random.Generator) -> dict[str, Any]:
        """As scikit-learn calls the fields."""
        return {
            "max_iter": self.trees,
            "max_leaf_nodes": self.leaves,
            "learning_rate": self.learning_rate,
            "min_samples_leaf": self.least_in_leaf,
            "l2_regularization": self.l2,
            "early_stopping": False,
            "random_state": int(rng.integers(2**31)),
        }

    def load(self, folder: Path) -> FittedTrees:
        shapes: dict[str, tuple[int | None, ...]] = {
            "start": (1,),
            "roots": (None,),
            "numbers": (None, 4),
            "values": (None, 2),
        }
        arrays, facts = read_folder(folder, "gradient_boosting", shapes)
        try:
            return FittedTrees(tuple(facts["names"]), arrays, bool(facts.get("of_classes", False)))
        except (KeyError, TypeError, ValueError) as error:
            raise VitreousError(
                f"{folder} holds a damaged gradient_boosting model ({error}); save the model again"
            ) from error


class FittedTrees(Fitted):
    """The trees one after the other.

    ``roots`` (T,) rows of their first nodes; ``numbers`` (N, 4) feature, left and right node, and
    whether it is a leaf; ``values`` (N, 2) threshold and leaf value; ``start`` (1,) the value that
    all trees add to. ``of_classes``: whether they tell two classes apart, the second where their
    sum is not negative.
    """

    def __init__(
        self, names: Sequence[str], arrays: dict[str, Array], of_classes: bool = False
    ) -> None:
        self.names, self.arrays, self.of_classes = tuple(names), arrays, of_classes
        numbers, n = arrays["numbers"], len(arrays["numbers"])
        inner = numbers[:, 3] == 0
        in_range = (
            (numbers[inner, 1:3] < n).all()
            and (numbers[inner, 0] < len(self.names)).all()
            and (numbers >= 0).all()
        )
        forward = (numbers[inner, 1:3] > np.flatnonzero(inner)[:, None]).all()  # no loops
        if not (in_range and forward and (arrays["roots"] < n).all()):
            raise ValueError("trees whose nodes point out of range")

    def predict(self, features: Features) -> Array:
        total = self._total(features)
        return (total >= 0.0).astype(np.float64) if self.of_classes else total

    def probabilities(self, features: Features) -> Array | None:
        if not self.of_classes:
            return None
        second = expit(self._total(features))
        return np.column_stack([1.0 - second, second])

    def _total(self, features: Features) -> Array:
        if features.form != "vector":
            raise VitreousError(
                f"gradient_boosting got features of form '{features.form}'; expected 'vector'"
            )
        check_columns(features, self.names)
        rows = np.ascontiguousarray(features.values, dtype=np.float64)
        a = self.arrays
        return _descend(
            rows,
            a["roots"].astype(np.int64),
            a["numbers"].astype(np.int64),
            a["values"],
            float(a["start"][0]),
        )

    def save(self, folder: Path) -> None:
        facts = {"names": list(self.names), "of_classes": self.of_classes}
        write_folder(folder, "gradient_boosting", self.arrays, facts)


def _squared_errors(grower: Any, rows: Array, wanted: Array) -> tuple[str, list[float]]:
    """After every tree."""
    return "mse", [float(np.mean((stage - wanted) ** 2)) for stage in grower.staged_predict(rows)]


def _log_losses(grower: Any, rows: Array, wanted: Array) -> tuple[str, list[float]]:
    """After every tree; each class counts as much as the other."""
    second = wanted > 0.5
    weight, sign = 0.5 / np.where(second, second.sum(), (~second).sum()), 1.0 - 2.0 * second
    return "log_loss", [
        float(weight @ np.logaddexp(0.0, sign * stage.ravel()))
        for stage in grower.staged_decision_function(rows)
    ]


def _arrays(forest: Any, kept: int) -> dict[str, Array]:
    """The first ``kept`` trees as arrays; scikit-learn's predictors hold one structured row per
    node.
    """
    roots, numbers, values, first = [], [], [], 0
    for (tree,) in forest._predictors[:kept]:
        nodes = tree.nodes
        roots.append(first)
        leaf = nodes["is_leaf"].astype(np.float64)
        children = [np.where(leaf, 0, nodes[side] + first) for side in ("left", "right")]
        numbers.append(np.column_stack([np.where(leaf, 0, nodes["feature_idx"]), *children, leaf]))
        values.append(
            np.column_stack([np.where(leaf, 0.0, nodes["num_threshold"]), nodes["value"]])
        )
        first += len(nodes)
    start = np.asarray(forest._baseline_prediction, dtype=np.float64).reshape(1)
    return {
        "start": start,
        "roots": np.array(roots, float),
        "numbers": np.concatenate(numbers),
        "values": np.concatenate(values),
    }


@njit(cache=True, nogil=True)
def _descend(rows, roots, numbers, values, start):  # type: ignore[no-untyped-def]
    """(M,) the sum of the leaves that each row falls into; a feature goes left where it is at most
    the threshold.
    """
    out = np.full(len(rows), start)
    for i in range(len(rows)):
        for root in roots:
            node = root
            while numbers[node, 3] == 0:
                node = (
                    numbers[node, 1]
                    if rows[i, numbers[node, 0]] <= values[node, 0]
                    else numbers[node, 2]
                )
            out[i] += values[node, 1]
    return out
