"""The disc's kernels against difference quotients, a search over all pairs, and the whole glass's
forces.
"""

import numpy as np
import pytest

from vitreous.core.data import Configuration, Loading
from vitreous.mechanics.probing.disc import forces_and_stress, keep_pairs, rates, stiffness
from vitreous.plugins.labelers.local_probing import LocalProbing
from vitreous.plugins.potentials.lennard_jones_2d import LennardJones2D
from vitreous.plugins.potentials.yukawa_silica import YukawaSilica
from vitreous.testing.systems import silica_glass

STEP = 1e-6
GRADIENT = np.array([[0.3, -0.2], [0.5, -0.4]])


def lennard_jones():
    """A shaken square lattice near the density of the glass; its disc is far from rest, as kernels
    may be asked to be.
    """
    places = (
        np.stack(np.meshgrid(np.arange(18), np.arange(18), indexing="ij"), axis=-1).reshape(-1, 2)
        + 0.5
    )
    places = places + 0.05 * np.random.default_rng(4).normal(size=places.shape)
    species = (np.arange(len(places)) * 7 % 5 < 2).astype(int)
    return Configuration(
        positions=places,
        species=species,
        names=("S", "L"),
        cell=18.0 * np.eye(2),
        periodic=(True, True),
        units="lj",
    )


@pytest.fixture(params=["yukawa", "lennard-jones"])
def probe(request):
    """The disc in the middle of a glass, its pairs listed, and positions of it off
    their minimum.
    """
    silica = request.param == "yukawa"
    glass, model = (
        (silica_glass(), YukawaSilica()) if silica else (lennard_jones(), LennardJones2D())
    )
    labeler = (
        LocalProbing(free_radius=6.0, frozen_ring=10.0)
        if silica
        else LocalProbing(free_radius=4.0, frozen_ring=3.0)
    )
    made = labeler.probe(
        glass,
        model,
        model.surface(glass),
        Loading(mode="simple_shear"),
        0.5 * glass.cell.sum(axis=0),
    )
    x = made.start.copy()
    x[: made.free] += 0.01 * np.random.default_rng(1).normal(size=(made.free, 2))
    keep_pairs(x, made.disc, np.eye(2), np.eye(2), 0.5)
    return made, x


def forces_at(made, x):
    forces = np.empty((made.free, 2))
    largest, stress = forces_and_stress(x, made.disc, forces)
    assert largest == np.abs(forces).max()
    return forces.ravel(), stress


def test_stiffness_and_affine_force_are_the_rates_of_the_forces(probe):
    made, x = probe
    n = 2 * made.free
    forces, h, affine = np.empty((made.free, 2)), np.empty((n, n)), np.empty(n)
    stress = stiffness(x, made.disc, GRADIENT, forces, h, affine)[1]
    at_rest, tau = forces_at(made, x)
    np.testing.assert_allclose(forces.ravel(), at_rest, atol=1e-12)
    assert stress == pytest.approx(tau, abs=1e-12)
    whole = np.tril(h) + np.tril(h, -1).T
    scale = np.abs(whole).max()
    for k in range(0, n, 7):
        ahead, behind = x.copy(), x.copy()
        ahead.reshape(-1)[k] += STEP
        behind.reshape(-1)[k] -= STEP
        column = -(forces_at(made, ahead)[0] - forces_at(made, behind)[0]) / (2 * STEP)
        np.testing.assert_allclose(whole[k], column, atol=1e-6 * scale)
    ahead, behind = (forces_at(made, x + s * STEP * x @ GRADIENT.T)[0] for s in (1, -1))
    np.testing.assert_allclose(
        affine, (ahead - behind) / (2 * STEP), atol=1e-6 * scale * np.abs(x).max()
    )


def test_rates_are_those_along_the_tangent(probe):
    made, x = probe
    tangent, out = np.random.default_rng(2).normal(size=2 * made.free), np.empty(2 * made.free)
    slope = rates(x, made.disc, GRADIENT, tangent, out)
    velocity = x @ GRADIENT.T
    velocity[: made.free] += tangent.reshape(-1, 2)
    (ahead, up), (behind, down) = (forces_at(made, x + s * STEP * velocity) for s in (1, -1))
    scale = np.abs(out).max()
    np.testing.assert_allclose(out, (ahead - behind) / (2 * STEP), atol=1e-6 * scale)
    assert slope == pytest.approx((up - down) / (2 * STEP), rel=1e-5)


def test_pairs_are_listed_as_long_as_any_of_them_could_come_within_the_cutoff(probe):
    made, x = probe
    rng = np.random.default_rng(3)
    for _ in range(40):
        f = np.eye(2) + 0.15 * rng.normal(size=(2, 2))
        moved = x @ f.T
        moved[: made.free] += 0.3 * rng.normal(size=(made.free, 2))
        keep_pairs(moved, made.disc, f, np.linalg.inv(f), 0.0)
        start, other = made.disc.start, made.disc.other
        listed = {(a, int(b)) for a in range(made.free) for b in other[start[a] : start[a + 1]]}
        apart = np.linalg.norm(moved[: made.free, None] - moved[None], axis=2)
        assert listed >= {(a, b) for a, b in np.argwhere(apart < made.disc.cutoff) if b > a}


def test_a_minimum_moves_as_its_tangent_says():
    """Newton's minima on both sides of a strain; the probe's own loading, at a finite strain."""
    glass, model = silica_glass(), YukawaSilica()
    labeler = LocalProbing(free_radius=6.0, frozen_ring=10.0)
    made = labeler.probe(
        glass, model, model.surface(glass), Loading(), 0.5 * glass.cell.sum(axis=0)
    )
    start = made.reach(0.0, made.start, 1.0)
    here, step = made.reach(0.01, start.y, 1.0), 1e-5
    ahead, behind = (made.reach(0.01 + s * step, here.y, 1.0) for s in (1, -1))
    free = made.free
    moved = (ahead.y[:free] - behind.y[:free]) / (2 * step)
    np.testing.assert_allclose(here.tangent, moved, atol=5e-3 * np.abs(moved).max())
    assert here.slope == pytest.approx((ahead.tau - behind.tau) / (2 * step), rel=5e-3)
