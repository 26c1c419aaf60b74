"""Checks of potentials: forces, Hessian and stress are derivatives of one energy, which does not
depend on the origin or the numbering of atoms.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from vitreous.core.data import UNITS
from vitreous.mechanics.cutoffs import force_jump
from vitreous.testing.contract import (
    DIFFERENCES,
    ROUNDING,
    Subject,
    expect,
    expect_close,
    expect_member,
    expect_refusal,
    expect_subset,
)
from vitreous.testing.materials import crowd_of

Array = NDArray[Any]
_STEP = 1e-4  #: of finite differences, in units of the mean spacing
_JUMP = 1e-4  #: of the largest force: what a table that ends smoothly may leave at its cutoff


def _state(subject: Subject) -> tuple[Any, Array, Array, float]:
    glass = crowd_of(subject)
    spacing = (glass.volume / len(glass)) ** (1 / glass.dimension)
    return (
        subject.make().surface(glass),
        np.array(glass.positions),
        np.array(glass.cell),
        _STEP * spacing,
    )


def _direction(shape: tuple[int, ...]) -> Array:
    return np.random.default_rng(11).standard_normal(shape)


def declares_itself(subject: Subject) -> None:
    """Species, dimensions, units and length are declared."""
    expect(
        isinstance(subject.cls.species, tuple) and subject.cls.species,
        f"species is {subject.cls.species!r}; expected a tuple of names",
    )
    expect_subset(subject.cls.dimensions, {2, 3}, "dimensions")
    expect_member(subject.cls.units, UNITS, "units")
    length = subject.cls.length
    expect(0.0 < length < np.inf, f"length is {length!r}; expected about the size of an atom")


def forces_are_minus_the_gradient(subject: Subject) -> None:
    """Forces equal the negative gradient of the energy, by finite differences."""
    surface, x, cell, h = _state(subject)
    v, forces = _direction(x.shape), np.array(surface.energy_forces(x, cell)[1])
    slope = (
        surface.energy_forces(x + h * v, cell)[0] - surface.energy_forces(x - h * v, cell)[0]
    ) / (2 * h)
    expect_close(
        -slope,
        np.sum(forces * v),
        "minus the slope of the energy along a random direction",
        DIFFERENCES,
        float(np.linalg.norm(forces)),
    )


def forces_sum_to_zero(subject: Subject) -> None:
    """The forces on all atoms cancel."""
    surface, x, cell, _ = _state(subject)
    forces = surface.energy_forces(x, cell)[1]
    expect_close(
        np.sum(forces, axis=0),
        np.zeros(x.shape[1]),
        "the sum of all forces",
        ROUNDING,
        np.abs(forces).sum(),
    )


def forces_do_not_jump(subject: Subject) -> None:
    """Forces are continuous where neighbours cross a cutoff: states with a pair there would not
    converge, and events and thresholds would be artefacts.
    """
    surface, x, cell, _ = _state(subject)
    jump, expansion = force_jump(lambda x, cell: surface.energy_forces(x, cell)[1], x, cell)
    largest = float(np.abs(surface.energy_forces(x, cell)[1]).max())
    expect(
        jump <= _JUMP * largest,
        f"a force jumps by {jump:.3g} (forces up to {largest:.3g}) in the kit's glass expanded "
        f"by {100 * (expansion - 1.0):.3g} %; let energy and slope vanish at the cutoff",
    )


def hessian_is_symmetric(subject: Subject) -> None:
    """The Hessian equals its transpose."""
    surface, x, cell, _ = _state(subject)
    hessian = surface.hessian(x, cell).toarray()
    expect_close(hessian, hessian.T, "the Hessian, compared with its transpose,", ROUNDING)


def hessian_is_minus_the_slope_of_forces(subject: Subject) -> None:
    """The Hessian equals the negative derivative of the forces, by finite differences."""
    surface, x, cell, h = _state(subject)
    v = _direction(x.shape)
    slope = (
        np.array(surface.energy_forces(x + h * v, cell)[1])
        - np.array(surface.energy_forces(x - h * v, cell)[1])
    ) / (2 * h)
    product = surface.hessian(x, cell) @ v.ravel()
    expect_close(
        product.reshape(x.shape),
        -slope,
        "the Hessian times a random displacement",
        10 * DIFFERENCES,
    )


def linear_response_agrees_with_the_hessian(subject: Subject) -> None:
    """``linearise().multiply`` is the product with the Hessian, and ``affine_force`` the rate of
    the forces under an affine motion.
    """
    surface, x, cell, _ = _state(subject)
    response, v = surface.linearise(x, cell), _direction(x.shape)
    expect_close(
        response.multiply(v).ravel(),
        surface.hessian(x, cell) @ v.ravel(),
        "linearise().multiply",
        ROUNDING,
    )
    gradient, h = _direction(cell.shape), 1e-5
    plus, minus = np.eye(len(cell)) + h * gradient, np.eye(len(cell)) - h * gradient
    change = np.array(surface.energy_forces(x @ plus.T, cell @ plus.T)[1]) - np.array(
        surface.energy_forces(x @ minus.T, cell @ minus.T)[1]
    )
    expect_close(
        response.affine_force(gradient),
        change / (2 * h),
        "linearise().affine_force",
        10 * DIFFERENCES,
    )


def stress_is_the_slope_of_energy(subject: Subject) -> None:
    """The stress is symmetric, and equals the derivative of the energy with strain over the
    volume.
    """
    surface, x, cell, _ = _state(subject)
    d, h = len(cell), 1e-5
    stress, volume = np.array(surface.stress(x, cell)), np.linalg.det(cell)
    slope = np.empty((d, d))
    for i in range(d):
        for j in range(d):
            step = np.zeros((d, d))
            step[i, j] = h
            energies = [
                surface.energy_forces(
                    x @ (np.eye(d) + s * step).T, cell @ (np.eye(d) + s * step).T
                )[0]
                for s in (1, -1)
            ]
            slope[i, j] = (energies[0] - energies[1]) / (2 * h * volume)
    expect_close(stress, stress.T, "the stress, compared with its transpose,", 1e-8)
    expect_close(stress, slope, "the stress", DIFFERENCES)


def lattice_vectors_change_nothing(subject: Subject) -> None:
    """Moving atoms by lattice vectors leaves energy, forces and stress unchanged."""
    glass = crowd_of(subject)
    shifts = np.random.default_rng(5).integers(-2, 3, (len(glass), glass.dimension)) * np.array(
        glass.periodic
    )
    moved = glass.with_(positions=glass.positions + shifts @ glass.cell)
    _compare(subject, glass, moved, np.arange(len(glass)), "after moving atoms by lattice vectors")


def order_of_atoms_does_not_matter(subject: Subject) -> None:
    """Permuting the atoms leaves the energy unchanged and permutes the forces."""
    glass = crowd_of(subject)
    order = np.random.default_rng(6).permutation(len(glass))
    other = glass.with_(
        positions=glass.positions[order],
        species=glass.species[order],
        bonds=np.zeros((0, 2), int),
        ids=glass.ids[order],
    )
    _compare(subject, glass, other, order, "with the atoms in another order")


def _compare(subject: Subject, glass: Any, other: Any, order: Array, when: str) -> None:
    surfaces = [(subject.make().surface(g), g.positions, g.cell) for g in (glass, other)]
    (e, f), (e_other, f_other) = (s.energy_forces(x, cell) for s, x, cell in surfaces)
    expect_close(e_other, e, f"the energy {when}", ROUNDING)
    expect_close(f_other, np.array(f)[order], f"a force {when}", 1e-8)
    expect_close(
        surfaces[1][0].stress(*surfaces[1][1:]),
        surfaces[0][0].stress(*surfaces[0][1:]),
        f"the stress {when}",
        1e-8,
    )


def atom_energies_sum_to_the_energy(subject: Subject) -> None:
    """The atomic energies add up to the energy."""
    surface, x, cell, _ = _state(subject)
    expect_close(
        np.sum(surface.atom_energies(x, cell)),
        surface.energy_forces(x, cell)[0],
        "the sum of the atoms' energies",
        ROUNDING,
    )


def atom_virials_sum_to_the_virial(subject: Subject) -> None:
    """The atomic virials are symmetric, and add up to the stress times the volume."""
    surface, x, cell, _ = _state(subject)
    virials = np.array(surface.atom_virials(x, cell))
    expect_close(
        virials,
        virials.transpose(0, 2, 1),
        "an atom's virial, compared with its transpose,",
        ROUNDING,
    )
    expect_close(
        virials.sum(axis=0),
        surface.stress(x, cell) * np.linalg.det(cell),
        "the sum of the atoms' virials",
        ROUNDING,
    )


def foreign_glass_is_refused(subject: Subject) -> None:
    """Unknown species and other units raise a VitreousError."""
    glass, potential = crowd_of(subject), subject.make()
    strange = tuple(f"X{i}" for i in range(len(glass.names)))
    expect_refusal(
        lambda: potential.surface(glass.with_(names=strange)), "a glass of unknown species"
    )
    other = next(units for units in UNITS if units != glass.units)
    expect_refusal(lambda: potential.surface(glass.with_(units=other)), f"a glass in {other} units")


CHECKS = (
    declares_itself,
    forces_are_minus_the_gradient,
    forces_sum_to_zero,
    forces_do_not_jump,
    hessian_is_symmetric,
    hessian_is_minus_the_slope_of_forces,
    linear_response_agrees_with_the_hessian,
    stress_is_the_slope_of_energy,
    lattice_vectors_change_nothing,
    order_of_atoms_does_not_matter,
    atom_energies_sum_to_the_energy,
    atom_virials_sum_to_the_virial,
    foreign_glass_is_refused,
)
