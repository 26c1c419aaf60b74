"""What a model learns from: features and labels, each with a declared level."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vitreous.core.checked_arrays import Data, finite
from vitreous.core.errors import VitreousError
from vitreous.core.vocabulary import FORMS, LEVELS, TASKS


@dataclass(frozen=True, kw_only=True, eq=False)
class Labels(Data):
    """Targets, and the level they belong to.

    Fields:
        name: what is labelled, e.g. "delta_tau".
        level: one of LEVELS. task: one of TASKS, what there is to learn.
        unit: written out, e.g. "energy/area", the same for all components.
        values: (M,) floats, or (M, T) with T ``components``; NaN exactly where ``mask`` is False.
        Of task "class" numbers of ``classes``; of task "position" coordinates in fractions of the
        cell, one component per axis; of task "survival" the strain at which a site failed, or, with
        a minus sign, up to which it was seen to hold: sites of a glass with one strain of failure
        are the surroundings of one event, at one of them.
        mask: as ``values``, True where the label is known.
        positions: (M, D) where each label sits in the undeformed glass.
        weak_is: "low" if small values mark weak sites (a threshold), "high" if large ones do.
        grid: (nx, ny[, nz]) when the sites form a grid in C order, else ().
        components: names of the columns of ``values``; empty for a single one.
        classes: names of the classes, in the order of their numbers.
        columns: further (M,) arrays by name, e.g. tau_initial, tau_critical, strain_critical.
    """

    name: str
    level: str
    unit: str
    values: NDArray[np.float64]
    mask: NDArray[np.bool_]
    positions: NDArray[np.float64]
    weak_is: str = "low"
    grid: tuple[int, ...] = ()
    columns: Mapping[str, NDArray[Any]] = field(default_factory=dict)
    task: str = "value"
    components: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.task not in TASKS:
            raise VitreousError(f"unknown task '{self.task}'; expected one of {', '.join(TASKS)}")
        if self.level not in LEVELS:
            raise VitreousError(
                f"unknown level '{self.level}'; expected one of {', '.join(LEVELS)}"
            )
        if self.weak_is not in ("low", "high"):
            raise VitreousError(f"weak_is is '{self.weak_is}'; expected 'low' or 'high'")
        each = (len(self.components),) if self.components else ()
        m = len(self._set("values", np.float64, None, *each, must_be_finite=False))
        mask = self._set("mask", np.bool_, m, *each)
        self._set("positions", np.float64, m, None)
        if not np.array_equal(np.isfinite(self.values), mask):
            raise VitreousError(
                f"labels '{self.name}': values must be finite where the mask is True and NaN "
                "elsewhere"
            )
        self._refuse_classes()
        if self.task == "survival" and (self.components or not self.values[mask].all()):
            raise VitreousError(
                f"labels '{self.name}': one strain other than 0 is expected for each site of task "
                "'survival', negative where it held"
            )
        object.__setattr__(self, "grid", tuple(int(n) for n in self.grid))
        if self.grid and int(np.prod(self.grid)) != m:
            raise VitreousError(f"labels '{self.name}': grid {self.grid} does not hold {m} values")
        columns = {}
        for key, column in self.columns.items():
            columns[key] = np.array(column)
            columns[key].setflags(write=False)
            if columns[key].shape[:1] != (m,):
                raise VitreousError(
                    f"column '{key}' has shape {columns[key].shape}; expected {m} rows"
                )
        object.__setattr__(self, "columns", columns)

    def _refuse_classes(self) -> None:
        """Raises VitreousError for classes of another task, or values of task "class" that are no
        number of a class.
        """
        if bool(self.classes) != (self.task == "class"):
            given = f"{len(self.classes)} classes for task '{self.task}'"
            raise VitreousError(
                f"labels '{self.name}': {given}; name the classes of task 'class', and of no other"
            )
        known = self.values[self.mask]
        if self.task == "class" and not np.isin(known, np.arange(len(self.classes))).all():
            wrong = float(known[~np.isin(known, np.arange(len(self.classes)))][0])
            raise VitreousError(
                f"labels '{self.name}': {wrong:g} is no class; expected whole numbers from 0 to "
                f"{len(self.classes) - 1}"
            )

    def __len__(self) -> int:
        return len(self.values)


@dataclass(frozen=True, kw_only=True, eq=False)
class Features(Data):
    """Model input at M sites of one glass.

    Fields:
        form: one of FORMS. level: one of LEVELS. names: the C feature names (vector), channels
        (image) or node features (graph). values: vector (M, C) · image (M, C, H, W[, L]) · sequence
        (T, C) rows of all sites · graph (T, C) nodes of all sites · glass_graph (N, C) nodes, one
        per atom of the glass. offsets: (M+1,) rows of
        ``values`` that belong to each site (graph, sequence); empty otherwise.
        edges: (2, G) global node indices, both directions listed (graph, glass_graph).
        edge_values: (G, C_e), edge_names: C_e names. edge_offsets: (M+1,) the columns of ``edges``
        that belong to each site (graph). site_nodes: (M,) the node that each site is (glass_graph).
        shared: arrays by name that all sites have in common (the atoms of the glass, its cell).
    """

    form: str
    level: str
    names: tuple[str, ...]
    values: NDArray[Any]
    offsets: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    edges: NDArray[np.int64] = field(default_factory=lambda: np.zeros((2, 0), dtype=np.int64))
    edge_values: NDArray[Any] = field(default_factory=lambda: np.zeros((0, 0), dtype=np.float64))
    edge_names: tuple[str, ...] = ()
    edge_offsets: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    shared: Mapping[str, NDArray[Any]] = field(default_factory=dict)
    site_nodes: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, dtype=np.int64))

    def __post_init__(self) -> None:
        if self.form not in FORMS:
            raise VitreousError(
                f"unknown feature form '{self.form}'; expected one of {', '.join(FORMS)}"
            )
        if self.level not in LEVELS:
            raise VitreousError(
                f"unknown level '{self.level}'; expected one of {', '.join(LEVELS)}"
            )
        for name in ("values", "edge_values"):
            array = np.ascontiguousarray(getattr(self, name))
            array = (
                array.copy() if array is getattr(self, name) and array.flags.writeable else array
            )
            array.setflags(write=False)
            object.__setattr__(self, name, finite(array, f"features {name}"))
        self._set("offsets", np.int64, None)
        self._set("edges", np.int64, 2, None)
        self._set("edge_offsets", np.int64, None)
        self._set("site_nodes", np.int64, None)
        object.__setattr__(self, "names", tuple(self.names))
        object.__setattr__(self, "edge_names", tuple(self.edge_names))
        shared = {name: np.array(array) for name, array in self.shared.items()}
        for array in shared.values():
            array.setflags(write=False)
        object.__setattr__(self, "shared", shared)
        if len(self.names) != self.values.shape[1]:
            raise VitreousError(
                f"{len(self.names)} feature names for {self.values.shape[1]} columns"
            )
        if self.form in ("graph", "sequence") and (
            not len(self.offsets) or self.offsets[-1] != len(self.values)
        ):
            raise VitreousError(
                f"{self.form} features need offsets that end at their {len(self.values)} rows"
            )
        ends = np.concatenate([self.site_nodes, self.edges.ravel()])
        if self.form == "glass_graph" and not np.isin(ends, np.arange(len(self.values))).all():
            raise VitreousError(
                f"glass_graph features have sites or edges that are none of their "
                f"{len(self.values)} nodes"
            )

    def __len__(self) -> int:
        """Number of sites M."""
        if self.form == "glass_graph":
            return len(self.site_nodes)
        return len(self.offsets) - 1 if self.form in ("graph", "sequence") else len(self.values)

    @property
    def shape(self) -> tuple[int, ...]:
        """Of one example of a vector (C,) or image (C, H, W[, L])."""
        return self.values.shape[1:]

    @property
    def copies(self) -> int:
        """Stored examples have no symmetric copies beside themselves."""
        return 1

    def take(
        self, indices: NDArray[np.int64], copies: NDArray[np.int64] | None = None
    ) -> NDArray[Any]:
        """The vectors (B, C) or images (B, C, H, W[, L]) with these indices; ``copies`` can be
        zeros alone.

        Raises:
            VitreousError: features of another form, which are no arrays of one shape.
        """
        if self.form not in ("vector", "image"):
            raise VitreousError(f"{self.form} features hold no arrays of one shape to take from")
        return self.values[indices]

    def symmetry(self, indices: NDArray[np.int64], copies: NDArray[np.int64]) -> Symmetry:
        """That of ``copies``: none."""
        return Symmetry()


@dataclass(frozen=True, kw_only=True)
class Symmetry:
    """Where positions of the glass lie in symmetric copies of B sites: at turn x + shift.

    Fields:
        turn: (B, D, D); shift: (B, D), in the unit of the positions; None: the identity, zero.
    """

    turn: NDArray[np.float64] | None = None
    shift: NDArray[np.float64] | None = None

    def moved(self, positions: NDArray[np.float64]) -> NDArray[np.float64]:
        """(B, D) of the glass, as they lie in the copies."""
        if self.turn is not None:
            positions = np.einsum("bij,bj->bi", self.turn, positions)
        return positions if self.shift is None else positions + self.shift

    def undone(self, positions: NDArray[np.float64]) -> NDArray[np.float64]:
        """(B, D) found in the copies, as they lie in the glass: the inverse of ``moved``."""
        if self.shift is not None:
            positions = positions - self.shift
        if self.turn is None:
            return positions
        return np.asarray(np.linalg.solve(self.turn, positions[..., None])[..., 0], np.float64)


@dataclass(frozen=True, kw_only=True)
class Drawn:
    """Features that are drawn when a batch needs them, so that a million images need no memory.

    Fields:
        form, names: as of ``Features``. shape: of one example, (C, H, W[, L]). copies: how many
        symmetric copies of a site there are, the glass as it is being number 0. source: what
        examples are drawn from, one entry per site. recipe: plain values that, with ``source``,
        decide what is drawn. draw: (source, indices, copies) to (B, *shape). symmetries: (source,
        indices, copies) to where positions lie in these copies (relative to the site in the loading
        frame, length; of level "sample" in fractions of the cell).

    Of form "glass_image" all sites have one and the same image, of the whole glass, and the first
    two columns of ``source.values`` say where each lies in it: x and y in fractions of its sides,
    periodic with 1; positions in copies are such fractions too.
    """

    form: str
    names: tuple[str, ...]
    shape: tuple[int, ...]
    copies: int
    source: Features
    recipe: Mapping[str, Any]
    draw: Callable[[Features, NDArray[np.int64], NDArray[np.int64]], NDArray[Any]]
    symmetries: Callable[[Features, NDArray[np.int64], NDArray[np.int64]], Symmetry]

    @property
    def level(self) -> str:
        """Level of the features."""
        return self.source.level

    def __len__(self) -> int:
        return len(self.source)

    def take(
        self, indices: NDArray[np.int64], copies: NDArray[np.int64] | None = None
    ) -> NDArray[Any]:
        """The examples with these indices, each as its copy of that number (None: number 0).

        Raises:
            VitreousError: the descriptor drew another shape than it declared.
        """
        copies = np.zeros(len(indices), dtype=np.int64) if copies is None else copies
        values = self.draw(self.source, indices, copies)
        if values.shape != (len(indices), *self.shape):
            raise VitreousError(
                f"examples of shape {values.shape} were drawn; expected "
                f"{(len(indices), *self.shape)}"
            )
        return values

    def symmetry(self, indices: NDArray[np.int64], copies: NDArray[np.int64]) -> Symmetry:
        """Where positions lie in these copies."""
        return self.symmetries(self.source, indices, copies)


@dataclass(frozen=True, kw_only=True)
class Attention:
    """Where in the images of M sites a model looks for each of T numbers that it predicts.

    Fields:
        resolution: pixels along a side of the network's own map. weight: (M, T, H, W) at the
        pixels of the undeformed glass' image, zero or more, in the unit of the prediction. signed:
        the same with its sign; of a position the components of a vector.
    """

    resolution: int
    weight: NDArray[np.float64]
    signed: NDArray[np.float64]
