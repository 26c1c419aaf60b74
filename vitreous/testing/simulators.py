"""Checks of simulators: relaxed states, work of the stress, and results independent of the order
and images of atoms.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from vitreous.core.data import Configuration, Loading, Trajectory
from vitreous.testing.contract import (
    AT_REST,
    STRESS_WORK,
    Skip,
    Subject,
    expect,
    expect_close,
    expect_refusal,
    expect_subset,
)
from vitreous.testing.materials import glass_of, potential_of

_SAME_PATH = 1e-5  #: relative: energies and stresses of the same path, up to rounding
_SAME_PLACE = 1e-3  #: of the mean spacing: the same minimum


@lru_cache
def _relaxed(subject: Subject) -> Configuration:
    """The glass, perturbed, and relaxed by the simulator."""
    glass = glass_of(subject)
    shake = 0.02 * _spacing(glass) * np.random.default_rng(2).standard_normal(glass.positions.shape)
    return subject.make().relax(glass.with_(positions=glass.positions + shake), potential_of(glass))


@lru_cache
def _path(subject: Subject) -> Trajectory:
    glass = _relaxed(subject)
    return subject.make().deform(glass, potential_of(glass), Loading(dimension=glass.dimension))


def _spacing(glass: Configuration) -> float:
    return (glass.volume / len(glass)) ** (1 / glass.dimension)


def _force(glass: Configuration, surface: Any) -> float:
    """The force of a typical bond stretched by a percent of the spacing: the scale of residual
    forces.
    """
    stiffness = np.abs(surface.hessian(glass.positions, glass.cell).diagonal()).mean()
    return 0.01 * stiffness * _spacing(glass)


def declares_itself(subject: Subject) -> None:
    """Dimensions are declared."""
    expect_subset(subject.cls.dimensions, {2, 3}, "dimensions")


def relaxed_glass_is_at_rest(subject: Subject) -> None:
    """After ``relax`` the forces vanish, and atoms, species and bonds are unchanged."""
    glass, before = _relaxed(subject), glass_of(subject)
    surface = potential_of(glass).surface(glass)
    left = np.abs(surface.energy_forces(glass.positions, glass.cell)[1]).max()
    expect(
        left <= AT_REST * _force(glass, surface),
        f"a force of {left:.3g} is left after relax; the scale of bond forces is "
        f"{_force(glass, surface):.3g}",
    )
    same = (
        np.array_equal(glass.species, before.species)
        and np.array_equal(glass.bonds, before.bonds)
        and np.array_equal(glass.ids, before.ids)
    )
    expect(same, "relax changed the species, bonds or identifiers of the atoms")


def zero_strain_is_the_identity(subject: Subject) -> None:
    """The deformation starts at strain zero with the relaxed glass itself."""
    glass, path = _relaxed(subject), _path(subject)
    first = (path.strain[0], path.frame_strain[0])
    expect(first == (0.0, 0.0), f"the first strains of curve and frames are {first}; expected 0")
    expect_close(path.cells[0], glass.cell, "the first saved cell", 1e-12)
    expect_close(
        path.frames[0], glass.positions, "the first saved positions", _SAME_PLACE, _spacing(glass)
    )
    energy = potential_of(glass).surface(glass).energy_forces(glass.positions, glass.cell)[0]
    expect_close(path.energy[0], energy, "the first energy", 1e-8)


def cells_follow_the_loading(subject: Subject) -> None:
    """Every saved cell is the initial one under the loading's deformation gradient."""
    path = _path(subject)
    wanted = [path.initial.cell @ path.loading.deformation_gradient(e).T for e in path.frame_strain]
    expect_close(path.cells, np.stack(wanted), "the saved cells", 1e-9)


def saved_states_are_at_rest(subject: Subject) -> None:
    """Every saved state is relaxed, with the energy and stress reported for its strain."""
    path = _path(subject)
    surface = potential_of(path.initial).surface(path.initial)
    least = AT_REST * _force(path.initial, surface)
    expect(
        path.residual.max() <= least,
        f"a residual force of {path.residual.max():.3g} is reported; expected at most {least:.3g}",
    )
    for strain, x, cell in zip(path.frame_strain, path.frames, path.cells, strict=True):
        left = np.abs(surface.energy_forces(x, cell)[1]).max()
        expect(
            left <= least,
            f"a force of {left:.3g} is left at strain {strain:.4g}; expected at most {least:.3g}",
        )
        at = int(np.argmin(np.abs(path.strain - strain)))
        if abs(path.strain[at] - strain) < 1e-12:
            expect_close(
                path.energy[at],
                surface.energy_forces(x, cell)[0],
                f"the energy reported at strain {strain:.4g}",
                1e-8,
            )
            largest = np.abs(path.stress).max()
            expect_close(
                path.stress[at],
                surface.stress(x, cell),
                f"the stress reported at strain {strain:.4g}",
                1e-5,
                largest,
            )


def asked_states_are_saved(subject: Subject) -> None:
    """The state at a requested strain is saved, at most a step beyond it and relaxed, and the
    request does not change the path.
    """
    glass, path = _relaxed(subject), _path(subject)
    last = min(float(path.strain[-1]), float(path.events.strain[0]) if len(path.events) else np.inf)
    asked = 0.377 * last
    simulator, loading = subject.make(), Loading(dimension=glass.dimension)
    found = simulator.deform(glass, potential_of(glass), loading, strains=(asked,))
    beyond = found.frame_strain - asked
    at = int(np.flatnonzero(beyond >= -1e-9 * asked)[0])
    expect(
        beyond[at] <= np.diff(found.strain).min(),
        f"strain {asked:.4g} was requested, but is not among the saved ones: "
        f"{found.frame_strain[:6]}",
    )
    state = glass.with_(positions=found.frames[at], cell=found.cells[at])
    left = np.abs(
        potential_of(glass).surface(glass).energy_forces(state.positions, state.cell)[1]
    ).max()
    expect(
        left <= AT_REST * _force(glass, potential_of(glass).surface(glass)),
        f"a force of {left:.3g} is left at the requested strain",
    )
    expect_close(
        found.energy[-1],
        path.energy[-1],
        "the last energy, with and without a requested state",
        _SAME_PATH,
    )


def stress_is_symmetric(subject: Subject) -> None:
    """The stress tensor equals its transpose at every strain."""
    stress = _path(subject).stress
    expect_close(
        stress,
        stress.transpose(0, 2, 1),
        "the stress, compared with its transpose,",
        1e-7,
        np.abs(stress).max(),
    )


def stress_does_the_work(subject: Subject) -> None:
    """Before the first event the energy grows by the work of the stress along the loading."""
    path, last = _path(subject), _elastic(_path(subject))
    volume = path.initial.volume
    power = []
    for strain, stress in zip(path.strain[:last], path.stress[:last], strict=True):
        gradient = path.loading.deformation_gradient(strain)
        power.append(
            volume
            * np.linalg.det(gradient)
            * np.sum(stress * path.loading.velocity_gradient(strain))
        )
    work = np.sum(0.5 * (np.array(power[1:]) + power[:-1]) * np.diff(path.strain[:last]))
    expect_close(
        path.energy[last - 1] - path.energy[0],
        work,
        "the energy gained before the first event, compared with the work,",
        STRESS_WORK,
    )


def _elastic(path: Trajectory) -> int:
    """The number of strains before the first event."""
    last = (
        len(path.strain)
        if not len(path.events)
        else int(np.searchsorted(path.strain, path.events.strain[0] - 1e-12))
    )
    if last < 3:
        raise Skip("its example has an event at once; provide an example that starts elastically")
    return last


def elastic_strain_can_be_undone(subject: Subject) -> None:
    """A state before the first event, unloaded to zero strain, relaxes to the initial state."""
    path = _path(subject)
    end = path.strain[_elastic(path) - 1]
    chosen = [k for k, e in enumerate(path.frame_strain) if 0 < e <= min(end, 0.01) + 1e-12] or [
        k for k, e in enumerate(path.frame_strain) if 0 < e <= end + 1e-12
    ]
    if not chosen:
        raise Skip("no state is saved between zero strain and the first event")
    frame, strain = path.frames[chosen[-1]], path.frame_strain[chosen[-1]]
    back = path.initial.with_(
        positions=frame @ np.linalg.inv(path.loading.deformation_gradient(strain)).T
    )
    found = subject.make().relax(back, potential_of(back))
    moved = found.positions @ np.linalg.inv(found.cell) - path.initial.positions @ np.linalg.inv(
        path.initial.cell
    )
    moved -= moved.mean(axis=0)
    expect_close(
        moved @ found.cell,
        np.zeros_like(moved),
        "the position of an atom after loading and unloading",
        _SAME_PLACE,
        _spacing(found),
    )


def lattice_vectors_change_nothing(subject: Subject) -> None:
    """Moving atoms by lattice vectors leaves curves and events unchanged."""
    glass = _relaxed(subject)
    shifts = np.random.default_rng(5).integers(-1, 2, (len(glass), glass.dimension)) * np.array(
        glass.periodic
    )
    moved = glass.with_(positions=glass.positions + shifts @ glass.cell)
    _compare(subject, moved, np.arange(len(glass)), "after moving atoms by lattice vectors")


def order_of_atoms_does_not_matter(subject: Subject) -> None:
    """Permuting the atoms leaves the curves and the atoms of the events unchanged."""
    glass = _relaxed(subject)
    order = np.random.default_rng(6).permutation(len(glass))
    bonds = np.argsort(order)[glass.bonds]
    other = glass.with_(
        positions=glass.positions[order],
        species=glass.species[order],
        bonds=bonds,
        ids=glass.ids[order],
    )
    _compare(subject, other, order, "with the atoms in another order")


def _compare(subject: Subject, other: Configuration, order: np.ndarray, when: str) -> None:
    path = _path(subject)
    twin = subject.make().deform(other, potential_of(other), path.loading)
    last = min(_elastic(path), _elastic(twin))
    expect_close(twin.strain[:last], path.strain[:last], f"the strains {when}", 1e-12)
    expect_close(twin.energy[:last], path.energy[:last], f"the energy {when}", 1e-9)
    expect_close(
        twin.stress[:last],
        path.stress[:last],
        f"the stress {when}",
        _SAME_PATH,
        np.abs(path.stress).max(),
    )
    expect(
        len(twin.events) == len(path.events),
        f"{len(twin.events)} events {when}; expected {len(path.events)}",
    )
    if len(path.events):
        expect_close(
            twin.events.strain[0],
            path.events.strain[0],
            f"the strain of the first event {when}",
            1e-9,
        )
        expect(
            order[twin.events.atom[0]] == path.events.atom[0],
            f"the first event moves another atom {when}",
        )


def events_are_told_consistently(subject: Subject) -> None:
    """Each event lowers the energy, within the reported strains, at its atom's position in the
    undeformed glass.
    """
    path = _path(subject)
    events = path.events
    if not len(events):
        raise Skip("its example has no event")
    expect(
        np.all(events.energy_drop > 0),
        f"an event raises the energy by {-events.energy_drop.min():.3g}",
    )
    expect(
        np.all(np.diff(events.strain) >= 0) and events.strain.max() <= path.strain[-1] + 1e-12,
        "events are out of order or beyond the end",
    )
    expect_close(
        events.position,
        path.initial.positions[events.atom],
        "the position of an event",
        _SAME_PLACE,
        _spacing(path.initial),
    )


def other_dimension_is_refused(subject: Subject) -> None:
    """A loading of another dimension than the glass raises a VitreousError."""
    glass = _relaxed(subject)
    loading = Loading(dimension=5 - glass.dimension)
    expect_refusal(
        lambda: subject.make().deform(glass, potential_of(glass), loading),
        f"a loading in {loading.dimension} dimensions",
    )


CHECKS = (
    declares_itself,
    relaxed_glass_is_at_rest,
    zero_strain_is_the_identity,
    cells_follow_the_loading,
    saved_states_are_at_rest,
    asked_states_are_saved,
    stress_is_symmetric,
    stress_does_the_work,
    elastic_strain_can_be_undone,
    lattice_vectors_change_nothing,
    order_of_atoms_does_not_matter,
    events_are_told_consistently,
    other_dimension_is_refused,
)
