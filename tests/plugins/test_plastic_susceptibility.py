"""The atoms of highest D2min at a strain, as a class."""

import numpy as np
import pytest

from vitreous.core.data import Loading
from vitreous.core.errors import VitreousError
from vitreous.plugins.labelers.d2min import D2min
from vitreous.plugins.labelers.plastic_susceptibility import PlasticSusceptibility
from vitreous.plugins.potentials.lennard_jones_2d import LennardJones2D
from vitreous.plugins.simulators.aqs import AQS
from vitreous.testing.systems import binary_mixture

POTENTIAL, LOADING = LennardJones2D(), Loading(mode="simple_shear")


def deformed(loading):
    start = binary_mixture(side=10, spacing=0.99, dimension=2, names=("S", "L"), seed=3)
    simulator = AQS(strain_step=1e-4, strain_max=0.01, max_events=100, relax_cell=False)
    glass = simulator.relax(start, POTENTIAL)
    return simulator.deform(glass, POTENTIAL, loading, strains=(0.01,))


@pytest.fixture(scope="module")
def path():
    return deformed(LOADING)


def label(labeler, path):
    return labeler.label(path.initial, POTENTIAL, LOADING, path)


@pytest.mark.parametrize(("fraction", "count"), [(1e-9, 1), (0.05, 5), (0.999, 100)])
def test_the_fertile_atoms_are_those_of_the_highest_d2min(path, fraction, count):
    found = label(PlasticSusceptibility(strain=0.01, fraction=fraction), path)
    values = label(D2min(strain=0.01), path).values
    assert set(np.flatnonzero(found.values)) == set(np.argsort(-values)[:count])
    assert found.classes == ("stable", "fertile")
    np.testing.assert_array_equal(found.columns["d2min"], values)


def test_other_atoms_are_fertile_along_another_loading(path):
    labeler = PlasticSusceptibility(strain=0.01, fraction=0.1)
    across = deformed(Loading(mode="pure_shear"))
    along, turned = (set(np.flatnonzero(label(labeler, each).values)) for each in (path, across))
    assert along != turned


def test_a_strain_that_the_deformation_did_not_reach_is_refused(path):
    with pytest.raises(VitreousError, match=r"ended at strain 0.01, before 0.03"):
        label(PlasticSusceptibility(strain=0.03), path)


@pytest.mark.parametrize("fields", [{"fraction": 1.0}, {"fraction": 0.0}, {"strain": -1.0}])
def test_fields_out_of_range_are_refused(fields):
    with pytest.raises(VitreousError, match="expected"):
        PlasticSusceptibility(**fields)
