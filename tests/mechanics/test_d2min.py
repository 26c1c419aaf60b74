"""D2min equals OVITO's and matscipy's, and vanishes under affine motion."""

import numpy as np
import pytest

from vitreous.core.errors import VitreousError
from vitreous.mechanics.d2min import d2min, local_gradient, non_affine_displacement

ALL = (True, True, True)


@pytest.fixture(scope="module", params=["orthogonal", "sheared"])
def states(request):
    rng = np.random.default_rng(0)
    cell = np.diag([12.0, 13.0, 11.0])
    positions = rng.uniform(0, 1, (300, 3)) @ cell
    shear = np.eye(3)
    shear[1, 0] = 0.08 if request.param == "sheared" else 0.0
    moved = (positions + rng.normal(scale=0.1, size=positions.shape)) @ shear
    after = cell @ shear
    wrapped = (moved @ np.linalg.inv(after) % 1.0) @ after
    return positions, cell, wrapped, after


def test_equals_matscipy(states):
    atomic_strain = pytest.importorskip("matscipy.atomic_strain")
    from ase import Atoms
    from matscipy.neighbours import neighbour_list

    before, cell, after, cell_after = states
    old, new = (
        Atoms(f"H{len(before)}", positions=x, cell=c, pbc=True)
        for x, c in ((before, cell), (after, cell_after))
    )
    i, j = neighbour_list("ij", old, 3.0)
    _, expected = atomic_strain.get_D_square_min(new, old, i, j)
    np.testing.assert_allclose(
        d2min(before, cell, after, cell_after, ALL, 3.0)[0], expected, atol=1e-10
    )


def test_equals_ovito(states):
    pytest.importorskip("ovito")
    from ovito.data import DataCollection, Particles, SimulationCell
    from ovito.modifiers import AtomicStrainModifier
    from ovito.pipeline import Pipeline, StaticSource

    before, cell, after, cell_after = states

    def collection(x, c):
        data = DataCollection()
        box = SimulationCell(pbc=ALL)
        box[:, :3] = c.T
        data.objects.append(box)
        particles = Particles()
        particles.create_property("Position", data=x)
        data.objects.append(particles)
        return data

    pipeline = Pipeline(source=StaticSource(data=collection(after, cell_after)))
    strain = AtomicStrainModifier(
        cutoff=3.0, output_nonaffine_squared_displacements=True, minimum_image_convention=True
    )
    strain.reference = StaticSource(data=collection(before, cell))
    pipeline.modifiers.append(strain)
    expected = pipeline.compute().particles["Nonaffine Squared Displacement"]
    np.testing.assert_allclose(
        d2min(before, cell, after, cell_after, ALL, 3.0)[0], expected, atol=1e-10
    )


def test_affine_motion_has_none():
    rng = np.random.default_rng(1)
    cell = np.eye(2) * 10
    x = rng.uniform(0, 10, (80, 2))
    stretch = np.array([[1.1, 0.05], [0.0, 0.95]])
    value, gradient = d2min(x, cell, x @ stretch, cell @ stretch, (True, True), 2.5)
    np.testing.assert_allclose(value, 0.0, atol=1e-12)
    np.testing.assert_allclose(gradient, np.broadcast_to(stretch.T, gradient.shape), atol=1e-10)
    displacement = non_affine_displacement(
        x, cell, x @ stretch, cell @ stretch, (True, True), gradient
    )
    np.testing.assert_allclose(displacement, 0.0, atol=1e-12)


@pytest.mark.parametrize("flip", [(0, 0, 0), (-1, 0, 0), (0, -1, 0), (-1, 0, 1), (-2, 1, -1)])
@pytest.mark.parametrize("strain", [0.1, 0.6])
def test_a_flipped_cell_is_the_same_lattice(strain, flip):
    """LAMMPS adds whole lattice vectors to the second and third of a cell that is tilted far, and
    wraps the atoms into it.
    """
    rng = np.random.default_rng(3)
    cell = np.diag([12.0, 13.0, 11.0])
    x = rng.uniform(0, 1, (500, 3)) @ cell
    shear = np.eye(3)
    shear[1, 0] = strain  # y carries x along
    beyond = rng.normal(scale=0.05, size=x.shape)
    steps = np.eye(3)
    steps[np.tril_indices(3, -1)] = flip
    flipped = steps @ cell @ shear
    moved = ((x @ shear + beyond) @ np.linalg.inv(flipped) % 1.0) @ flipped
    value, gradient = d2min(x, cell, moved, flipped, ALL, 2.0)
    np.testing.assert_allclose(
        value, d2min(x, cell, x @ shear + beyond, cell @ shear, ALL, 2.0)[0], atol=1e-10
    )
    displacement = non_affine_displacement(x, cell, moved, flipped, ALL, gradient)
    np.testing.assert_allclose(displacement, beyond - beyond.mean(axis=0), atol=1e-10)


def test_a_side_without_periodicity_is_no_lattice_vector_and_maps_as_its_box_does():
    x = np.random.default_rng(4).uniform(0, 10, (80, 2))
    still = np.broadcast_to(np.eye(2), (80, 2, 2))
    moved = non_affine_displacement(
        x, np.diag([10.0, 10.0]), x * [1.0, 2.5], np.diag([10.0, 25.0]), (True, False), still
    )
    np.testing.assert_allclose(moved, 0.0, atol=1e-12)


def test_without_a_single_neighbour_the_cell_is_taken_as_it_stands():
    x, none = np.array([[1.0, 1.0], [6.0, 6.0]]), np.full((2, 2, 2), np.nan)
    np.testing.assert_array_equal(
        non_affine_displacement(x, np.eye(2) * 10, x, np.eye(2) * 10, (True, True), none), 0.0
    )


def test_an_atom_without_neighbours_has_no_value():
    x = np.array([[1.0, 1.0], [1.5, 1.2], [1.2, 1.6], [6.0, 6.0]])
    value, _ = d2min(x, np.eye(2) * 10, x, np.eye(2) * 10, (True, True), 1.0)
    assert np.isnan(value[3])
    assert np.isfinite(value[:3]).all()


def test_the_gradient_of_a_field_is_the_limit_of_small_displacements(states):
    """D2min of a displacement by u is that of the field u, and F is 1 + J."""
    x, cell, _, _ = states
    u = np.random.default_rng(2).normal(size=x.shape)
    moved, gradient = d2min(x, cell, x + 1e-3 * u, cell, ALL, 3.0)
    residual, rate = local_gradient(x, cell, ALL, u, 3.0)
    np.testing.assert_allclose(residual, moved / 1e-6, rtol=1e-6)
    np.testing.assert_allclose(rate, (gradient - np.eye(3)) / 1e-3, atol=1e-8)


def test_a_linear_field_fits_everywhere_():
    x = np.random.default_rng(5).uniform(0, 4, (30, 2))
    free = (False, False)
    slope = np.array([[0.3, -0.2], [0.5, 0.1]])
    residual, gradient = local_gradient(x, 4 * np.eye(2), free, x @ slope.T, 2.0)
    np.testing.assert_allclose(residual, 0.0, atol=1e-20)
    np.testing.assert_allclose(gradient, np.broadcast_to(slope, gradient.shape), atol=1e-10)


def test_a_field_has_no_gradient_at_an_atom_with_too_few_neighbours():
    x = np.array([[1.0, 1.0], [1.5, 1.2], [1.2, 1.6], [6.0, 6.0], [6.5, 6.0]])
    with pytest.raises(VitreousError, match=r"atom at \[6.0, 6.0\] has 1 neighbours within 1"):
        local_gradient(x, np.eye(2) * 10, (True, True), x, 1.0)


def test_states_of_different_atoms_are_refused():
    with pytest.raises(VitreousError, match="have 3 and 4 atoms"):
        d2min(np.zeros((3, 2)), np.eye(2), np.zeros((4, 2)), np.eye(2), (True, True), 1.0)
