"""The second response against glasses that are strained and brought to rest, and against the
instability that it foretells.
"""

from pathlib import Path

import numpy as np
import pytest

from vitreous.core.data import Loading
from vitreous.direct import read_glass
from vitreous.mechanics.linear import nonaffine_velocity
from vitreous.mechanics.second_response import second_response
from vitreous.plugins.potentials.lennard_jones_2d import LennardJones2D
from vitreous.plugins.simulators.aqs import AQS
from vitreous.testing.systems import LennardJones, binary_mixture

QUIET = AQS(relax_cell=False, force_tolerance=1e-12, eigenvalues=False)
LJ = LennardJones2D()


def plane_glass():
    path = Path(__file__).parents[1] / "lennard_jones_glass.extxyz"
    return QUIET.relax(read_glass(path, LJ), LJ), LJ


def mixture():
    return QUIET.relax(binary_mixture(), LennardJones()), LennardJones()


def responses(glass, potential, loading):
    surface = potential.surface(glass)
    u = nonaffine_velocity(surface, glass, loading, 1e-10)
    return u, second_response(surface, glass, loading, u)


def at_rest(glass, potential, loading, strain):
    """(N, D) the non-affine part of the positions at a strain."""
    gradient = loading.deformation_gradient(strain)
    moved = glass.with_(positions=glass.positions @ gradient.T, cell=glass.cell @ gradient.T)
    found = QUIET.relax(moved, potential).positions - moved.positions
    return found - found.mean(axis=0)


@pytest.mark.parametrize(
    ("made", "loading"),
    [
        (plane_glass, Loading(mode="simple_shear", angle=20.0)),
        (plane_glass, Loading(mode="pure_shear", angle=65.0)),
        (plane_glass, Loading(mode="uniaxial", sign=-1)),
        (mixture, Loading(mode="simple_shear", dimension=3, plane="yz", angle=30.0)),
        (mixture, Loading(mode="uniaxial", dimension=3)),
    ],
)
def test_it_is_the_second_difference_of_glasses_at_rest(made, loading):
    glass, potential = made()
    u, v = responses(glass, potential, loading)
    step = 1e-3 / max(1.0, float(np.abs(v).max() / np.abs(u).max()))
    there = {sign: at_rest(glass, potential, loading, sign * step) for sign in (1, 0, -1)}
    found = (there[1] - 2.0 * there[0] + there[-1]) / step**2
    off = np.abs(found - (v - v.mean(axis=0))).max()
    assert off < 0.01 * np.abs(v).max()


def test_it_foretells_the_strain_that_is_left_to_an_instability():
    """Just before its first event u . v / u . u of the whole glass is 1 / 2 (g_c - g)."""
    glass, potential = plane_glass()
    loading = Loading(mode="simple_shear")
    fine = AQS(
        strain_step=1e-6, strain_max=0.05, max_events=1, relax_cell=False, force_tolerance=1e-11
    )
    event = float(fine.deform(glass, potential, loading).events.strain[0])
    for left in (4e-4, 1e-4):
        gradient = loading.deformation_gradient(event - left)
        whole = AQS(
            strain_step=1e-6, strain_max=event - left, relax_cell=False, force_tolerance=1e-11
        ).deform(glass, potential, loading)
        strained = glass.with_(positions=whole.frames[-1], cell=glass.cell @ gradient.T)
        strained = QUIET.relax(strained, potential)
        u, v = responses(strained, potential, loading)
        foretold = 0.5 * np.vdot(u, u) / np.vdot(u, v)
        assert foretold == pytest.approx(left, rel=0.25)
    u, v = responses(strained, potential, Loading(mode="simple_shear", sign=-1))
    assert np.vdot(u, v) < 0.0


def test_where_nothing_moves_beside_the_affine_motion_nothing_changes():
    a = 1.1
    lattice = np.stack(np.meshgrid(np.arange(6), np.arange(6), indexing="ij"), -1).reshape(-1, 2)
    basis = np.array([[a, 0.0], [0.5 * a, 0.5 * np.sqrt(3.0) * a]])
    glass, _ = plane_glass()
    crystal = type(glass)(
        positions=lattice @ basis,
        species=np.zeros(36, dtype=int),
        names=("L", "S"),
        cell=6.0 * basis,
        periodic=(True, True),
        units="lj",
    )
    crystal = QUIET.relax(crystal, LJ)
    u, v = responses(crystal, LJ, Loading(mode="simple_shear"))
    np.testing.assert_allclose(u, 0.0, atol=1e-9)
    np.testing.assert_allclose(v, 0.0, atol=1e-3)


def test_forces_that_are_left_in_a_glass_do_not_pass_for_a_change_of_the_response():
    """Packed glasses rest to 1e-8: over h^2 that is more than the second derivative itself."""
    glass, potential = plane_glass()
    loading = Loading(mode="simple_shear", angle=20.0)
    left = np.random.default_rng(0).normal(scale=1e-7, size=glass.positions.shape)
    found, wanted = (
        responses(each, potential, loading)[1]
        for each in (glass.with_(positions=glass.positions + left), glass)
    )
    assert np.abs(found - wanted).max() < 0.01 * np.abs(wanted).max()
