"""The softest modes, vibrations and elastic constants of a glass, against dense algebra and against
what a deformation measures.
"""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vitreous.core.data import Loading
from vitreous.core.errors import VitreousError
from vitreous.mechanics.elasticity import VOIGT, elastic_constants
from vitreous.mechanics.linear import Preconditioner
from vitreous.mechanics.modes import (
    SoftestMode,
    flexibility_volume,
    lowest_modes,
    mean_square_vibration,
    participation_ratio,
    vibrational_modes,
)
from vitreous.plugins.potentials.yukawa_silica import YukawaSilica
from vitreous.plugins.simulators.aqs import AQS
from vitreous.testing.systems import LennardJones, binary_mixture, silica_glass

CASES = {
    "planar silica": (silica_glass, YukawaSilica()),
    "a mixture in space": (
        lambda: AQS(relax_cell=False).relax(binary_mixture(), LennardJones()),
        LennardJones(),
    ),
}


@pytest.fixture(scope="module", params=CASES)
def case(request):
    glass, potential = CASES[request.param][0](), CASES[request.param][1]
    return glass, potential, potential.surface(glass)


def spectrum(surface, glass, masses=None):
    root = np.repeat(np.sqrt(np.ones(len(glass)) if masses is None else masses), glass.dimension)
    return np.linalg.eigvalsh(
        surface.hessian(glass.positions, glass.cell).toarray() / np.outer(root, root)
    )


def test_the_lowest_modes_are_those_of_the_dense_matrix(case):
    glass, _, surface = case
    found = vibrational_modes(surface, glass.positions, glass.cell, count=5)
    np.testing.assert_allclose(
        found.values, spectrum(surface, glass)[glass.dimension :][:5], rtol=1e-4
    )
    np.testing.assert_allclose(
        np.einsum("kid,lid->kl", found.vectors, found.vectors), np.eye(5), atol=1e-8
    )
    np.testing.assert_allclose(found.vectors.sum(axis=1), 0.0, atol=1e-8)


def test_masses_weigh_the_modes(case):
    glass, _, surface = case
    masses = np.where(glass.species == 0, 28.0855, 15.9994)
    dense = spectrum(surface, glass, masses)[glass.dimension :]
    np.testing.assert_allclose(
        vibrational_modes(surface, glass.positions, glass.cell, masses, 4).values,
        dense[:4],
        rtol=1e-4,
    )
    np.testing.assert_allclose(
        vibrational_modes(surface, glass.positions, glass.cell, masses).values, dense, rtol=1e-9
    )


def test_a_warm_start_gives_the_same_eigenvalue(case):
    glass, potential, surface = case
    run = AQS(strain_max=0.02, frame_every=0.004, relax_cell=False).deform(
        glass, potential, Loading(dimension=glass.dimension)
    )
    softest = SoftestMode(surface, Preconditioner(surface.bond_range))
    for positions, cell in zip(run.frames, run.cells, strict=True):
        dense = np.linalg.eigvalsh(surface.hessian(positions, cell).toarray())[glass.dimension]
        assert softest.at(positions, cell) == pytest.approx(dense, rel=1e-3)


def test_each_state_carries_its_lowest_eigenvalue_which_falls_to_zero_at_an_instability():
    glass = silica_glass()
    run = AQS(strain_step=1e-6, max_events=1, stride=500, frame_every=1e-6).deform(
        glass, YukawaSilica(), Loading()
    )
    before = int(np.searchsorted(run.strain, run.events.strain[0])) - 1
    surface = YukawaSilica().surface(glass)
    dense = np.linalg.eigvalsh(surface.hessian(run.frames[before], run.cells[before]).toarray())[2]
    assert run.frame_strain[before] == run.strain[before]
    assert run.lowest_eigenvalue[before] == pytest.approx(dense, rel=1e-3)
    assert 0.0 < run.lowest_eigenvalue[before] < 0.25 * run.lowest_eigenvalue[0]
    assert np.all(run.lowest_eigenvalue > 0.0)


def test_participation_runs_from_one_atom_to_all():
    one, every = np.zeros((10, 2)), np.ones((10, 2)) / np.sqrt(20)
    one[3, 1] = 1.0
    np.testing.assert_allclose(participation_ratio(np.stack([one, every])), [0.1, 1.0])


@settings(max_examples=5)
@given(mass=st.floats(1.0, 50.0))
def test_vibrations_are_the_inverse_hessian_whatever_the_masses(mass):
    glass = AQS(relax_cell=False).relax(binary_mixture(side=6, dimension=2), LennardJones())
    surface = LennardJones().surface(glass)
    masses = np.where(glass.species == 0, mass, 1.0)
    found = mean_square_vibration(
        vibrational_modes(surface, glass.positions, glass.cell, masses), masses, 0.01
    )
    hessian = surface.hessian(glass.positions, glass.cell).toarray()
    rigid = (
        np.tile(np.eye(2), (len(glass), 1))
        * np.repeat(np.sqrt(masses), 2)[:, None]
        / np.sqrt(masses.sum())
    )
    root = np.repeat(np.sqrt(masses), 2)
    inverse = (
        np.linalg.inv(hessian / np.outer(root, root) + 1e3 * rigid @ rigid.T)
        - 1e-3 * rigid @ rigid.T
    )
    np.testing.assert_allclose(
        found, 0.01 * (np.diag(inverse) / root**2).reshape(-1, 2).sum(axis=1), rtol=1e-6
    )


def test_the_flexibility_volume_is_the_vibration_times_the_spacing():
    np.testing.assert_allclose(flexibility_volume(np.array([0.02]), np.array([8.0]), 3), [0.04])
    np.testing.assert_allclose(flexibility_volume(np.array([0.02]), np.array([9.0]), 2), [0.06])


def test_elastic_constants_are_the_slopes_of_relaxed_stress(case):
    glass, potential, surface = case
    d, h = glass.dimension, 1e-5
    constants = elastic_constants(surface, glass.positions, glass.cell)
    quiet = AQS(relax_cell=False, force_tolerance=1e-10)
    for column, (a, b) in enumerate(VOIGT[d]):
        gradient = np.zeros((d, d))
        gradient[a, b] += 0.5
        gradient[b, a] += 0.5
        slope = 0.0
        for sign in (1, -1):
            f = (np.eye(d) + sign * h * gradient).T
            strained = quiet.relax(
                glass.with_(positions=glass.positions @ f, cell=glass.cell @ f), potential
            )
            slope = slope + sign * surface.stress(strained.positions, strained.cell) / (2 * h)
        np.testing.assert_allclose(
            constants.total[:, column],
            [slope[i, j] for i, j in VOIGT[d]],
            rtol=2e-4,
            atol=2e-4 * np.abs(constants.total).max(),
        )
    assert np.all(np.diag(constants.non_affine) < 0.0)


def test_an_unstable_state_has_no_elastic_constants_and_no_vibrations():
    crowd = binary_mixture(side=6, dimension=2)
    surface = LennardJones().surface(crowd)
    away = crowd.positions + 0.15 * np.random.default_rng(0).standard_normal(crowd.positions.shape)
    with pytest.raises(VitreousError, match="not at a minimum"):
        elastic_constants(surface, away, crowd.cell)
    with pytest.raises(VitreousError, match="not at a minimum"):
        mean_square_vibration(
            vibrational_modes(surface, away, crowd.cell), np.ones(len(crowd)), 0.01
        )


def test_more_modes_than_there_are_is_refused():
    crowd = binary_mixture(side=4, dimension=2)
    surface = LennardJones().surface(crowd)
    with pytest.raises(VitreousError, match="16 atoms in 2 dimensions have 30"):
        lowest_modes(
            surface.linearise(crowd.positions, crowd.cell),
            Preconditioner(surface.bond_range),
            (16, 2),
            31,
        )
    with pytest.raises(VitreousError, match="16 positive numbers"):
        vibrational_modes(surface, crowd.positions, crowd.cell, np.ones(3))
