"""Several directions, the weakest projection counts."""

import numpy as np
import pytest

from vitreous.core.data import Loading
from vitreous.core.errors import VitreousError
from vitreous.plugins.labelers.local_probing import LocalProbing
from vitreous.plugins.labelers.local_yield_stress import LocalYieldStress
from vitreous.plugins.potentials.yukawa_silica import YukawaSilica
from vitreous.plugins.simulators.aqs import AQS
from vitreous.testing.systems import silica_honeycomb

POTENTIAL, ANGLES = YukawaSilica(), np.array([-30.0, 0.0, 30.0])


@pytest.fixture(scope="module")
def glass():
    return AQS().relax(silica_honeycomb(columns=10, rows=6, shake=0.1, seed=5), POTENTIAL)


def test_it_is_the_least_threshold_projected_on_the_loading(glass):
    one = LocalProbing(grid=2, strain_step=1e-3)
    alone = [one.label(glass, POTENTIAL, Loading(angle=a), None).values for a in ANGLES]
    several = LocalYieldStress(grid=2, strain_step=1e-3, angle_step=30.0).label(
        glass, POTENTIAL, Loading(), None
    )
    projected = np.array(alone) / np.cos(np.deg2rad(2.0 * ANGLES))[:, None]
    np.testing.assert_allclose(several.values, projected.min(axis=0))
    np.testing.assert_array_equal(several.columns["angle"], ANGLES[projected.argmin(axis=0)])


@pytest.mark.parametrize(("step", "count"), [(10.0, 9), (15.0, 5), (40.0, 3)])
def test_directions_lie_within_45_degrees_of_the_loading(step, count):
    offsets = [off for _, off in LocalYieldStress(angle_step=step).directions(Loading(angle=20.0))]
    assert len(offsets) == count
    assert offsets[0] == 0.0
    assert max(map(abs, offsets)) < 45.0


def test_uniaxial_strain_has_no_projection(glass):
    with pytest.raises(
        VitreousError, match="local_yield_stress projects shear, but the loading is uniaxial"
    ):
        LocalYieldStress(grid=2).label(glass, POTENTIAL, Loading(mode="uniaxial"), None)


def test_a_step_of_45_degrees_is_refused():
    with pytest.raises(
        VitreousError,
        match=r"labeler.angle_step is 45.0; expected an angle between 0 and 45 degrees",
    ):
        LocalYieldStress(angle_step=45.0)
