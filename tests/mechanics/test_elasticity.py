"""Elastic constants equal matscipy's: its Born terms, stress terms, affine forces and Hessian, for
planar glasses under residual stress.
"""

import numpy as np
import pytest
from scipy.sparse import eye_array
from scipy.sparse.linalg import spsolve

from vitreous.core.data import Loading
from vitreous.mechanics.elasticity import VOIGT, elastic_constants
from vitreous.plugins.potentials.lennard_jones_2d import LennardJones2D
from vitreous.plugins.potentials.yukawa_silica import YukawaSilica, yukawa
from vitreous.plugins.simulators.aqs import AQS
from vitreous.testing.systems import binary_mixture, silica_glass

pytest.importorskip("matscipy")
HEIGHT = 40.0  # of the box that matscipy needs, beyond every cutoff


def shifted_yukawa(sigma, q):
    kappa, cutoff = 1.0 / YukawaSilica().screening_length, YukawaSilica().cutoff
    v, slope, _ = yukawa(cutoff, sigma, q, kappa)

    def function(r):
        u, du, ddu = yukawa(r, sigma, q, kappa)
        return u - v - slope * (r - cutoff), du - slope, ddu

    return function


def silica():
    functions = {
        (0, 0): shifted_yukawa(2.25, 1.5),
        (0, 1): shifted_yukawa(1.075, -1.0),
        (1, 1): shifted_yukawa(0.9, 0.67),
    }
    return silica_glass(), YukawaSilica(), functions


def lennard_jones():
    potential = LennardJones2D()
    glass = binary_mixture(side=20, dimension=2).with_(names=("S", "L"))
    functions = {
        (i, j): potential.pair_function("SL"[i], "SL"[j]) for i, j in ((0, 0), (0, 1), (1, 1))
    }
    return AQS(relax_cell=False, minimiser="fire").relax(glass, potential), potential, functions


def for_matscipy(glass, functions, cutoff):
    """The glass as ase's atoms in a flat box, and matscipy's calculator with the scalar pair
    ``functions`` of its species.
    """
    from ase import Atoms
    from matscipy.calculators.pair_potential import PairPotential

    class Interaction:
        def __init__(self, function):
            self.cutoff, self.function = cutoff, function

        def __call__(self, r, *charges):
            return self.function(r)[0]

        def derivative(self, order):
            return lambda r, *charges: self.function(r)[order]

    cell = np.zeros((3, 3))
    cell[:2, :2], cell[2, 2] = glass.cell, HEIGHT
    positions = np.column_stack([glass.positions, np.zeros(len(glass))])
    atoms = Atoms(numbers=1 + glass.species, positions=positions, cell=cell, pbc=True)
    return atoms, PairPotential(
        {(1 + i, 1 + j): Interaction(function) for (i, j), function in functions.items()}
    )


@pytest.mark.parametrize("system", [silica, lennard_jones])
@pytest.mark.parametrize("strain", [0.0, 0.01])
def test_elastic_constants_equal_those_of_matscipy(system, strain):
    glass, potential, functions = system()
    f = Loading(mode="simple_shear").deformation_gradient(strain).T
    glass = AQS(relax_cell=False).relax(
        glass.with_(positions=glass.positions @ f, cell=glass.cell @ f), potential
    )
    ours = elastic_constants(potential.surface(glass), glass.positions, glass.cell)

    atoms, calculator = for_matscipy(glass, functions, potential.cutoff)
    atoms.calc = calculator
    affine = HEIGHT * calculator.get_birch_coefficients(atoms)
    in_plane = np.arange(3 * len(glass)).reshape(-1, 3)[:, :2].ravel()
    hessian = calculator.get_hessian(atoms).tocsc()[in_plane][:, in_plane]
    raised = calculator.get_nonaffine_forces(atoms)[:, :2].reshape(len(in_plane), 9)
    pinned = hessian + 1e-9 * eye_array(
        len(in_plane), format="csc"
    )  # translations, along which nothing pulls
    given_back = raised.T @ spsolve(pinned.tocsc(), raised) / np.linalg.det(glass.cell)

    def planar(c):
        symmetric = 0.25 * (
            c + c.transpose(1, 0, 2, 3) + c.transpose(0, 1, 3, 2) + c.transpose(1, 0, 3, 2)
        )
        return np.array([[symmetric[a, b, m, n] for m, n in VOIGT[2]] for a, b in VOIGT[2]])

    scale = np.abs(ours.total).max()
    np.testing.assert_allclose(ours.affine, planar(affine), atol=1e-6 * scale)
    np.testing.assert_allclose(
        ours.non_affine, -planar(given_back.reshape(3, 3, 3, 3)), atol=1e-6 * scale
    )
