"""Where and when the first of many sites fails, from few standardised features: a hazard per site.

    H_i(g) = exp(b + w . z_i) (g / g0)^k,    z = sign(t) log(1 + |t|),    t = (x - m) / s
    h_i = dH_i / dg

H_i is the cumulative hazard of site i at strain g (Weibull hazards, proportional to each other:
Cox, J. R. Stat. Soc. B 34, 187 (1972)). Sites fail independently, and a glass with its weakest one:
the strain of the first failure and its place both follow (``vitreous.analysis.first_passage``).
Weights and shape minimise

    |w|^2 penalty / 2 + sum_i H_i(|y_i|) - sum_e log sum_(i in e) h_i(y_e)

over all training glasses: each site is watched up to |y_i|, and of the sites i around an event e,
those with the strain y_e > 0, any may have failed. g0 is the geometric mean of the events' strains.
Features enter by their logarithm (without ``compressed``: z = t): the strain at which a site fails
then goes as a power of what weakens it, and one glass near an instability, whose response is a
hundred times that of others, does not decide all weights.

Few glasses are learnt by heart, and what follows is too sure. With ``folds`` each glass is also
predicted by weights that were fitted to the others, and a, c and k of

    H_i(g) = exp(a (b + w . z_i) + c) (g / g0)^k

maximise the likelihood of what those predict, a >= 0; weights are those of all glasses.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from vitreous.core.data import Features, Labels
from vitreous.core.errors import VitreousError
from vitreous.core.interfaces import Example, Fitted, Log, Model
from vitreous.core.sample import glasses_of
from vitreous.learning.tables import (
    check_columns,
    check_examples,
    chosen_columns,
    read_folder,
    standard_scaling,
    write_folder,
)

Array = NDArray[np.float64]
Ints = NDArray[np.int64]
_SHAPES = (1.0, 200.0)  #: bounds of k
_BEGIN = 4.0  #: k at the start of the descent


@dataclass(frozen=True, kw_only=True)
class ProportionalHazards(Model):
    """Hazards of sites from a linear function of chosen features; strains, dimensionless.
    Validation glasses are not looked at.

    Fields:
        columns: names, or patterns such as "bond_*", of the features learnt from. penalty: of
        the weights, 1 / the variance that they are expected to have. compressed: whether features
        enter by their logarithm. folds: number of parts that
        the training glasses are divided into, all loadings of one together; 0 for none.
        iterations: most steps of the descent.

    Raises:
        VitreousError: parameters out of range, a column that no feature fits, or labels without an
        event.
    """

    forms = frozenset({"vector"})
    levels = frozenset({"atom", "site"})
    tasks: ClassVar = frozenset({"survival"})
    cross_validates: ClassVar = frozenset({"train"})
    knows_contributions: ClassVar = True

    columns: tuple[str, ...] = ("*",)
    penalty: float = 1.0
    compressed: bool = True
    folds: int = 5
    iterations: int = 2000

    def __post_init__(self) -> None:
        object.__setattr__(self, "columns", tuple(self.columns))
        numbers_fit = 0.0 <= self.penalty < np.inf and self.iterations >= 1
        if not self.columns or not numbers_fit or not (self.folds == 0 or self.folds >= 2):
            raise VitreousError(
                f"proportional_hazards got columns={list(self.columns)}, penalty={self.penalty:g}, "
                f"folds={self.folds}, iterations={self.iterations}; expected at least one column, "
                "a penalty of zero or more, 0 or at least 2 folds, and at least one iteration"
            )

    def refuse_glasses(self, training: int) -> None:
        if training < self.folds:
            raise VitreousError(
                f"proportional_hazards divides the training glasses into {self.folds} folds, but "
                f"there are {training}; set model.folds=0, or raise samples"
            )

    def fit(
        self,
        train: Sequence[Example],
        validation: Sequence[Example],
        rng: np.random.Generator,
        log: Log,
    ) -> FittedHazards:
        check_examples(train, "training")
        names, glasses = train[0][0].names, np.array(glasses_of(train))
        self.refuse_glasses(len(np.unique(glasses)))
        chosen = chosen_columns(names, self.columns, "proportional_hazards")
        parts = [np.asarray(f.values, dtype=np.float64)[y.mask][:, chosen] for f, y in train]
        mean, std = standard_scaling(np.concatenate(parts))
        parts = [scaled(part, mean, std, self.compressed) for part in parts]
        labels = [y for _, y in train]
        watched = Watched.of(labels)
        weight, offset, shape = self._descend(np.concatenate(parts), watched, self.penalty)
        if self.folds:
            log("shape of all glasses", shape, 0)
            fold = np.unique(glasses, return_inverse=True)[1] % self.folds
            unseen = self._unseen(parts, labels, fold, watched.strain)
            start = np.array([1.0, 0.0, np.log(shape)])
            (slope,), more, shape = self._descend(unseen[:, None], watched, 0.0, start, least=0.0)
            weight, offset = slope * weight, slope * offset + more
            log("slope of glasses left out", float(slope), 0)
        for name, value in zip(np.array(names)[chosen], weight, strict=True):
            log(f"weight {name}", float(value), 0)
        log("shape", shape, 0)
        return FittedHazards(
            names=names,
            chosen=chosen.astype(np.float64),
            mean=mean,
            std=std,
            weight=weight,
            offset=offset,
            strain=watched.strain,
            shape=shape,
            compressed=self.compressed,
        )

    def _unseen(
        self, parts: Sequence[Array], labels: Sequence[Labels], fold: Ints, strain: float
    ) -> Array:
        """(R,) b + w . z of every site, by the weights of the other folds."""
        found = [np.zeros(0)] * len(parts)
        for out in np.unique(fold):
            others = [k for k, of in enumerate(fold) if of != out]
            watched = Watched.of([labels[k] for k in others], strain)
            rows = np.concatenate([parts[k] for k in others])
            weight, offset, _ = self._descend(rows, watched, self.penalty)
            for k, of in enumerate(fold):
                if of == out:
                    found[k] = parts[k] @ weight + offset
        return np.concatenate(found)

    def _descend(
        self,
        rows: Array,
        watched: Watched,
        penalty: float,
        start: Array | None = None,
        least: float | None = None,
    ) -> tuple[Array, float, float]:
        """w (C,), each at least ``least``, b and k of greatest likelihood, from z (R, C);
        ``start``: w, b and log k, None for those of sites that are all alike.
        """
        columns = rows.shape[1]
        if start is None:
            start = np.concatenate([np.zeros(columns), [watched.offset, np.log(_BEGIN)]])
        solved = minimize(
            _likelihood,
            start,
            args=(rows, watched, penalty),
            jac=True,
            method="L-BFGS-B",
            bounds=[*[(least, None)] * columns, (None, None), tuple(np.log(_SHAPES))],
            options={"maxiter": self.iterations, "ftol": 1e-12, "gtol": 1e-6},
        )
        return solved.x[:-2], float(solved.x[-2]), float(np.exp(solved.x[-1]))

    def load(self, folder: Path) -> FittedHazards:
        shapes: dict[str, tuple[int | None, ...]] = {
            **dict.fromkeys(("chosen", "mean", "std", "weight"), (None,)),
            **dict.fromkeys(("offset", "strain", "shape"), ()),
        }
        arrays, facts = read_folder(folder, "proportional_hazards", shapes)
        names = tuple(facts.get("names", ()))
        lengths = {len(arrays[name]) for name in ("chosen", "mean", "std", "weight")}
        offset, strain, shape = (float(arrays.pop(n)) for n in ("offset", "strain", "shape"))
        fit = len(lengths) == 1 and np.isin(arrays["chosen"], np.arange(len(names))).all()
        if not fit or min(strain, shape) <= 0.0:
            raise VitreousError(
                f"{folder}: the arrays of the proportional_hazards model do not fit together; save "
                "the model again"
            )
        return FittedHazards(
            names=names,
            offset=offset,
            strain=strain,
            shape=shape,
            compressed=bool(facts.get("compressed")),
            **arrays,
        )

    @classmethod
    def example(cls) -> ProportionalHazards:
        return cls(penalty=1e-4, folds=0)


def scaled(rows: Array, mean: Array, std: Array, compressed: bool) -> Array:
    """z (R, C) of features x (R, C)."""
    found = (rows - mean) / std
    return np.sign(found) * np.log1p(np.abs(found)) if compressed else found


class Watched(NamedTuple):
    """The labelled sites of all glasses.

    Fields:
        strain: g0. time: (R,) log |y| / g0. site: rows of the sites around events, event by event;
        first: where those of each event begin in ``site``; event_time: (E,) log y_e / g0.
    """

    strain: float
    time: Array
    site: Ints
    first: Ints
    event_time: Array

    @classmethod
    def of(cls, labels: Sequence[Labels], strain: float | None = None) -> Watched:
        """``strain``: g0, None for that of these glasses. Raises VitreousError where no glass had
        an event.
        """
        values = [each.values[each.mask] for each in labels]
        sites, first, strains, before = [], [], [], 0
        for y in values:
            for failed in np.unique(y[y > 0.0]):
                first.append(sum(map(len, sites)))
                sites.append(before + np.flatnonzero(y == failed))
                strains.append(failed)
            before += len(y)
        if not strains:
            raise VitreousError(
                "no training glass had an event, so no failure can be learnt from; raise "
                "simulator.strain_max or simulator.max_events"
            )
        g0 = float(np.exp(np.mean(np.log(strains)))) if strain is None else strain
        return cls(
            strain=g0,
            time=np.log(np.abs(np.concatenate(values)) / g0),
            site=np.concatenate(sites),
            first=np.array(first),
            event_time=np.log(np.array(strains) / g0),
        )

    @property
    def offset(self) -> float:
        """b at which as many sites are expected to fail by g0 as there are events."""
        return float(np.log(len(self.first) / len(self.time)))


def _likelihood(
    parameters: Array, rows: Array, watched: Watched, penalty: float
) -> tuple[float, Array]:
    """Minus the logarithm of the likelihood, penalised, and its gradient; parameters: w, b,
    log k.
    """
    weight, offset, shape = parameters[:-2], parameters[-2], np.exp(parameters[-1])
    eta = rows @ weight + offset
    hazard = np.exp(np.minimum(eta + shape * watched.time, 600.0))
    near = eta[watched.site]
    largest = np.maximum.reduceat(near, watched.first)
    count = np.diff(np.append(watched.first, len(near)))
    part = np.exp(near - np.repeat(largest, count))
    total = np.add.reduceat(part, watched.first)
    seen = largest + np.log(total) + np.log(shape) + (shape - 1.0) * watched.event_time
    value = hazard.sum() - seen.sum() + 0.5 * penalty * weight @ weight
    of_eta = hazard.copy()
    np.subtract.at(of_eta, watched.site, part / np.repeat(total, count))
    of_shape = shape * (watched.time @ hazard) - (1.0 + shape * watched.event_time).sum()
    gradient = np.concatenate([of_eta @ rows + penalty * weight, [of_eta.sum(), of_shape]])
    scale = len(watched.first)  # per event: what the tolerances of the descent refer to
    return float(value) / scale, gradient / scale


@dataclass(frozen=True, kw_only=True, eq=False)
class FittedHazards(Fitted):
    """H = exp(offset + weight . z) (g / strain)^shape of the ``chosen`` (C,) columns."""

    names: tuple[str, ...]
    chosen: Array
    mean: Array
    std: Array
    weight: Array
    offset: float
    strain: float
    shape: float
    compressed: bool

    def predict(self, features: Features) -> Array:
        return self.strain * np.exp(-self._risk(features) / self.shape)

    def hazards(self, features: Features, strains: Array) -> Array:
        time = self.shape * np.log(np.asarray(strains) / self.strain)
        return np.exp(np.clip(self._risk(features)[:, None] + time, -600.0, 600.0))

    def contributions(self, features: Features) -> Array:
        found = np.zeros((len(features), len(self.names)))
        found[:, self.chosen.astype(np.int64)] = self._scaled(features) * self.weight
        return found

    def _risk(self, features: Features) -> Array:
        # einsum, not @: its sums do not depend on how many rows there are
        return np.einsum("rc,c->r", self._scaled(features), self.weight) + self.offset

    def _scaled(self, features: Features) -> Array:
        """z (M, C) of the chosen columns."""
        check_columns(features, self.names)
        rows = np.asarray(features.values, dtype=np.float64)[:, self.chosen.astype(np.int64)]
        return scaled(rows, self.mean, self.std, self.compressed)

    def save(self, folder: Path) -> None:
        arrays = {
            name: np.asarray(getattr(self, name))
            for name in ("chosen", "mean", "std", "weight", "offset", "strain", "shape")
        }
        facts = {"names": list(self.names), "compressed": self.compressed}
        write_folder(folder, "proportional_hazards", arrays, facts)
