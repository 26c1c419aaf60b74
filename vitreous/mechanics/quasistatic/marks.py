"""How far a deformation is, in enough detail to resume from there with the same bits.

A mark is made after every state. It holds references, since no array that it names is changed
afterwards; the lists of a path only grow, so their lengths say what belonged to them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vitreous.core.surface import LinearResponse
from vitreous.mechanics.newton import State
from vitreous.mechanics.quasistatic.instability import Fall, Instability

Array = NDArray[Any]
Arrays = dict[str, Array]


@dataclass
class Path:
    """Result of a deformation: grid indices and states in order, and the instabilities."""

    steps: list[int] = field(default_factory=list)
    states: list[State] = field(default_factory=list)
    events: list[Instability] = field(default_factory=list)


@dataclass
class Point:
    """A state on a smooth branch; its stiffness and its tangent (N, D) in the co-moving frame, once
    computed, and whether they show it to be a minimum.
    """

    strain: float
    state: State
    minimum: bool = True
    lin: LinearResponse | None = None
    tangent: Array | None = None


@dataclass(frozen=True)
class Mark:
    """One state of a deformation.

    Fields:
        path: what was found, of which ``states`` and ``events`` belong to this mark.
        numbers: of the loop, by name. point, previous: the last two of a smooth branch. usual: (N,
        D) displacements of the last smooth step, of the fixed-step protocol.
    """

    path: Path
    states: int
    events: int
    numbers: Mapping[str, float]
    point: Point | None = None
    previous: Point | None = None
    usual: Array | None = None

    def whole(self) -> Path:
        """The path as it was at this mark."""
        path, n = self.path, self.states
        return Path(path.steps[:n], path.states[:n], path.events[: self.events])

    def arrays(self) -> Arrays:
        """All of it under names, for ``restored``; of the states between, all but positions."""
        path = self.whole()
        found: Arrays = {
            "steps": np.array(path.steps),
            **_stacked("states", [(s.cell, s.energy, s.virial, s.residual) for s in path.states]),
            **state_arrays("first", path.states[0]),
            **state_arrays("last", path.states[-1]),
            "events": np.array([event.step for event in path.events], dtype=np.int64),
            **{f"numbers.{name}": np.array(value) for name, value in self.numbers.items()},
        }
        for k, event in enumerate(path.events):
            fall = event.fall
            found |= state_arrays(f"before{k}", event.before) | state_arrays(
                f"after{k}", event.after
            )
            found |= {f"displacement{k}": event.displacement, f"shift{k}": fall.shift}
            found |= {f"released{k}": np.array(fall.released), f"drop{k}": fall.stress_drop}
        for name, point in (("point", self.point), ("previous", self.previous)):
            if point is not None:
                found |= {f"{name}.strain": np.array(point.strain)}
                found |= {f"{name}.minimum": np.array(point.minimum)}
                found |= state_arrays(name, point.state)
                if point.tangent is not None:
                    found[f"{name}.tangent"] = point.tangent
        if self.usual is not None:
            found["usual"] = self.usual
        return found


Marked = Callable[[Mark], None]


def restored(kept: Mapping[str, Array]) -> Mark:
    """The mark that ``arrays`` came from. Raises KeyError for anything else."""
    d = kept["first.cell"].shape[0]
    states = [
        State(np.zeros((0, d)), cell, float(energy), virial, float(residual))
        for cell, energy, virial, residual in zip(
            *(kept[f"states.{k}"] for k in range(4)), strict=True
        )
    ]
    states[0], states[-1] = state_of(kept, "first"), state_of(kept, "last")
    events = [
        Instability(
            int(step),
            state_of(kept, f"before{k}"),
            state_of(kept, f"after{k}"),
            kept[f"displacement{k}"],
            Fall(kept[f"shift{k}"], float(kept[f"released{k}"]), kept[f"drop{k}"]),
        )
        for k, step in enumerate(kept["events"])
    ]
    path = Path([int(step) for step in kept["steps"]], states, events)
    return Mark(
        path,
        len(states),
        len(events),
        {
            name.partition(".")[2]: float(value)
            for name, value in kept.items()
            if name.startswith("numbers.")
        },
        _point(kept, "point"),
        _point(kept, "previous"),
        kept.get("usual"),
    )


def state_arrays(name: str, state: State) -> Arrays:
    """A state under names that begin with ``name``, for ``state_of``."""
    rest = np.array([state.energy, state.residual])
    return {
        f"{name}.positions": state.positions,
        f"{name}.cell": state.cell,
        f"{name}.virial": state.virial,
        f"{name}.numbers": rest,
    }


def state_of(kept: Mapping[str, Array], name: str) -> State:
    """The state that ``state_arrays`` named."""
    energy, residual = kept[f"{name}.numbers"]
    positions, cell, virial = (kept[f"{name}.{of}"] for of in ("positions", "cell", "virial"))
    return State(positions, cell, float(energy), virial, float(residual))


def _point(kept: Mapping[str, Array], name: str) -> Point | None:
    if f"{name}.strain" not in kept:
        return None
    return Point(
        float(kept[f"{name}.strain"]),
        state_of(kept, name),
        minimum=bool(kept[f"{name}.minimum"]),
        tangent=kept.get(f"{name}.tangent"),
    )


def _stacked(name: str, rows: Sequence[tuple[Any, ...]]) -> Arrays:
    return {f"{name}.{k}": np.array(column) for k, column in enumerate(zip(*rows, strict=True))}
