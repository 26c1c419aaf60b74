"""Inputs of the checks: glass, potential, loading, sites, examples; and one call that exercises a
component.
"""

from __future__ import annotations

import pickle
import random
import sys
from collections.abc import Callable
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from vitreous.core.data import Configuration, Features, Loading, Trajectory
from vitreous.core.interfaces import Descriptor, Potential
from vitreous.plugins.potentials.yukawa_silica import YukawaSilica
from vitreous.plugins.simulators.aqs import AQS
from vitreous.testing.contract import CheckFailed, Skip, Subject
from vitreous.testing.executors import outcomes, square
from vitreous.testing.runs import run_of
from vitreous.testing.synthetic import examples
from vitreous.testing.systems import (
    LennardJones,
    binary_mixture,
    shaken_honeycomb,
    silica_crystal,
    silica_deformation,
    silica_glass,
    some_sites,
)
from vitreous.testing.trackers import a_run

Array = NDArray[Any]
ANGLE = 25.0  #: of the loading that descriptors see, degrees: along no symmetry direction


@lru_cache
def glass_of(subject: Subject) -> Configuration:
    """A relaxed disordered glass for the component: its own, planar silica, or a binary mixture."""
    own = subject.own_glass()
    if own is not None:
        return own
    if 2 in subject.cls.dimensions:
        return silica_glass()
    return AQS(relax_cell=False).relax(binary_mixture(), LennardJones())


def potential_of(glass: Configuration) -> Potential:
    """The kit's potential for a glass. Raises Skip if there is none."""
    if glass.units == "silica2d":
        return YukawaSilica()
    if glass.units == "lj" and glass.names == ("A", "B"):
        return LennardJones()
    raise Skip(
        f"the kit has no potential for a glass of {', '.join(glass.names)} in {glass.units} units"
    )


@lru_cache
def crowd_of(subject: Subject) -> Configuration:
    """A small strained glass in a sheared cell, for a potential: neither relaxed nor symmetric."""
    glass = subject.own_glass() or _crowd(
        tuple(subject.cls.species), subject.cls.units, max(subject.cls.dimensions)
    )
    shear = np.eye(glass.dimension)
    shear[0, 1] = 0.05
    return glass.with_(positions=glass.positions @ shear.T, cell=glass.cell @ shear.T)


def _crowd(species: tuple[str, ...], units: str, dimension: int) -> Configuration:
    if units == "lj" and len(species) == 2:
        return binary_mixture(
            side=4 if dimension == 3 else 6, dimension=dimension, names=(species[0], species[1])
        )
    if set(species) == {"Si", "O"} and (units, dimension) in (("silica2d", 2), ("metal", 3)):
        return shaken_honeycomb(4, 3) if dimension == 2 else silica_crystal()
    listed = ", ".join(species)
    raise CheckFailed(
        f"the kit has no glass of {listed} in {dimension} dimensions and {units} units; define "
        "example_glass of the potential"
    )


@lru_cache
def deformation_of(subject: Subject) -> Trajectory:
    """The subject's glass in pure shear, beyond its first event if it is planar silica."""
    glass = glass_of(subject)
    if glass is silica_glass():
        return silica_deformation()
    return AQS(strain_max=0.1, max_events=2, relax_cell=False).deform(
        glass, potential_of(glass), Loading(dimension=glass.dimension)
    )


def loading_of(glass: Configuration) -> Loading:
    """The loading that descriptors see, in pure shear at ``ANGLE`` degrees."""
    return Loading(angle=ANGLE, dimension=glass.dimension)


def described(
    component: Descriptor, glass: Configuration, loading: Loading, sites: Array, level: str
) -> Features:
    """The descriptor's features, with the kit's potential if it needs one."""
    potential = potential_of(glass) if component.needs_potential else None
    return component.describe(glass, loading, sites, level, potential)


def sites_of(glass: Configuration, level: str, count: int = 5) -> Array:
    """Sites (M, D) for a level: atoms, random points, or one random point."""
    if level == "atom":
        return np.array(glass.positions[:: max(1, len(glass) // count)][:count])
    return some_sites(glass, count if level == "site" else 1)


Operation = tuple[dict[str, Any], Callable[..., Any]]


def operation(subject: Subject) -> Operation:
    """Inputs, and a function of them that exercises the component."""
    return _OPERATIONS[subject.kind](subject)


def _potential(subject: Subject) -> Operation:
    def evaluate(component: Any, glass: Configuration) -> Any:
        surface, state = component.surface(glass), (glass.positions, glass.cell)
        return (
            *surface.energy_forces(*state),
            surface.stress(*state),
            surface.atom_energies(*state),
            surface.hessian(*state).toarray(),
        )

    return {"component": subject.make(), "glass": crowd_of(subject)}, evaluate


def _generator(subject: Subject) -> Operation:
    return {"component": subject.make()}, lambda component: component.generate(
        0, np.random.default_rng(7)
    )


def _simulator(subject: Subject) -> Operation:
    def simulate(
        component: Any, glass: Configuration, potential: Potential, loading: Loading
    ) -> Any:
        return component.deform(component.relax(glass, potential), potential, loading)

    glass = glass_of(subject)
    loading = Loading(dimension=glass.dimension)
    return {
        "component": subject.make(),
        "glass": glass,
        "potential": potential_of(glass),
        "loading": loading,
    }, simulate


def _labeler(subject: Subject) -> Operation:
    glass = glass_of(subject)
    trajectory = deformation_of(subject) if subject.cls.needs_trajectory else None
    inputs = {
        "component": subject.make(),
        "glass": glass,
        "potential": potential_of(glass),
        "loading": Loading(dimension=glass.dimension),
        "trajectory": trajectory,
    }
    return inputs, lambda component, **given: component.label(*given.values())


def _descriptor(subject: Subject) -> Operation:
    glass, level = glass_of(subject), min(subject.cls.levels)
    sites = sites_of(glass, level)
    inputs = {
        "component": subject.make(),
        "glass": glass,
        "loading": loading_of(glass),
        "sites": sites,
        "level": level,
    }
    return inputs, described


def _model(subject: Subject) -> Operation:
    def learn(component: Any, train: Any, validation: Any) -> Any:
        return component.fit(train, validation, np.random.default_rng(3), lambda *_: None).predict(
            train[0][0]
        )

    train = examples(subject.cls, 2, 0)
    return {
        "component": subject.cls.brief(),
        "train": train,
        "validation": examples(subject.cls, 1, 5),
    }, learn


def _evaluation(subject: Subject) -> Operation:
    return {
        "component": subject.make(),
        "run": run_of(subject.cls),
    }, lambda component, run: component.evaluate(run)


def _executor(subject: Subject) -> Operation:
    def carry_out(component: Any, tasks: tuple[int, ...]) -> Any:
        return tuple(sorted(outcomes(component, square, tasks).items()))

    return {"component": subject.make(), "tasks": (1, 2)}, carry_out


def _tracker(subject: Subject) -> Operation:
    def record(component: Any) -> None:
        with a_run() as (beginning, outcome):
            component.start(beginning).finish(outcome)

    return {"component": subject.make()}, record


_OPERATIONS: dict[str, Callable[[Subject], Operation]] = {
    "potential": _potential,
    "generator": _generator,
    "simulator": _simulator,
    "labeler": _labeler,
    "descriptor": _descriptor,
    "model": _model,
    "evaluation": _evaluation,
    "executor": _executor,
    "tracker": _tracker,
}


class Observation(NamedTuple):
    """Changes and results of a component called twice on the same input."""

    changed_inputs: list[str]
    changed_states: list[str]
    first: Any
    second: Any


@lru_cache
def observe(subject: Subject) -> Observation:
    """Call the component twice on the same input, and compare the input and the global random
    states before and after.
    """
    inputs, call = operation(subject)
    before = {name: pickle.dumps(value) for name, value in inputs.items()}
    first = call(**inputs)
    states = _random_states()
    second = call(**inputs)
    after = _random_states()
    changed = [name for name, value in inputs.items() if pickle.dumps(value) != before[name]]
    return Observation(
        changed, [name for name in states if states[name] != after[name]], first, second
    )


def _random_states() -> dict[str, bytes]:
    """The global random states of Python, NumPy and, if loaded, torch."""
    states = {
        "random": pickle.dumps(random.getstate()),
        "numpy.random": pickle.dumps(np.random.get_state()),  # noqa: NPY002
    }
    if "torch" in sys.modules:
        states["torch"] = sys.modules["torch"].get_rng_state().numpy().tobytes()
    return states
