"""Radial symmetry functions: equal to DScribe's with a cutoff function, right in cells smaller than
the cutoff, and symmetric.
"""

import numpy as np
import pytest

from vitreous.core.data import Configuration, Loading
from vitreous.core.errors import VitreousError
from vitreous.plugins.descriptors.symmetry_functions import SymmetryFunctions
from vitreous.testing.systems import shaken_honeycomb, some_sites

LOADING = Loading(mode="pure_shear")


def dscribe_values(
    glass: Configuration, method: SymmetryFunctions, gradient: np.ndarray
) -> np.ndarray:
    """(N, 2, K) G2 functions by DScribe for neighbours Si, then O."""
    ase = pytest.importorskip("ase")
    acsf = pytest.importorskip("dscribe.descriptors").ACSF
    cell = np.eye(3) * 100.0
    cell[:2, :2] = glass.cell @ gradient.T
    positions = np.column_stack([glass.positions @ gradient.T, np.full(len(glass), 50.0)])
    atoms = ase.Atoms(
        [glass.names[s] for s in glass.species],
        positions=positions,
        cell=cell,
        pbc=[True, True, True],
    )
    parameters = [[1 / method.delta**2, mu] for mu in method.mu_grid]
    table = acsf(
        r_cut=method.cutoff, g2_params=parameters, species=["O", "Si"], periodic=True
    ).create(atoms)
    blocks = table.reshape(len(glass), 2, 1 + len(parameters))[:, :, 1:]  # per species: G1, then G2
    return blocks[:, ::-1]  # DScribe orders by atomic number: O, Si


@pytest.mark.parametrize("cutoff", [6.0, 25.0])
def test_equals_dscribe_at_rest_and_deformed_even_beyond_half_the_cell(cutoff: float) -> None:
    glass = shaken_honeycomb(3, 2)
    method = SymmetryFunctions(
        cutoff=cutoff,
        cutoff_function="cosine",
        per_pair=False,
        affine_strain=0.07,
        mu_max=5.0,
        delta=0.3,
    )
    values = method.describe(glass, LOADING, glass.positions, "atom").values.reshape(
        len(glass), 2, 2, -1
    )
    for state, gradient in enumerate((np.eye(2), LOADING.deformation_gradient(0.07))):
        np.testing.assert_allclose(
            values[:, state], dscribe_values(glass, method, gradient), atol=1e-10
        )


def test_two_atoms_by_hand() -> None:
    glass = Configuration(
        positions=np.array([[1.0, 1.0], [2.5, 1.0]]),
        species=[0, 1],
        names=("Si", "O"),
        cell=20 * np.eye(2),
        periodic=(True, True),
        units="silica2d",
    )
    method = SymmetryFunctions(
        mu_min=1.0,
        mu_max=2.0,
        mu_step=0.5,
        delta=0.5,
        cutoff=5.0,
        affine_strain=0.1,
        per_pair=False,
    )
    features = method.describe(glass, LOADING, np.array([[1.0, 1.0]]), "atom")
    expected = [
        np.exp(-(((r - mu) / 0.5) ** 2)) for r in (1.5, 1.5 * 1.1) for mu in (1.0, 1.5, 2.0)
    ]
    wanted = np.array([0, 0, 0, *expected[:3], 0, 0, 0, *expected[3:]])
    np.testing.assert_allclose(features.values[0], wanted, atol=1e-14)
    assert features.names[3] == "rest_O_1" and features.names[-1] == "deformed_O_2"


def test_pair_columns_are_zero_for_the_other_centre() -> None:
    glass = shaken_honeycomb(3, 2)
    values = (
        SymmetryFunctions(affine_strain=0.0)
        .describe(glass, LOADING, glass.positions, "atom")
        .values.reshape(len(glass), 4, -1)
    )
    assert not values[glass.species == 0, 2:].any() and not values[glass.species == 1, :2].any()
    plain = (
        SymmetryFunctions(affine_strain=0.0, per_pair=False)
        .describe(glass, LOADING, glass.positions, "atom")
        .values
    )
    np.testing.assert_allclose(values[:, :2] + values[:, 2:], plain.reshape(len(glass), 2, -1))


def test_site_on_an_atom_counts_that_atom_but_the_atom_does_not_count_itself() -> None:
    glass = shaken_honeycomb(3, 2)
    method = SymmetryFunctions(mu_min=0.0, mu_max=0.0, affine_strain=0.0, per_pair=False)
    as_site = method.describe(glass, LOADING, glass.positions, "site").values
    as_atom = method.describe(glass, LOADING, glass.positions, "atom").values
    np.testing.assert_allclose((as_site - as_atom).sum(axis=1), 1.0)


def test_unchanged_by_translation_permutation_images_common_rotation_and_mirrors() -> None:
    glass = shaken_honeycomb(4, 3)
    sites = some_sites(glass)
    method = SymmetryFunctions(cutoff=7.0, mu_max=7.0)
    wanted = method.describe(glass, LOADING, sites, "site").values
    order = np.random.default_rng(2).permutation(len(glass))
    shift = np.array([3.3, -41.7])
    images = np.random.default_rng(3).integers(-2, 3, glass.positions.shape) @ glass.cell
    moved = glass.with_(
        positions=(glass.positions + shift + images)[order],
        species=glass.species[order],
        bonds=np.zeros((0, 2)),
        ids=glass.ids[order],
    )
    np.testing.assert_allclose(
        method.describe(moved, LOADING, sites + shift, "site").values, wanted, atol=1e-9
    )
    turn = Loading(angle=30.0).frame.T
    turned = glass.with_(positions=glass.positions @ turn.T, cell=glass.cell @ turn.T)
    np.testing.assert_allclose(
        method.describe(turned, Loading(angle=30.0), sites @ turn.T, "site").values,
        wanted,
        atol=1e-9,
    )
    mirror = np.array([-1.0, 1.0])
    flipped = glass.with_(positions=glass.positions * mirror)
    np.testing.assert_allclose(
        method.describe(flipped, LOADING, sites * mirror, "site").values, wanted, atol=1e-9
    )


@pytest.mark.parametrize(
    "bad",
    [{"delta": 0.0}, {"cutoff": -1.0}, {"mu_min": 3.0, "mu_max": 2.0}, {"cutoff_function": "sine"}],
)
def test_refuses_parameters_out_of_range(bad: dict) -> None:
    with pytest.raises(VitreousError, match="expected"):
        SymmetryFunctions(**bad)


def test_atom_level_refuses_sites_that_are_not_atoms() -> None:
    glass = shaken_honeycomb(3, 2)
    with pytest.raises(VitreousError, match="site 1 at"):
        SymmetryFunctions().describe(
            glass, LOADING, glass.positions[:3] + np.array([[0, 0], [0.5, 0], [0, 0]]), "atom"
        )
