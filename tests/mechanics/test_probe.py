"""Continuation through a probe gives the threshold of the fixed-step protocol."""

import numpy as np
import pytest

from vitreous.core.data import Loading
from vitreous.core.errors import VitreousError
from vitreous.mechanics.cholesky import back_substitute, factorise
from vitreous.plugins.labelers.local_probing import LocalProbing
from vitreous.plugins.potentials.yukawa_silica import YukawaSilica
from vitreous.plugins.simulators.aqs import AQS
from vitreous.testing.systems import silica_honeycomb as crystal

POTENTIAL = YukawaSilica()


@pytest.mark.parametrize("n", [1, 2, 7, 40, 161])
def test_dense_cholesky_solves(n):
    rng = np.random.default_rng(n)
    a = rng.normal(size=(n, n))
    a = a @ a.T + n * np.eye(n)
    b = rng.normal(size=n)
    factor, x = a.copy(), b.copy()
    assert factorise(factor)
    back_substitute(factor, x)
    np.testing.assert_allclose(a @ x, b, atol=1e-9)


def test_dense_cholesky_refuses_indefinite_matrices():
    assert not factorise(np.diag([1.0, 2.0, -1e-9, 3.0]))


@pytest.fixture(scope="module")
def glass():
    return AQS().relax(crystal(shake=0.1, seed=5), POTENTIAL)


@pytest.fixture(scope="module")
def published(reference):
    from vitreous.plugins.generators.file import File

    found = File(path=str(reference / "jumol" / "8x8_sample_0.lammpstrj.gz")).generate(0, np.random.default_rng(0))
    return AQS(relax_cell=False).relax(found, POTENTIAL)


def test_long_strides_find_the_thresholds_of_single_steps(published):
    quick = LocalProbing(grid=4, strain_step=1e-3, stride=20).label(published, POTENTIAL, Loading(), None)
    slow = LocalProbing(grid=4, strain_step=1e-3, stride=1).label(published, POTENTIAL, Loading(), None)
    close = np.abs(quick.values / slow.values - 1.0) < 0.01
    assert close.sum() >= 15  # of 16; one disc may sit at a fork
    assert quick.mask.all()
    assert quick.values.min() > 0.0


def test_equivalent_sites_of_a_crystal_have_equal_thresholds():
    perfect = AQS().relax(crystal(columns=10, rows=6), POTENTIAL)
    labels = LocalProbing(grid=2, strain_step=1e-3).label(perfect, POTENTIAL, Loading(), None)
    np.testing.assert_allclose(labels.values, labels.values[0], rtol=1e-6)


def test_labels_do_not_depend_on_the_order_of_atoms_or_on_workers(published):
    labeler = LocalProbing(grid=3, strain_step=1e-3)
    order = np.random.default_rng(0).permutation(len(published))
    shuffled = published.with_(positions=published.positions[order], species=published.species[order], bonds=np.zeros((0, 2), int))
    a, b = labeler.label(published, POTENTIAL, Loading(), None), labeler.label(shuffled, POTENTIAL, Loading(), None)
    np.testing.assert_allclose(a.values, b.values, rtol=1e-6)
    c = LocalProbing(grid=3, strain_step=1e-3, workers=2).label(published, POTENTIAL, Loading(), None)
    np.testing.assert_array_equal(a.values, c.values)


class Foreign(YukawaSilica):
    """The same model behind a surface that the labeler does not know to be a table."""

    def surface(self, configuration):
        inner = super().surface(configuration)

        class Surface:
            bond_range, force_range, species = inner.bond_range, inner.force_range, inner.species
            energy_forces_virial = staticmethod(inner.energy_forces_virial)
            atom_energies = staticmethod(inner.atom_energies)
            linearise = staticmethod(inner.linearise)

        return Surface()


def test_any_model_can_be_probed_through_its_energy_surface(published):
    labeler = LocalProbing(grid=2, strain_step=1e-3)
    known = labeler.label(published, POTENTIAL, Loading(angle=20.0), None)
    foreign = labeler.label(published, Foreign(), Loading(angle=20.0), None)
    np.testing.assert_allclose(foreign.columns["tau_initial"], known.columns["tau_initial"], atol=1e-8)
    np.testing.assert_allclose(foreign.values, known.values, rtol=1e-4)


def test_a_glass_smaller_than_the_probe_is_refused():
    small = crystal(columns=4, rows=3)
    with pytest.raises(VitreousError, match="but a probe of radius 11 and ring 10 needs 42"):
        LocalProbing().label(small, POTENTIAL, Loading(), None)


def test_a_ring_thinner_than_the_cutoff_is_refused(glass):
    with pytest.raises(VitreousError, match=r"labeler.frozen_ring is 5, thinner than the reach of the potential's forces, 10"):
        LocalProbing(frozen_ring=5.0).label(glass, POTENTIAL, Loading(), None)
