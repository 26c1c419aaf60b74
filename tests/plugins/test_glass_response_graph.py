"""The graph of the whole glass with its linear response on nodes and edges."""

import numpy as np
import pytest

from vitreous.core.data import Loading
from vitreous.core.errors import VitreousError
from vitreous.plugins.descriptors.glass_response_graph import GlassResponseGraph
from vitreous.plugins.descriptors.mechanical import Mechanical
from vitreous.plugins.potentials.lennard_jones_2d import LennardJones2D
from vitreous.plugins.simulators.aqs import AQS
from vitreous.testing.systems import binary_mixture

LJ = LennardJones2D()
GRAPH = GlassResponseGraph()


@pytest.fixture(scope="module")
def glass():
    made = binary_mixture(side=9, dimension=2, seed=3, names=("S", "L"))
    return AQS(relax_cell=False, force_tolerance=1e-10).relax(made, LJ)


@pytest.mark.parametrize("angle", [0.0, 25.0])
def test_the_response_is_how_the_glass_at_rest_moves_under_a_small_strain(glass, angle):
    """Finite differences: minimised states at strains of +- 1e-6."""
    loading = Loading(mode="simple_shear", angle=angle)
    found = GRAPH.describe(glass, loading, glass.positions, "atom", LJ)
    step, ends = 1e-6, []
    for strain in (step, -step):
        gradient = loading.deformation_gradient(strain)
        moved = glass.with_(positions=glass.positions @ gradient.T, cell=glass.cell @ gradient.T)
        rest = AQS(relax_cell=False, force_tolerance=1e-12).relax(moved, LJ)
        ends.append(rest.positions - moved.positions)
    u = (ends[0] - ends[1]) / (2 * step)
    u = (u - u.mean(axis=0)) @ loading.shear_axes.T
    columns = [found.names.index(name) for name in ("u_x", "u_y")]
    ours = found.values[:, columns]
    np.testing.assert_allclose(ours - ours.mean(axis=0), u, atol=2e-4 * np.abs(u).max())
    source, target = found.edges
    np.testing.assert_allclose(found.edge_values[:, 2:], ours[target] - ours[source])
    assert found.edge_names == ("x", "y", "du_x", "du_y")


def test_energies_of_atoms_add_up_to_that_of_the_glass(glass):
    found = GRAPH.describe(glass, Loading(), glass.positions, "atom", LJ)
    total, _ = LJ.surface(glass).energy_forces(glass.positions, glass.cell)
    assert found.values[:, found.names.index("energy")].sum() == pytest.approx(total)


def test_it_needs_a_potential(glass):
    with pytest.raises(VitreousError, match="needs the potential"):
        GRAPH.describe(glass, Loading(), glass.positions, "atom")


def test_growth_and_acceleration_are_those_of_the_atoms(glass):
    """As ``mechanical`` has them."""
    loading = Loading(mode="simple_shear", angle=25.0)
    found = GRAPH.describe(glass, loading, glass.positions, "atom", LJ)
    names = ("nonaffine_growth", "nonaffine_acceleration")
    wanted = Mechanical(columns=names, logarithm=True).describe(
        glass, loading, glass.positions, "atom", LJ
    )
    for name, column in zip(("growth", "acceleration"), wanted.values.T, strict=True):
        np.testing.assert_allclose(found.values[:, found.names.index(name)], column, atol=1e-5)


def test_a_width_that_is_none_is_refused():
    with pytest.raises(VitreousError, match="smooth is 0; expected a positive length"):
        GlassResponseGraph(smooth=0.0)
