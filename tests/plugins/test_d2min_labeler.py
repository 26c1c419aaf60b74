"""D2min of atoms at a strain, as a label."""

import numpy as np
import pytest

from vitreous.core.data import Events, Loading, Trajectory
from vitreous.core.errors import VitreousError
from vitreous.plugins.labelers.d2min import D2min
from vitreous.plugins.potentials.lennard_jones_2d import LennardJones2D
from vitreous.plugins.simulators.aqs import AQS
from vitreous.testing.systems import binary_mixture

POTENTIAL, LOADING = LennardJones2D(), Loading(mode="simple_shear")
NO_EVENTS = Events(
    strain=[], energy_drop=[], stress_drop=[], atom=[], position=np.zeros((0, 2)), kind=()
)


@pytest.fixture(scope="module")
def glass():
    start = binary_mixture(side=12, spacing=0.99, dimension=2, names=("S", "L"), seed=3)
    return AQS(relax_cell=False).relax(start, POTENTIAL)


def sheared(glass, moves):
    """The glass carried affinely to strains 0.01 and 0.02, where ``moves`` {atom: by} also act."""
    frames, cells, strains = [glass.positions], [glass.cell], np.array([0.0, 0.01, 0.02])
    for strain in strains[1:]:
        gradient = LOADING.deformation_gradient(strain)
        there = glass.positions @ gradient.T
        if strain == strains[-1]:
            for atom, by in moves.items():
                there[atom] += by
        frames.append(there)
        cells.append(glass.cell @ gradient.T)
    return Trajectory(
        initial=glass,
        loading=LOADING,
        strain=strains,
        energy=strains,
        stress=np.zeros((3, 2, 2)),
        residual=strains,
        frame_strain=strains,
        frames=np.stack(frames),
        cells=np.stack(cells),
        events=NO_EVENTS,
    )


def label(labeler, path):
    return labeler.label(path.initial, POTENTIAL, LOADING, path)


def test_an_affine_deformation_has_none(glass):
    found = label(D2min(strain=0.01), sheared(glass, {3: [0.1, 0.0]}))
    assert found.values.max() < 1e-20
    assert (found.level, found.task, found.weak_is, found.unit) == (
        "atom",
        "value",
        "high",
        "sigma^2",
    )


def test_one_atom_moved_by_u_in_a_frame_of_fixed_neighbours_has_the_residual_of_its_own_fit(glass):
    u, atom, cutoff = np.array([0.05, -0.02]), 11, 2.0
    found = label(D2min(strain=0.02, cutoff=cutoff), sheared(glass, {atom: u}))
    away = glass.minimum_image(glass.positions - glass.positions[atom])
    near = away[(np.linalg.norm(away, axis=1) < cutoff) & (np.arange(len(away)) != atom)]
    fit, *_ = np.linalg.lstsq(near, np.broadcast_to(-u, near.shape), rcond=None)
    residual = np.square(near @ fit + u).sum()
    np.testing.assert_allclose(found.values[atom], residual, rtol=1e-9)
    assert found.values.argmax() == atom


def test_several_strains_come_from_one_deformation(glass):
    simulator = AQS(strain_step=1e-4, strain_max=0.01, max_events=100, relax_cell=False)
    path = simulator.deform(glass, POTENTIAL, LOADING, strains=(0.002, 0.01))
    early, late = (label(D2min(strain=strain), path).values for strain in (0.002, 0.01))
    alone = simulator.deform(glass, POTENTIAL, LOADING, strains=(0.01,))
    assert early.mean() < late.mean()
    np.testing.assert_allclose(label(D2min(strain=0.01), alone).values, late, rtol=1e-3, atol=1e-8)


def test_a_strain_that_the_deformation_did_not_reach_is_refused(glass):
    with pytest.raises(VitreousError, match=r"ended at strain 0.02, before 0.03"):
        label(D2min(strain=0.03), sheared(glass, {}))


def test_too_few_neighbours_are_named(glass):
    with pytest.raises(VitreousError, match=r"too few neighbours within 0.3 .* labeler.cutoff"):
        label(D2min(strain=0.01, cutoff=0.3), sheared(glass, {}))


def test_a_missing_deformation_is_refused(glass):
    with pytest.raises(VitreousError, match="deform the glass first"):
        D2min().label(glass, POTENTIAL, LOADING, None)


@pytest.mark.parametrize("fields", [{"strain": 0.0}, {"cutoff": -1.0}, {"strain": float("nan")}])
def test_fields_out_of_range_are_refused(fields):
    with pytest.raises(VitreousError, match="expected a positive strain, and a positive length"):
        D2min(**fields)
