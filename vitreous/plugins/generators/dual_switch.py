"""Two-dimensional silica by Monte Carlo dual switch (Ormrod Morley & Wilson 2018)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from vitreous.analysis.ring_law import maximum_entropy_shares
from vitreous.analysis.rings import RingStatistics, ring_statistics, trace_rings
from vitreous.core.data import Configuration
from vitreous.core.errors import VitreousError
from vitreous.core.interfaces import Generator
from vitreous.generation.dual_cost import Target
from vitreous.generation.dual_lattice import SMALLEST, DualLattice, hexagonal
from vitreous.generation.dual_monte_carlo import Outcome, anneal
from vitreous.generation.spring_network import relax_springs_and_box

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

#: angstrom; longest Si-O bond: Font-Clos et al. (2022), Methods
BOND_LIMIT = 2.2
STIFFNESS = (
    1.0,
    0.1,
    0.5,
)  #: of the springs Si-O, O-O at the same silicon, and Si-Si across an oxygen


@dataclass(frozen=True, kw_only=True)
class DualSwitch(Generator):
    """A monolayer of corner-sharing SiO3 triangles with chosen ring statistics.

    The rings of a hexagonal network are the nodes of a triangular lattice. Metropolis Monte Carlo
    switches bonds on that lattice until ring sizes follow Lemaitre's maximum-entropy law with the
    target ``variance`` and their correlation has the target Aboav-Weaire ``alpha``
    (vitreous.generation.dual_cost defines the cost). Switches that strain a ring-ring distance by
    more than ``largest_strain`` are rejected, because such bonds break during relaxation. Silicon
    is then placed at the triangles' centroids and oxygen at the middle of each bond, and harmonic
    springs relax positions and cell lengths towards regular SiO3 triangles with distance ``si_si``
    between silicon neighbours; at 3.035 angstrom the Yukawa model of two-dimensional silica is then
    almost stress-free.

    Silicon comes first, numbered row by row as in the perfect lattice, then oxygen. ``info``
    contains the realised statistics, which a study should quote: targets are met only to within one
    ring. Two bounds in place of ``variance`` draw it uniformly between them for every glass.

    Raises:
        VitreousError: for parameters out of range, or if the network does not stay planar.
    """

    rings_x: int = 24
    rings_y: int = 24
    variance: float | tuple[float, ...] = 0.5
    variance_weight: float = 10.0
    alpha: float = 0.3
    alpha_weight: float = 10.0
    alpha_convention: str = "unweighted"
    steps: int = 100_000
    temperature: float = 1e-4
    largest_strain: float = 0.15
    tolerance: float = 1e-3
    patience: int = 20_000
    minimum_size: int = 4
    maximum_size: int = 10
    si_si: float = 3.035

    dimensions: ClassVar[frozenset[int]] = frozenset({2})
    has_bonds: ClassVar[bool] = True
    made_in: ClassVar[str] = "silica2d"

    def __post_init__(self) -> None:
        low, high = self._bounds()
        if not 0.0 < low <= high < np.inf:
            raise VitreousError(
                f"dual_switch got variance={self.variance!r}; expected a positive number, or two "
                "bounds in ascending order such as [0.25,1.0]"
            )
        for field in fields(self):
            if field.name == "variance":
                continue
            value, wanted = (
                getattr(self, field.name),
                {"int": int, "float": (int, float), "str": str}[str(field.type)],
            )
            if not isinstance(value, wanted) or isinstance(value, bool):
                raise VitreousError(
                    f"dual_switch got {field.name}={value!r}; expected {field.type}"
                )
            if isinstance(value, float) and not np.isfinite(value):
                raise VitreousError(
                    f"dual_switch got {field.name}={value!r}; expected a finite number"
                )
        if min(self.rings_x, self.rings_y) < SMALLEST or self.rings_y % 2:
            raise VitreousError(
                f"dual_switch got {self.rings_x} x {self.rings_y} rings; expected rings_x >= "
                f"{SMALLEST} and rings_y even and >= {SMALLEST}"
            )
        for name, least in (
            ("si_si", 0.0),
            ("largest_strain", 0.0),
            ("patience", 0),
            ("maximum_size", 6),
        ):
            if not getattr(self, name) > least:
                raise VitreousError(
                    f"dual_switch got {name}={getattr(self, name)!r}; expected more than {least:g}"
                )
        for name in ("steps", "temperature", "tolerance", "alpha_weight", "variance_weight"):
            if not getattr(self, name) >= 0:
                raise VitreousError(
                    f"dual_switch got {name}={getattr(self, name)!r}; expected zero or more"
                )
        if not 3 <= self.minimum_size < 6:
            raise VitreousError(
                f"dual_switch got minimum_size={self.minimum_size!r}; expected 3, 4 or 5"
            )
        if self.alpha_convention not in ("unweighted", "weighted"):
            raise VitreousError(
                f"dual_switch got alpha_convention='{self.alpha_convention}'; expected "
                "'unweighted' or 'weighted'"
            )

    @property
    def bond_limit(self) -> float:
        return BOND_LIMIT

    @classmethod
    def example(cls) -> Self:
        return cls(rings_x=6, rings_y=6, steps=2000)

    def generate(self, index: int, rng: np.random.Generator) -> Configuration:
        """A glass from the random stream ``rng``; ``index`` does not matter."""
        low, high = self._bounds()
        variance = low if low == high else float(rng.uniform(low, high))
        shares = maximum_entropy_shares(variance, self.minimum_size, self.maximum_size)
        weighted = self.alpha_convention == "weighted"
        target = Target(
            shares, variance, self.variance_weight, self.alpha, self.alpha_weight, weighted
        )
        lattice = hexagonal(self.rings_x, self.rings_y, self.si_si, self.maximum_size)
        outcome = anneal(
            lattice,
            target,
            rng,
            bond=self.si_si,
            minimum=self.minimum_size,
            steps=self.steps,
            temperature=self.temperature,
            largest_strain=self.largest_strain,
            tolerance=self.tolerance,
            patience=self.patience,
        )
        return self._glass(lattice, outcome, variance)

    def _bounds(self) -> tuple[float, float]:
        given = self.variance
        bounds = tuple(given) if isinstance(given, Sequence) else (given, given)
        if len(bounds) != 2 or not all(
            isinstance(bound, int | float) and not isinstance(bound, bool) for bound in bounds
        ):
            raise VitreousError(
                f"dual_switch got variance={given!r}; expected a number, or two bounds"
            )
        return float(bounds[0]), float(bounds[1])

    def _glass(self, lattice: DualLattice, outcome: Outcome, variance: float) -> Configuration:
        """The glass of a dual lattice: silicon in its triangles, oxygen on the bonds between
        them.
        """
        bonds = np.sort(lattice.bonds(), axis=1)
        bonds = bonds[np.lexsort((bonds[:, 1], bonds[:, 0]))]
        silicon = _centroids(lattice)
        step = silicon[bonds[:, 1]] - silicon[bonds[:, 0]]
        oxygen = silicon[bonds[:, 0]] + 0.5 * (step - lattice.box * np.rint(step / lattice.box))
        bridge = len(silicon) + np.arange(len(oxygen))
        pairs = np.concatenate(
            [np.column_stack([bonds[:, 0], bridge]), np.column_stack([bonds[:, 1], bridge])]
        )
        positions, box = _relaxed(
            np.concatenate([silicon, oxygen]), bonds, pairs, lattice.box, self.si_si
        )
        species = np.repeat([0, 1], [len(silicon), len(oxygen)])
        cell = np.diag(box)
        rings = trace_rings(positions, bonds, cell)
        if not np.array_equal(np.sort(rings.sizes), np.sort(lattice.sizes)):
            raise VitreousError(
                "the relaxed network lost rings of its dual lattice, expected the same rings; "
                "use another seed or a smaller variance"
            )
        return Configuration(
            positions=positions % box,
            species=species,
            names=("Si", "O"),
            cell=cell,
            periodic=(True, True),
            units="silica2d",
            bonds=pairs[np.lexsort((pairs[:, 1], pairs[:, 0]))],
            info=self._record(ring_statistics(rings.sizes, rings.joined), outcome, variance),
        )

    def _record(
        self, found: RingStatistics, outcome: Outcome, variance: float
    ) -> dict[str, float | int]:
        """Target and realised statistics, for ``info``."""
        counts = {
            f"rings_{n}": found.counts.get(n, 0)
            for n in range(self.minimum_size, self.maximum_size + 1)
        }
        return {
            "ring_mean": found.mean,
            "ring_variance": found.variance,
            "alpha_unweighted": found.alpha_unweighted,
            "alpha_weighted": found.alpha_weighted,
            "target_variance": float(variance),
            "target_alpha": float(self.alpha),
            "switches_tried": outcome.tried,
            "switches_accepted": outcome.accepted,
            "cost": outcome.cost,
        } | counts


def _centroids(lattice: DualLattice) -> Floats:
    """Centroids (2R, 2) of the triangles of rings, in nearest images."""
    corner = lattice.positions[lattice.corners()]
    step = corner[:, 1:] - corner[:, :1]
    step -= lattice.box * np.rint(step / lattice.box)
    return corner[:, 0] + step.sum(axis=1) / 3.0


def _relaxed(
    start: Floats, bonds: Ints, bridges: Ints, box: Floats, si_si: float
) -> tuple[Floats, Floats]:
    """Relax all atoms and the box under springs of rest length si_si / 2 (Si-O), sqrt(3) si_si / 2
    (O-O at the same silicon) and si_si (Si-O-Si).
    """
    at_silicon = bridges[np.argsort(bridges[:, 0], kind="stable"), 1].reshape(-1, 3)
    across = np.concatenate([at_silicon[:, [0, 1]], at_silicon[:, [1, 2]], at_silicon[:, [2, 0]]])
    counts = [len(bridges), len(across), len(bonds)]
    lengths = np.repeat(np.array([0.5, 0.5 * np.sqrt(3.0), 1.0]) * si_si, counts)
    stiffness = np.repeat(STIFFNESS, counts)
    return relax_springs_and_box(
        start, np.concatenate([bridges, across, bonds]), lengths, stiffness, box, 1e-4 * si_si, 3000
    )
