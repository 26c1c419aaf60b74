"""Native athermal quasistatic deformation: continuation between instabilities, the fixed-step
protocol across them.

See ``vitreous.mechanics.quasistatic.continuation`` for the method. Maloney & Lemaitre, Phys. Rev. E
74, 016118 (2006); the loading, step and minimiser defaults are those of Bachhav et al. (2025),
Methods, whose "400 steps of 1e-4" end before the first event: here the run continues until
``max_events`` events or ``strain_max``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np
from threadpoolctl import threadpool_limits

from vitreous.core.data import Configuration, Loading, Trajectory
from vitreous.core.errors import VitreousError
from vitreous.core.interfaces import Potential, Simulator
from vitreous.core.underway import Arrays, SoFar, Underway
from vitreous.core.watching import tell
from vitreous.mechanics.descent import descent_named
from vitreous.mechanics.linear import Preconditioner
from vitreous.mechanics.modes import SoftestMode
from vitreous.mechanics.newton import State
from vitreous.mechanics.quasistatic.bond_breaks import BondBreaks, BreakRule
from vitreous.mechanics.quasistatic.continuation import deform
from vitreous.mechanics.quasistatic.fixed_steps import Protocol
from vitreous.mechanics.quasistatic.instability import Instability
from vitreous.mechanics.quasistatic.marks import Mark, Path, restored
from vitreous.mechanics.quasistatic.straining import refuse_deformation
from vitreous.mechanics.relax import relax, relax_lengths
from vitreous.plugins.simulators._held import Held
from vitreous.plugins.simulators._loose import warn_of_modes, warn_of_start
from vitreous.plugins.simulators._record import Frames, trajectory_of
from vitreous.plugins.simulators._refusals import refuse_length, refuse_short


@dataclass(frozen=True, kw_only=True)
class AQS(Simulator):
    """Athermal quasistatic deformation of any glass whose potential gives forces and a Hessian.

    Fields:
        strain_step: the grid on which events are reported, dimensionless.
        strain_max: where the run ends, dimensionless.
        max_events: it ends after this many events, if earlier.
        stride: largest number of strain steps taken at once where the response is smooth, and where
            as many are left; 1: the fixed-step protocol itself, an affine step and the minimiser
            alone, ten to a hundred times slower.
        force_tolerance: largest force component of a state, energy per length.
        minimiser: descent across an instability: cg, fire, damped or steepest.
        friction: of ``damped``, inverse time at unit mass.
        jump: displacement beyond the prediction that ends a smooth stride, times the potential's
            ``length``.
        smallest_event: an instability counts as an event if it moves some atom by more than this,
            times the potential's ``length`` (1 angstrom, or sigma), whatever the strain step, the
            stride and the size of the glass.
        relax_cell: whether ``relax`` also relaxes the cell lengths to zero normal stress.
        stress_tolerance: largest normal stress then, energy per area or volume.
        frame_every: strain between saved frames besides those around events; 0 for none.
        break_near, break_far, break_drop: criterion of a broken bond: a bridging atom closer than
            ``break_near`` to one partner and further than ``break_far`` from the other (length),
            by a bond that grew by more than ``jump`` in the event and was not broken by an earlier
            one, while some atom's energy falls by more than ``break_drop``. Events are then of kind
            "bond_break" or "flip"; with ``break_far`` 0 all are "rearrangement". Needs a glass with
            bonds.
        stop_at_break: end at the first broken bond.
        eigenvalues: whether to compute the lowest eigenvalue of each state, at about a fifth of the
        cost of the rest.
    """

    version: ClassVar = 5

    dimensions: ClassVar = frozenset({2, 3})
    resumes: ClassVar = True

    strain_step: float = 1e-4
    strain_max: float = 0.2
    max_events: int = 6
    stride: int = 50
    force_tolerance: float = 1e-8
    minimiser: str = "cg"
    friction: float = 0.1
    jump: float = 0.1
    smallest_event: float = 0.005
    relax_cell: bool = True
    stress_tolerance: float = 1e-8
    frame_every: float = 0.0
    break_near: float = 1.7
    break_far: float = 0.0
    break_drop: float = 0.1
    stop_at_break: bool = False
    eigenvalues: bool = True

    def __post_init__(self) -> None:
        descent_named(self.minimiser)
        for name in (
            "strain_step",
            "strain_max",
            "force_tolerance",
            "jump",
            "smallest_event",
            "stress_tolerance",
            "friction",
        ):
            if not 0.0 < getattr(self, name) < np.inf:
                raise VitreousError(
                    f"simulator.{name} is {getattr(self, name)!r}; expected a positive number"
                )
        if not 0.0 <= self.frame_every < np.inf:
            raise VitreousError(
                f"simulator.frame_every is {self.frame_every!r}; expected a strain, or 0 for no "
                "further frames"
            )
        for name in ("max_events", "stride"):
            if getattr(self, name) < 1:
                raise VitreousError(
                    f"simulator.{name} is {getattr(self, name)!r}; expected at least 1"
                )
        refuse_short(self.strain_max, self.strain_step)
        if self.stop_at_break and self.break_far <= 0.0:
            raise VitreousError(
                "simulator.stop_at_break needs simulator.break_far, the length beyond which a "
                "bond counts as broken; set both"
            )

    @classmethod
    def example(cls) -> Self:
        return cls(max_events=1)

    def relax(self, configuration: Configuration, potential: Potential) -> Configuration:
        """The relaxed glass. Raises NotConverged, or VitreousError if the potential refuses the
        glass.
        """
        with threadpool_limits(1):
            surface = potential.surface(configuration)
            preconditioner = Preconditioner(surface.bond_range)
            state = relax(
                surface,
                configuration.positions,
                configuration.cell,
                preconditioner,
                self._protocol(potential),
            )
            if self.relax_cell:
                state = relax_lengths(
                    surface, state, preconditioner, self._protocol(potential), self.stress_tolerance
                )
        info = {**configuration.info, "energy": state.energy, "residual": state.residual}
        return configuration.with_(positions=state.positions, cell=state.cell, info=info)

    @property
    def detects_breaks(self) -> bool:
        return self.break_far > 0.0

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
        underway: Underway | None = None,
    ) -> Trajectory:
        """Deform the relaxed glass along the loading; every state is reported to ``underway``, and
        what it has taken up is continued with the same bits.

        Raises:
            NotConverged: if a descent exceeds its budget.
            VitreousError: for a loading that the glass cannot follow
            (``vitreous.mechanics.quasistatic.straining``).
        """
        protocol = self._protocol(potential)
        frames = Frames(self.strain_step, self.frame_every, strains)
        with threadpool_limits(1):
            surface = potential.surface(configuration)
            refuse_deformation(configuration, loading, self.strain_max, surface)
            refuse_length(configuration, potential)
            preconditioner = Preconditioner(surface.bond_range)
            rule = BreakRule(self.break_near, self.break_far, self.break_drop, protocol.jump)
            breaks = BondBreaks(configuration, surface, rule) if self.break_far > 0.0 else None
            softest = SoftestMode(surface, preconditioner)
            held = Held(surface, preconditioner, softest, breaks, frames)
            over = self._over(configuration, loading)
            begin, start = self._begun(
                held, configuration, protocol, None if underway is None else underway.taken_up
            )

            def visit(step: int, state: State) -> None:
                held.lowest.append(self._lowest(softest, state))
                frames.visit(step, state)
                self._tell(step * self.strain_step, len(held.lost), state.residual)

            def ends(event: Instability) -> bool:
                held.lost.append(-1 if breaks is None else breaks.lost_by(event))
                return over(event, held.lost[-1])

            def made(path: Path) -> Trajectory:
                return self._trajectory(configuration, loading, held, path)

            path = deform(
                surface,
                start,
                loading,
                protocol,
                preconditioner,
                visit,
                ends,
                frames.stops,
                begin=begin,
                marked=None if underway is None else self._marked(underway, held, made),
            )
            warn_of_modes(
                np.array(path.steps) * self.strain_step, np.array(held.lowest), surface, start
            )
        return made(path)

    def _begun(
        self, held: Held, configuration: Configuration, protocol: Protocol, kept: Arrays | None
    ) -> tuple[Mark | None, State]:
        """Where the deformation begins: the mark that an earlier one left, if any, and its first
        state.
        """
        if kept is not None:
            begin = restored(kept)
            held.restore(kept)
            return begin, begin.path.states[0]
        start = relax(
            held.surface,
            configuration.positions,
            configuration.cell,
            held.preconditioner,
            protocol,
        )
        held.lowest.append(self._lowest(held.softest, start))
        if not self.eigenvalues:
            warn_of_start(held.surface, start)
        return None, start

    def _trajectory(
        self, configuration: Configuration, loading: Loading, held: Held, path: Path
    ) -> Trajectory:
        """The deformation along ``path``, which may be the beginning of what is held."""
        return trajectory_of(
            configuration,
            loading,
            self.strain_step,
            path,
            frames=held.frames.saved,
            lost=None if held.breaks is None else held.lost[: len(path.events)],
            lowest=held.lowest[: len(path.states)],
        )

    def _marked(
        self, underway: Underway, held: Held, made: Callable[[Path], Trajectory]
    ) -> Callable[[Mark], None]:
        """A function that reports each mark to ``underway``."""

        def reached(mark: Mark) -> None:
            arrays, state = held.now(mark), mark.path.states[mark.states - 1]
            underway.reached(
                SoFar(
                    strain=mark.path.steps[mark.states - 1] * self.strain_step,
                    events=mark.events,
                    residual=state.residual,
                    trajectory=lambda: made(mark.whole()),
                    arrays=arrays,
                )
            )

        return reached

    def _tell(self, strain: float, events: int, residual: float) -> None:
        """Say how far the deformation is: where it ends first, by strain or by events."""
        share = max(strain / self.strain_max, events / self.max_events)
        word = "event" if events == 1 else "events"
        tell(
            f"strain {strain:.4g} of {self.strain_max:g}, {events} {word}, force left "
            f"{residual:.2g}",
            share,
        )

    def _lowest(self, softest: SoftestMode, state: State) -> float:
        return softest.at(state.positions, state.cell) if self.eigenvalues else np.nan

    def _over(
        self, configuration: Configuration, loading: Loading
    ) -> Callable[[Instability, int], bool]:
        """A function of an event and the atom whose bond it broke (-1: none): whether the run
        ends.
        """
        return lambda event, lost: self.stop_at_break and lost >= 0

    def _protocol(self, potential: Potential) -> Protocol:
        return Protocol(
            strain_step=self.strain_step,
            strain_max=self.strain_max,
            max_events=self.max_events,
            stride=self.stride,
            force_tolerance=self.force_tolerance,
            minimiser=self.minimiser,
            jump=self.jump * potential.length,
            smallest_event=self.smallest_event * potential.length,
            friction=self.friction,
        )
