"""Virials of atoms: shares of dE/dstrain, worked out from energies of atoms, and by LAMMPS."""

from dataclasses import replace

import numpy as np
import pytest

from vitreous.plugins.potentials.eam import Eam
from vitreous.plugins.potentials.lennard_jones_2d import LennardJones2D
from vitreous.plugins.potentials.watanabe import Watanabe
from vitreous.plugins.potentials.yukawa_silica import YukawaSilica
from vitreous.testing.systems import binary_mixture, shaken_honeycomb, silica_crystal

BAR = 1.6021765e6  #: bar cubic angstrom in an electron volt, with LAMMPS's own constant
TILT = np.array([[1.02, 0.0, 0.0], [0.05, 0.97, 0.0], [-0.03, 0.02, 1.01]])


def tilted(glass):
    tilt = TILT[: glass.dimension, : glass.dimension]
    return glass.with_(positions=glass.positions @ tilt, cell=glass.cell @ tilt)


def mixture():
    return tilted(binary_mixture(side=12, dimension=2, names=("S", "L")))


GLASSES = {
    "yukawa_silica": lambda: (YukawaSilica(), tilted(shaken_honeycomb(4, 3))),
    "lennard_jones_2d": lambda: (LennardJones2D(), mixture()),
    "watanabe": lambda: (Watanabe(), tilted(silica_crystal())),
}


@pytest.fixture(scope="module", params=GLASSES)
def system(request):
    potential, glass = GLASSES[request.param]()
    return potential.surface(glass), glass


def slope(function, glass, a, b, h=1e-5):
    """Of a function of positions and cell, with the component (a, b) of strain."""
    values = []
    for sign in (1.0, -1.0):
        strain = np.eye(glass.dimension)
        strain[b, a] += sign * h
        values.append(function(glass.positions @ strain, glass.cell @ strain))
    return (values[0] - values[1]) / (2 * h)


def test_they_are_the_slopes_of_the_energies_of_atoms_with_strain(system):
    """Where no bond of silica is about to break: halves of pairs and thirds of triplets then hold
    for forces as for energies."""
    surface, glass = system
    virials = surface.atom_virials(glass.positions, glass.cell)
    scale = np.abs(virials).max()
    for a in range(glass.dimension):
        for b in range(glass.dimension):
            energies = slope(surface.atom_energies, glass, a, b)
            np.testing.assert_allclose(virials[:, a, b], energies, atol=1e-7 * scale)


def test_they_are_symmetric_and_add_up_to_the_stress_times_the_volume(system):
    surface, glass = system
    virials = surface.atom_virials(glass.positions, glass.cell)
    stress = surface.stress(glass.positions, glass.cell)
    np.testing.assert_allclose(virials, virials.transpose(0, 2, 1), rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(
        virials.sum(axis=0), stress * np.linalg.det(glass.cell), rtol=1e-9, atol=1e-9
    )


@pytest.mark.lammps
@pytest.mark.parametrize("name", ["lennard_jones_2d", "eam"])
def test_lammps_shares_stress_out_among_atoms_as_we_do(name):
    from lammps_engine import open_engine

    if name == "eam":
        potential, glass, unit = (
            replace(Eam.example(), smooth_end=False),
            tilted(Eam.example_glass()),
            BAR,
        )
    else:
        potential, glass, unit = LennardJones2D(), mixture(), 1.0
    surface = potential.surface(glass)
    virials = surface.atom_virials(glass.positions, glass.cell)
    engine = open_engine(glass, potential.lammps_commands(glass), glass.units)
    for line in (
        "compute s all stress/atom NULL virial",
        # shown, so that stresses are tallied per atom
        "compute whole all reduce sum c_s[1]",
        "thermo_style custom step c_whole",
        "run 0",
    ):
        engine.command(line)
    six = np.array(engine.gather("c_s", 1, 6)).reshape(-1, 6) / unit
    engine.close()
    d = glass.dimension
    theirs = six[:, [0, 3, 4, 3, 1, 5, 4, 5, 2]].reshape(-1, 3, 3)[:, :d, :d]
    np.testing.assert_allclose(virials, theirs, atol=1e-6 * np.abs(theirs).max())
    np.testing.assert_allclose(
        virials.sum(axis=0),
        surface.stress(glass.positions, glass.cell) * np.linalg.det(glass.cell),
        rtol=1e-9,
    )
