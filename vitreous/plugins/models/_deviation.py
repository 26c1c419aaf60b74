"""How far an ensemble of networks may be off at each site, learnt on glasses that did not train
it.

    log u = w . z + c,    w = argmin_w  sum_i (log(|e_i| + e_0) - w . z_i - c)^2 + penalty |w|^2

z: the logarithms of the spread between the members and of that between the mirror images of each,
the prediction, and what the last layer of each member reads, all standardised. Errors follow no
normal law (most are small, some as large as the thresholds themselves, where another rearrangement
comes first), so their logarithm is learnt; e_0, a twentieth of the errors' root mean square, keeps
its largest negative values out. c then makes u^2 on average as large as e^2: u is a standard
deviation.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from vitreous.core.archive import Damaged, read_arrays
from vitreous.learning.tables import standard_scaling

Array = NDArray[np.float64]
PENALTIES = tuple(10.0**k for k in range(-3, 3))  #: per site, tried in turn
LARGEST = 6.0  #: standard deviations to which columns are cut
_FLOOR = 0.05  # of the errors' root mean square
_LEAST = 1e-6  # of a label's spread, below which two predictions are the same


@dataclass(frozen=True)
class Deviation:
    """``shift`` and ``scale`` (C,) of the columns, ``weight`` (C,), and ``log_unit``, the logarithm
    of u where all columns are average.
    """

    shift: Array
    scale: Array
    weight: Array
    log_unit: float

    def __call__(self, columns: Array) -> Array:
        """(M,) standard deviations in the label's unit, of ``columns`` (M, C)."""
        return np.exp(_standard(columns, self.shift, self.scale) @ self.weight + self.log_unit)


def columns(images: Sequence[Array], hidden: Sequence[Array], unit: float) -> Array:
    """(M, 3 + members H) what u is computed of: of every member the predictions of its mirror
    images (K, M), and what its last layer reads (M, H). ``unit``: the spread of the label, its
    unit.
    """
    each = np.array([of_one.mean(axis=0) for of_one in images]) / unit
    mirrored = np.mean([of_one.std(axis=0) for of_one in images], axis=0) / unit
    return np.column_stack(
        [np.log(each.std(axis=0) + _LEAST), np.log(mirrored + _LEAST), each.mean(axis=0), *hidden]
    ).astype(np.float64)


def fit(rows: Sequence[Array], errors: Sequence[Array]) -> Deviation:
    """From ``columns`` and errors (M,) of every glass. The penalty is the one that does best on
    each glass when fitted on the others; with a single glass, the largest.
    """
    size = float(np.sqrt(np.mean(np.concatenate(errors) ** 2))) or 1.0
    logs = [np.log(np.abs(e) / size + _FLOOR) for e in errors]
    everything = np.concatenate(rows)
    shift, scale = standard_scaling(everything)
    rows = [_standard(of_one, shift, scale) for of_one in rows]
    penalty = (
        min(PENALTIES, key=lambda p: _left_out(rows, logs, p)) if len(rows) > 1 else PENALTIES[-1]
    )
    weight, _ = _ridge(np.concatenate(rows), np.concatenate(logs), penalty)
    relative = np.exp(np.concatenate(rows) @ weight)
    return Deviation(shift, scale, weight, float(np.log(size / np.sqrt(np.mean(relative**2)))))


def write(path: Path, deviation: Deviation) -> None:
    """Four arrays, no pickle."""
    np.savez(
        path,
        shift=deviation.shift,
        scale=deviation.scale,
        weight=deviation.weight,
        log_unit=np.array(deviation.log_unit),
    )


def read(path: Path) -> Deviation:
    """What ``write`` wrote. Raises ValueError, KeyError or OSError for another file."""
    try:
        arrays = read_arrays(path)
        found = Deviation(
            arrays["shift"], arrays["scale"], arrays["weight"], float(arrays["log_unit"])
        )
    except Damaged as error:
        raise ValueError(f"{path.name} is damaged") from error
    if not found.shift.shape == found.scale.shape == found.weight.shape or found.shift.ndim != 1:
        raise ValueError("deviations whose columns differ in number")
    return found


def _left_out(rows: Sequence[Array], logs: Sequence[Array], penalty: float) -> float:
    """Sum of squares over the glasses, each predicted from the others."""
    total = 0.0
    for k in range(len(rows)):
        weight, constant = _ridge(
            np.concatenate([*rows[:k], *rows[k + 1 :]]),
            np.concatenate([*logs[:k], *logs[k + 1 :]]),
            penalty,
        )
        total += float(((logs[k] - rows[k] @ weight - constant) ** 2).sum())
    return total


def _ridge(rows: Array, values: Array, penalty: float) -> tuple[Array, float]:
    """Weights (C,) and constant; the penalty is per row."""
    centre, mean = rows.mean(axis=0), values.mean()
    off = rows - centre
    normal = off.T @ off + penalty * len(rows) * np.eye(rows.shape[1])
    weight = np.linalg.solve(normal, off.T @ (values - mean))
    return weight, float(mean - centre @ weight)


def _standard(rows: Array, shift: Array, scale: Array) -> Array:
    return np.clip((rows - shift) / scale, -LARGEST, LARGEST)
