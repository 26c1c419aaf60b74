"""Athermal quasistatic deformation by LAMMPS: the published fixed-step protocol, and the reference
for the native engine.

Each strain step is minimised with any ``min_style`` and checked for an event; Thompson et al.,
Comput. Phys. Commun. 271, 108171 (2022). Models that LAMMPS implements use its own style
(``lennard_jones_2d``: lj/smooth; ``eam`` without ``smooth_end``: eam/alloy or eam/fs), other pair
models ``pair_style table spline``, all others ``fix external`` with the native energy surface. Any
other LAMMPS model can be given as text in ``pair_commands``.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np

from vitreous.core.data import Configuration, Loading, Trajectory
from vitreous.core.errors import NotConverged, VitreousError
from vitreous.core.interfaces import Potential, Simulator
from vitreous.core.surface import EnergySurface
from vitreous.io.lammps import LammpsEngine, refuse_commands
from vitreous.io.lammps_table import write_pair_table
from vitreous.mechanics.newton import State
from vitreous.mechanics.pair.surface import PairSurface
from vitreous.mechanics.quasistatic.bond_breaks import BondBreaks, BreakRule
from vitreous.mechanics.quasistatic.fixed_steps import Protocol, walk
from vitreous.mechanics.quasistatic.instability import Instability
from vitreous.mechanics.quasistatic.straining import refuse_deformation
from vitreous.plugins.simulators._loose import warn_of_jump, warn_of_start, warn_of_untouched
from vitreous.plugins.simulators._record import Frames, trajectory_of
from vitreous.plugins.simulators._refusals import refuse_length, refuse_short


@dataclass(frozen=True, kw_only=True)
class LammpsAQS(Simulator):
    """LAMMPS, one minimisation per strain step.

    Fields:
        strain_step, strain_max, max_events: the strain grid, and the end of the run, dimensionless.
        min_style: LAMMPS's minimiser. time_step: of the dynamic ones, at unit mass.
        force_tolerance: of the minimiser; accepted_force: a state with a larger force is refused;
        energy per length.
        budget: force evaluations and iterations per minimisation.
        jump: growth of a bond in the event that breaks it, times the potential's ``length``.
        smallest_event: as for ``aqs``.
        frame_every: strain between saved frames besides those around events; 0 for none.
        break_near, break_far, break_drop, stop_at_break: criterion of a broken bond, as for
        ``aqs``.
        pair_commands: LAMMPS commands instead of the potential's own, of which only species and
        units are then used.
    """

    version: ClassVar = 6

    dimensions: ClassVar = frozenset({2, 3})

    strain_step: float = 1e-4
    strain_max: float = 0.2
    max_events: int = 6
    min_style: str = "cg"
    time_step: float = 0.3
    force_tolerance: float = 1e-6
    accepted_force: float = 1e-4
    budget: int = 100_000
    jump: float = 0.1
    smallest_event: float = 0.005
    frame_every: float = 0.0
    break_near: float = 1.7
    break_far: float = 0.0
    break_drop: float = 0.1
    stop_at_break: bool = False
    pair_commands: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        refuse_commands("simulator.pair_commands", self.pair_commands)
        lengths = "time_step", "force_tolerance", "accepted_force", "jump", "smallest_event"
        for name in ("strain_step", "strain_max", "max_events", "budget", *lengths):
            if not 0 < getattr(self, name) < np.inf:
                raise VitreousError(
                    f"simulator.{name} is {getattr(self, name)!r}; expected a positive number"
                )
        if not 0.0 <= self.frame_every < np.inf:
            raise VitreousError(
                f"simulator.frame_every is {self.frame_every!r}; expected a strain, or 0 for no "
                "further frames"
            )
        if self.accepted_force < self.force_tolerance:
            raise VitreousError(
                f"simulator.accepted_force {self.accepted_force:g} is below force_tolerance "
                f"{self.force_tolerance:g}; raise it"
            )
        refuse_short(self.strain_max, self.strain_step)
        if self.stop_at_break and self.break_far <= 0.0:
            raise VitreousError(
                "simulator.stop_at_break needs simulator.break_far, the length beyond which a "
                "bond counts as broken; set both"
            )

    @classmethod
    def example(cls) -> LammpsAQS:
        return cls(strain_step=1e-3, strain_max=0.004, min_style="fire", force_tolerance=1e-8)

    def relax(self, configuration: Configuration, potential: Potential) -> Configuration:
        """The relaxed glass at fixed cell. Raises NotConverged."""
        with (
            tempfile.TemporaryDirectory() as folder,
            self._engine(configuration, potential, Path(folder)) as engine,
        ):
            state = self._minimum(engine, configuration.positions, configuration.cell)
        info = {**configuration.info, "energy": state.energy, "residual": state.residual}
        return configuration.with_(positions=state.positions, info=info)

    @property
    def detects_breaks(self) -> bool:
        return self.break_far > 0.0

    @property
    def own_model(self) -> bool:
        return bool(self.pair_commands)

    @property
    def reach(self) -> float:
        return self.strain_max

    def deform(
        self,
        configuration: Configuration,
        potential: Potential,
        loading: Loading,
        *,
        strains: Sequence[float] = (),
    ) -> Trajectory:
        """Deform the glass along the loading, step by step.

        Raises:
            NotConverged: naming the remaining force.
            VitreousError: if LAMMPS refuses the model, or for a loading that the glass cannot
                follow (``vitreous.mechanics.quasistatic.straining``).
        """
        refuse_deformation(
            configuration,
            loading,
            self.strain_max,
            None if self.pair_commands else potential.surface(configuration),
        )
        refuse_length(configuration, potential)
        frames = Frames(self.strain_step, self.frame_every, strains)
        with (
            tempfile.TemporaryDirectory() as folder,
            self._engine(configuration, potential, Path(folder)) as engine,
        ):
            energies = engine if self.pair_commands else potential.surface(configuration)
            protocol = self._protocol(potential)
            rule = BreakRule(self.break_near, self.break_far, self.break_drop, protocol.jump)
            breaks = BondBreaks(configuration, energies, rule) if self.break_far > 0.0 else None
            lost: list[int] = []

            def advance(state: State, strain: float, end: float) -> State:
                cell = configuration.cell @ loading.deformation_gradient(end).T
                return self._minimum(
                    engine, state.positions @ np.linalg.solve(state.cell, cell), cell
                )

            def ends(event: Instability) -> bool:
                lost.append(-1 if breaks is None else breaks.lost_by(event))
                return self.stop_at_break and lost[-1] >= 0

            start = self._minimum(engine, configuration.positions, configuration.cell)
            if self.pair_commands:
                warn_of_untouched(engine.evaluate, start, potential.length)
                warn_of_jump(engine.evaluate, start, potential.length, self.accepted_force)
            else:
                warn_of_start(potential.surface(configuration), start)
            path = walk(advance, start, loading, protocol, frames.visit, ends)
        return trajectory_of(
            configuration,
            loading,
            self.strain_step,
            path,
            frames=frames.saved,
            lost=None if breaks is None else lost,
        )

    def _protocol(self, potential: Potential) -> Protocol:
        return Protocol(
            strain_step=self.strain_step,
            strain_max=self.strain_max,
            max_events=self.max_events,
            stride=1,
            force_tolerance=self.force_tolerance,
            minimiser=self.min_style,
            jump=self.jump * potential.length,
            smallest_event=self.smallest_event * potential.length,
        )

    def _minimum(self, engine: LammpsEngine, positions: np.ndarray, cell: np.ndarray) -> State:
        found = engine.minimise(
            positions, cell, self.force_tolerance, self.min_style, self.time_step, self.budget
        )
        energy, forces, virial = engine.evaluate(found, cell)
        residual = float(np.abs(forces).max())
        if not residual <= self.accepted_force:
            raise NotConverged(
                f"LAMMPS {self.min_style} left a force of {residual:.3g} (accepted_force "
                f"{self.accepted_force:g}); "
                "raise the budget, or use another min_style or time_step"
            )
        return State(found, np.array(cell), energy, virial, residual)

    def _engine(
        self, configuration: Configuration, potential: Potential, folder: Path
    ) -> LammpsEngine:
        if self.pair_commands:
            return LammpsEngine(configuration, self.pair_commands)
        surface = potential.surface(configuration)
        commands = potential.lammps_commands(configuration) or _table(
            configuration, surface, folder
        )
        return LammpsEngine(configuration, commands, surface.energy_forces_virial)


def _table(configuration: Configuration, surface: EnergySurface, folder: Path) -> tuple[str, ...]:
    """Commands for a tabulated pair model; none for others, which LAMMPS evaluates by a
    callback.
    """
    if not isinstance(surface, PairSurface):
        return ()
    kinds = [0] * len(configuration.names)  # names without atoms need a table too: any serves
    for name, kind in zip(configuration.species, surface.species, strict=True):
        kinds[name] = int(kind)
    table = surface.table
    return write_pair_table(
        folder / "pair.table", table.coefficients, table.r_min, table.cutoff, tuple(kinds)
    )
