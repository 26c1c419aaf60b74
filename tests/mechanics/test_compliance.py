"""The inverse Hessian against dense algebra of NumPy, in two and three dimensions."""

from functools import cache

import numpy as np
import pytest

from vitreous.core.errors import NotConverged, VitreousError
from vitreous.mechanics import compliance
from vitreous.mechanics.compliance import Compliance
from vitreous.plugins.simulators.aqs import AQS
from vitreous.testing.systems import LennardJones, binary_mixture

SIDE = {2: 7, 3: 4}


@cache
def hessian(d):
    glass = AQS(relax_cell=False).relax(binary_mixture(SIDE[d], dimension=d), LennardJones())
    return LennardJones().surface(glass).hessian(glass.positions, glass.cell)


@pytest.mark.parametrize("d", [2, 3])
def test_it_is_the_pseudo_inverse(d):
    dense = np.linalg.pinv(hessian(d).toarray(), rcond=1e-10)
    found = Compliance(hessian(d), d)
    np.testing.assert_allclose(found.diagonal().ravel(), np.diag(dense), rtol=1e-9)
    force = np.random.default_rng(0).normal(size=len(dense))
    np.testing.assert_allclose(found.multiply(force), dense @ force, atol=1e-9)


@pytest.mark.parametrize("d", [2, 3])
def test_the_softest_modes_are_the_lowest_of_the_dense_matrix(d):
    values, vectors = np.linalg.eigh(hessian(d).toarray())
    found = Compliance(hessian(d), d).softest(5)
    np.testing.assert_allclose(found.values, values[d : d + 5], rtol=1e-9)
    overlap = np.abs(found.vectors.reshape(5, -1) @ vectors[:, d : d + 5])
    np.testing.assert_allclose(overlap, np.eye(5), atol=1e-6)


@pytest.mark.parametrize("d", [2, 3])
def test_with_masses_it_is_that_of_mass_weighted_coordinates(d):
    masses = np.where(np.arange(len(hessian(d).toarray()) // d) % 3, 64.0, 91.0)
    root = np.repeat(np.sqrt(masses), d)
    weighted = hessian(d).toarray() / np.outer(root, root)
    found = Compliance(hessian(d), d, masses)
    dense = np.linalg.pinv(weighted, rcond=1e-10)
    np.testing.assert_allclose(found.diagonal().ravel(), np.diag(dense), rtol=1e-8)
    values, vectors = np.linalg.eigh(weighted)
    modes = found.softest(5)
    np.testing.assert_allclose(modes.values, values[d : d + 5], rtol=1e-9)
    overlap = np.abs(modes.vectors.reshape(5, -1) @ vectors[:, d : d + 5])
    np.testing.assert_allclose(overlap, np.eye(5), atol=1e-6)


@pytest.mark.parametrize("d", [2, 3])
def test_a_glass_without_stiffness_in_some_direction_is_refused(d):
    """A saddle; and an atom that nothing touches."""
    saddle = -hessian(d)
    loose = hessian(d).tolil()
    loose[:d], loose[:, :d] = 0.0, 0.0
    for wrong in (saddle, loose.tocsc()):
        with pytest.raises(NotConverged, match="at no minimum of the potential, or holds an atom"):
            Compliance(wrong, d)


def test_more_modes_than_there_are_and_too_large_a_glass_are_refused(monkeypatch):
    with pytest.raises(VitreousError, match="97 modes requested; 49 atoms in 2 dimensions have 96"):
        Compliance(hessian(2), 2).softest(97)
    monkeypatch.setattr(compliance, "_MOST_DENSE", 100)
    with pytest.raises(VitreousError, match="at most 100; use a smaller glass"):
        Compliance(hessian(3), 3)
