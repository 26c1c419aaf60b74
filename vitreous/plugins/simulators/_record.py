"""Convert the result of a deformation to the trajectory that every simulator returns."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vitreous.core.data import Configuration, Events, Loading, Trajectory
from vitreous.mechanics.newton import State
from vitreous.mechanics.quasistatic.marks import Arrays, Path, state_arrays, state_of
from vitreous.mechanics.quasistatic.places import nearest_distance, separate_places

_HIDDEN = 1.0  # events that are expected to share a step with another, before a warning
_POSSIBLE = 0.2  # of them, before those in several places are named
_NAMED = 5


class Frames:
    """The states that a deformation saves besides those around events: one per strain interval
    ``every`` (0: none), and those at ``strains``.
    """

    def __init__(self, strain_step: float, every: float, strains: Sequence[float]) -> None:
        self.saved: list[tuple[float, State]] = []
        self.stops = frozenset(
            int(np.ceil(strain / strain_step * (1.0 - 1e-9))) for strain in strains
        )
        self._step, self._every, self._last = strain_step, every, -np.inf

    def kept(self) -> Arrays:
        """What is saved so far, for ``restore``."""
        strains = np.array([strain for strain, _ in self.saved])
        found: Arrays = {"frames": strains, "frames.last": np.array(self._last)}
        for k, (_, state) in enumerate(self.saved):
            found |= state_arrays(f"frame{k}", state)
        return found

    def restore(self, kept: Mapping[str, NDArray[Any]]) -> None:
        """Take up what ``kept`` gave."""
        self._last = float(kept["frames.last"])
        self.saved = [
            (float(strain), state_of(kept, f"frame{k}")) for k, strain in enumerate(kept["frames"])
        ]

    def visit(self, step: int, state: State) -> None:
        """Save the state at a strain step if due or listed."""
        strain = step * self._step
        due = self._every > 0.0 and strain >= self._last + self._every * (1 - 1e-9)
        if due:
            self._last = strain
        if due or step in self.stops:
            self.saved.append((strain, state))


def trajectory_of(
    configuration: Configuration,
    loading: Loading,
    strain_step: float,
    path: Path,
    *,
    frames: Sequence[tuple[float, State]] = (),
    lost: Sequence[int] | None = None,
    lowest: Sequence[float] = (),
) -> Trajectory:
    """Trajectory with states at ``path.steps * strain_step``, and frames at the start, the end,
    around every event, and at ``frames``.

    ``lost`` is for each event the atom whose bond it broke, -1 for none; None if broken bonds were
    not determined. ``lowest`` are the lowest eigenvalues of the states, empty if unknown.
    """
    events = _events(configuration, loading, strain_step, path, lost)
    _tell_of_crowding(events, path.steps[-1], strain_step)
    saved = {0.0: path.states[0], path.steps[-1] * strain_step: path.states[-1], **dict(frames)}
    for event in path.events:
        saved[(event.step - 1) * strain_step] = event.before
        saved[event.step * strain_step] = event.after
    at = sorted(saved)
    return Trajectory(
        initial=configuration,
        loading=loading,
        strain=np.array(path.steps) * strain_step,
        energy=np.array([s.energy for s in path.states]),
        stress=np.stack([s.stress for s in path.states]),
        residual=np.array([s.residual for s in path.states]),
        frame_strain=np.array(at),
        frames=np.stack([saved[e].positions for e in at]),
        cells=np.stack([saved[e].cell for e in at]),
        events=events,
        lowest_eigenvalue=np.array(lowest, dtype=np.float64),
    )


def _tell_of_crowding(events: Events, steps: int, strain_step: float) -> None:
    """Warn if events lie so close that several are likely to share a strain step, and so to count
    as one; if that is possible, warn of those that moved atoms in several places, and of a single
    event, from which no more can be told.

    Of ``steps`` strain steps a share p holds events. If these come independently, a step holds
    -ln(1 - p) of them on average, p of which are counted. Events in one place share steps, too, and
    the size of what is then counted does not tell (decision 13).
    """
    share = len(events) / max(steps, 1)
    hidden = steps * (-np.log1p(-share) - share) if share < 1.0 else np.inf
    if len(events) > 1 and hidden >= _HIDDEN:
        about = f"about {hidden:.0f} more" if np.isfinite(hidden) else "many more"
        warnings.warn(
            f"{len(events)} of {steps} strain steps of {strain_step:g} hold an event: if events "
            f"come independently, {about} share a step with another and are counted as one with "
            "it; a smaller strain_step tells them apart",
            stacklevel=4,
        )
        return
    scattered = np.flatnonzero(np.asarray(events.places) > 1)
    if len(scattered) and hidden >= _POSSIBLE:
        where = ", ".join(
            f"{events.strain[k]:g} ({np.asarray(events.places)[k]})" for k in scattered[:_NAMED]
        ) + (", ..." if len(scattered) > _NAMED else "")
        warnings.warn(
            f"{len(scattered)} of {len(events)} events moved atoms in several separate places, at "
            f"strain (places) {where}: in steps as coarse as {strain_step:g} each may be several "
            "events, counted as one; a smaller strain_step tells them apart",
            stacklevel=4,
        )
    elif len(events) == 1 and hidden >= _POSSIBLE:
        warnings.warn(
            f"1 of {steps} strain steps of {strain_step:g} holds an event, which may be several, "
            "counted as one: neither its size nor its place tells; a smaller strain_step does",
            stacklevel=4,
        )


def _events(
    configuration: Configuration,
    loading: Loading,
    strain_step: float,
    path: Path,
    lost: Sequence[int] | None,
) -> Events:
    """The events, with the atom of largest displacement or of the broken bond, and its position in
    the undeformed glass.
    """
    moved = [int(np.linalg.norm(e.fall.shift, axis=1).argmax()) for e in path.events]
    broken = [-1] * len(moved) if lost is None else list(lost)
    atoms = np.array(
        [b if b >= 0 else m for b, m in zip(broken, moved, strict=True)], dtype=np.int64
    )
    nearest = nearest_distance(configuration.positions, configuration.cell, configuration.periodic)
    places = [
        separate_places(
            e.before.positions, e.before.cell, configuration.periodic, e.fall.shift, nearest
        )
        for e in path.events
    ]
    other = "rearrangement" if lost is None else "flip"
    return Events(
        strain=np.array([e.step * strain_step for e in path.events]),
        energy_drop=np.array([e.fall.released for e in path.events]),
        stress_drop=np.array(
            [float(loading.scalar_stress(e.fall.stress_drop)) for e in path.events]
        ),
        atom=atoms,
        position=configuration.positions[atoms].reshape(len(atoms), configuration.dimension),
        kind=tuple("bond_break" if b >= 0 else other for b in broken),
        move=np.array([e.fall.move for e in path.events]),
        places=np.array(places, dtype=np.int64),
    )
