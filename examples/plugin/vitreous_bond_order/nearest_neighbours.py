"""Regression by the labels of the most similar sites (Cover & Hart, IEEE Trans. Inf. Theory 13, 21
(1967)).

The prediction for a site is the mean label of its ``neighbours`` nearest training sites in
standardised features, each weighted by the inverse of its distance; in the labels' unit. Of the
numbers in ``neighbours`` the one that does best on the validation glasses is kept.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from vitreous.core.data import Features
from vitreous.core.errors import VitreousError
from vitreous.core.interfaces import Example, Fitted, Log, Model

Array = NDArray[Any]


@dataclass(frozen=True, kw_only=True)
class NearestNeighbours(Model):
    """Distance-weighted mean of the nearest labels; features are scaled to unit variance,
    predictions have the labels' unit.

    Raises:
        VitreousError: no positive number of neighbours, or no labelled site.
    """

    forms = frozenset({"vector"})
    levels = frozenset({"sample", "atom", "site"})

    neighbours: tuple[int, ...] = (4, 8, 16, 32)

    def __post_init__(self) -> None:
        if not self.neighbours or min(self.neighbours) < 1:
            raise VitreousError(
                f"nearest_neighbours got neighbours={self.neighbours}; expected positive numbers"
            )

    @classmethod
    def example(cls) -> Self:
        return cls(neighbours=(1, 2))

    def fit(
        self,
        train: Sequence[Example],
        validation: Sequence[Example],
        rng: np.random.Generator,
        log: Log,
    ) -> FittedNeighbours:
        rows, values = labelled(train)
        unseen, wanted = labelled(validation)
        mean, std = rows.mean(axis=0), rows.std(axis=0)
        std = np.where(std > 0, std, 1.0)
        best: tuple[float, FittedNeighbours] | None = None
        for step, count in enumerate(self.neighbours):
            found = FittedNeighbours(
                train[0][0].names, (rows - mean) / std, values, mean, std, min(count, len(rows))
            )
            error = float(np.mean((found.evaluate(unseen) - wanted) ** 2))
            log("validation_mse", error, step)
            if best is None or error < best[0]:
                best = (error, found)
        assert best is not None
        return best[1]

    def load(self, folder: Path) -> FittedNeighbours:
        try:
            facts = json.loads((folder / "nearest_neighbours.json").read_text())
            with np.load(folder / "places.npz", allow_pickle=False) as stored:
                arrays = [stored[name] for name in ("rows", "values", "mean", "std")]
        except (OSError, ValueError, KeyError) as error:
            raise VitreousError(
                f"{folder} holds no readable nearest_neighbours model ({type(error).__name__})"
            ) from error
        return FittedNeighbours(tuple(facts["names"]), *arrays, facts["count"])


class FittedNeighbours(Fitted):
    """The training sites: standardised rows (R, C) and labels (R,), and the number
    used for a prediction.
    """

    def __init__(
        self,
        names: tuple[str, ...],
        rows: Array,
        values: Array,
        mean: Array,
        std: Array,
        count: int,
    ) -> None:
        from sklearn.neighbors import NearestNeighbors

        self.names, self.rows, self.values, self.mean, self.std, self.count = (
            names,
            rows,
            values,
            mean,
            std,
            count,
        )
        self._index = NearestNeighbors(n_neighbors=count, algorithm="kd_tree").fit(rows)

    def evaluate(self, rows: Array) -> Array:
        """(M,) predictions for raw feature rows (M, C)."""
        distance, nearest = self._index.kneighbors((rows - self.mean) / self.std)
        weight = 1.0 / np.maximum(distance, 1e-9)
        return (weight * self.values[nearest]).sum(axis=1) / weight.sum(axis=1)

    def predict(self, features: Features) -> Array:
        if tuple(features.names) != self.names:
            raise VitreousError(
                f"features have the columns {', '.join(features.names)}; the model knows "
                f"{', '.join(self.names)}"
            )
        return self.evaluate(np.asarray(features.values, dtype=float))

    def save(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "nearest_neighbours.json").write_text(
            json.dumps({"names": list(self.names), "count": self.count})
        )
        np.savez(
            folder / "places.npz", rows=self.rows, values=self.values, mean=self.mean, std=self.std
        )


def labelled(examples: Sequence[Example]) -> tuple[Array, Array]:
    """Rows (R, C) and labels (R,) of all labelled sites. Raises VitreousError if there is none."""
    if not any(labels.mask.any() for _, labels in examples):
        raise VitreousError("no site has a label; check the split, the labeler and its masks")
    rows = np.concatenate([features.values[labels.mask] for features, labels in examples])
    return rows, np.concatenate([labels.values[labels.mask] for _, labels in examples])
