"""LAMMPS behind the simulator interface: the same states as the native engine, step by step."""

from pathlib import Path

import numpy as np
import pytest

from vitreous.core.data import Loading
from vitreous.core.errors import NetworkChanged, NotConverged, VitreousError
from vitreous.core.network import refuse_changed
from vitreous.direct import read_glass
from vitreous.io.lammps import LammpsEngine, reason
from vitreous.plugins.potentials.eam import EXAMPLE, Eam
from vitreous.plugins.potentials.lennard_jones_2d import LennardJones2D
from vitreous.plugins.potentials.yukawa_silica import YukawaSilica
from vitreous.plugins.simulators.aqs import AQS
from vitreous.plugins.simulators.lammps_aqs import LammpsAQS
from vitreous.testing.systems import LennardJones, binary_mixture, silica_glass, silica_honeycomb

pytest.importorskip("lammps")
pytestmark = pytest.mark.lammps
POTENTIAL = YukawaSilica()


@pytest.fixture(scope="module")
def glass():
    return AQS(relax_cell=False).relax(silica_honeycomb(shake=0.1, seed=2), POTENTIAL)


@pytest.mark.parametrize(
    "loading", [Loading(), Loading(mode="uniaxial", angle=25.0), Loading(mode="simple_shear")]
)
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
            linearise = staticmethod(inner.linearise)

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


@pytest.mark.parametrize("style", ["lj/cut 2.5", "lj/smooth 2.0 2.5"])
def test_a_style_whose_forces_jump_at_the_cutoff_is_named(style, recwarn):
    """The force of lj/cut between two L at 2.5 is 12 (x^6 - 2 x^12) / 2.5 with x = 1.1756 / 2.5."""
    potential = LennardJones2D()
    glass = read_glass(Path(__file__).parents[1] / "lennard_jones_glass.extxyz", potential)
    _, *others = potential.lammps_commands(glass)
    commands = (f"pair_style {style}", *others)
    engine = LammpsAQS(pair_commands=commands, strain_step=1e-4, strain_max=1e-4, min_style="cg")
    engine.deform(engine.relax(glass, potential), potential, Loading())
    told = [str(w.message) for w in recwarn if "forces of this model jump" in str(w.message)]
    if style.startswith("lj/smooth"):
        assert not told
        return
    six = (2 * np.sin(np.pi / 5) / 2.5) ** 6
    slope = 12 * (six - 2 * six**2) / 2.5
    jump = float(told[0].split("jump by ")[1].split()[0])
    assert 0.95 * slope / np.sqrt(2) < jump < 1.05 * slope  # a component of a vector
    assert "lj/smooth instead of lj/cut" in told[0]


def test_the_first_broken_bond_is_that_of_the_native_engine_and_ends_the_run():
    rule = {"break_near": 1.8, "break_far": 2.2, "break_drop": 0.02, "stop_at_break": True}
    loading, steps = Loading(mode="uniaxial"), {"strain_step": 2e-3, "strain_max": 0.06}
    theirs = LammpsAQS(**steps, **rule).deform(silica_glass(), POTENTIAL, loading)
    ours = AQS(**steps, **rule, relax_cell=False, eigenvalues=False).deform(
        silica_glass(), POTENTIAL, loading
    )
    assert theirs.events.kind == ours.events.kind == ("bond_break",)
    np.testing.assert_allclose(theirs.events.strain, ours.events.strain)
    np.testing.assert_array_equal(theirs.events.atom, ours.events.atom)
    np.testing.assert_allclose(theirs.events.energy_drop, ours.events.energy_drop, rtol=1e-3)
    assert theirs.strain[-1] == theirs.events.strain[0] < 0.06


def test_stopping_at_a_break_needs_to_know_what_a_break_is():
    with pytest.raises(VitreousError, match="needs simulator"):
        LammpsAQS(stop_at_break=True)


@pytest.mark.parametrize(
    ("field", "value"),
    [("force_tolerance", np.inf), ("accepted_force", np.nan), ("frame_every", -1.0)],
)
def test_a_field_that_is_no_usable_number_is_refused(field, value):
    with pytest.raises(VitreousError, match=f"simulator.{field} is"):
        LammpsAQS(**{field: value})


def test_frames_are_saved_as_often_as_asked_for(glass):
    run = LammpsAQS(strain_step=2e-3, strain_max=0.01, frame_every=4e-3).deform(
        glass, POTENTIAL, Loading()
    )
    np.testing.assert_allclose(run.frame_strain, [0.0, 0.002, 0.006, 0.01])


def test_lammps_shares_energies_out_among_atoms_as_we_do():
    mixture, model = binary_mixture(side=12, dimension=2).with_(names=("S", "L")), LennardJones2D()
    smooth = (
        "pair_style lj/smooth 2.0 2.5",
        "pair_coeff 1 1 0.5 0.618033988749895",
        "pair_coeff 1 2 1.0 1.0",
        "pair_coeff 2 2 0.5 1.175570504584946",
        "pair_modify shift yes",
    )
    surface = model.surface(mixture)
    expected = surface.atom_energies(mixture.positions, mixture.cell)
    with LammpsEngine(mixture, smooth) as engine:
        for _ in range(2):
            np.testing.assert_allclose(
                engine.atom_energies(mixture.positions, mixture.cell), expected, atol=1e-10
            )
            assert engine.evaluate(mixture.positions, mixture.cell)[0] == pytest.approx(
                expected.sum(), rel=1e-10
            )
    with (
        LammpsEngine(mixture, (), surface.energy_forces_virial) as engine,
        pytest.raises(VitreousError, match="no energies per atom of a model that it calls back"),
    ):
        engine.atom_energies(mixture.positions, mixture.cell)


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


def _engine_and_surface_agree(glass, potential, energy, force):
    """LAMMPS under the potential's own commands, against its energy surface, relative to the
    largest number.
    """
    surface = potential.surface(glass)
    e, f, virial = surface.energy_forces_virial(glass.positions, glass.cell)
    with LammpsEngine(
        glass, potential.lammps_commands(glass), surface.energy_forces_virial
    ) as engine:
        theirs = engine.evaluate(glass.positions, glass.cell)
    assert theirs[0] == pytest.approx(e, rel=energy)
    np.testing.assert_allclose(theirs[1], f, atol=force * np.abs(f).max())
    np.testing.assert_allclose(theirs[2], virial, atol=force * np.abs(virial).max())


def _turned(glass, degrees=(40.0, 25.0)):
    """The same glass with its cell no longer lower triangular."""
    turn = Loading(angle=degrees[0], dimension=glass.dimension).frame
    if glass.dimension == 3:
        turn = turn @ Loading(angle=degrees[1], plane="yz", dimension=3).frame
    return glass.with_(positions=glass.positions @ turn, cell=glass.cell @ turn)


@pytest.mark.parametrize("names", [("S", "L"), ("L", "S"), ("Ni", "S", "L")])
def test_lennard_jones_runs_as_lammps_own_smoothed_style(names):
    mixture = binary_mixture(side=8, dimension=2)
    mixture = _turned(mixture.with_(names=names, species=mixture.species + len(names) - 2))
    assert LennardJones2D().lammps_commands(mixture)[0] == "pair_style lj/smooth 2.0 2.5"
    _engine_and_surface_agree(mixture, LennardJones2D(), 1e-10, 1e-9)


@pytest.mark.parametrize("names", [("Cu", "Zr"), ("Zr", "Cu"), ("Ni", "Zr", "Cu")])
def test_metals_run_as_lammps_own_embedded_atoms_on_the_same_file(names):
    made = Eam.example_glass()
    metal = _turned(made.with_(names=names, species=made.species + len(names) - 2))
    model = Eam(path=str(EXAMPLE), smooth_end=False)
    assert model.lammps_commands(metal)[0] == "pair_style eam/alloy"
    _engine_and_surface_agree(metal, model, 1e-11, 1e-9)


def test_a_file_of_lammps_with_its_units_in_the_first_line_is_taken():
    path = (
        Path(pytest.importorskip("lammps").__file__).parent
        / "share"
        / "lammps"
        / "potentials"
        / "CuZr_mm.eam.fs"
    )
    if not path.exists():
        pytest.skip("this LAMMPS has no CuZr_mm.eam.fs")
    model = Eam(path=str(path), smooth_end=False)
    assert "UNITS: metal" in path.read_text().splitlines()[0]
    assert model.lammps_commands(Eam.example_glass())[0] == "pair_style eam/fs"
    _engine_and_surface_agree(Eam.example_glass(), model, 1e-11, 1e-9)


def test_tables_that_end_smoothly_are_not_those_of_lammps():
    assert Eam.example().lammps_commands(Eam.example_glass()) == ()


@pytest.mark.parametrize("style", ["cg", "fire"])
def test_a_metal_comes_to_rest_where_the_native_engine_brings_it(style):
    model = Eam(path=str(EXAMPLE), smooth_end=False)
    theirs = LammpsAQS(min_style=style, force_tolerance=1e-7).relax(Eam.example_glass(), model)
    ours = AQS(relax_cell=False, force_tolerance=1e-7).relax(Eam.example_glass(), model)
    assert theirs.info["energy"] == pytest.approx(ours.info["energy"], rel=1e-9)
    assert (
        np.linalg.norm(theirs.minimum_image(theirs.positions - ours.positions), axis=1).max() < 1e-4
    )


def test_a_name_that_no_atom_bears_needs_no_atoms_for_its_table():
    pure = binary_mixture(side=5)
    pure = pure.with_(species=np.zeros(len(pure), int))
    assert pure.names == ("A", "B")
    named, alone = (
        LammpsAQS().relax(pure.with_(names=names), LennardJones()).info["energy"]
        for names in (("A", "B"), ("A",))
    )
    assert named == alone


def test_the_reason_that_lammps_gives_is_told_and_not_where_to_read_on(glass):
    lost = "ERROR: Lost atoms: original 144 current 143 (src/thermo.cpp:494)"
    assert (
        reason(Exception(f"{lost}\nFor more information see https://docs.lammps.org/err0008"))
        == lost
    )
    assert reason(Exception("Failed\nfor good")) == "for good"
    with (
        LammpsEngine(glass, ("pair_style lj/cut 2.5", "pair_coeff * * 1.0 1.0")) as engine,
        pytest.raises(VitreousError, match=r"refuses 'nonsense': ERROR: .*nonsense"),
    ):
        engine.command("nonsense")


def test_an_atom_cells_away_feels_what_it_feels_at_home_and_stays_there(glass):
    astray = glass.with_(
        positions=glass.positions
        + np.eye(len(glass), 1) * (glass.cell[[0]] * 3 - glass.cell[[1]] * 2)
    )
    _engine_and_surface_agree(astray, POTENTIAL, 1e-10, 1e-9)
    for model in (POTENTIAL, Unknown()):
        moved = LammpsAQS(min_style="fire").relax(astray, model).positions - astray.positions
        assert np.abs(moved).max() < 0.1


@pytest.mark.parametrize("at", [(0.0, 0.0), (-30.0, 17.0), (400.0, -400.0)])
@pytest.mark.parametrize("model", [POTENTIAL, Unknown()], ids=["table", "called"])
def test_a_patch_is_the_same_wherever_it_lies(at, model):
    here = silica_honeycomb(4, 4, shake=0.1, seed=2).with_(periodic=(False, False))
    patch = here.with_(positions=here.positions + np.array(at))
    theirs = LammpsAQS(min_style="fire").relax(patch, model)
    ours = AQS(relax_cell=False).relax(here, POTENTIAL)
    assert theirs.info["energy"] == pytest.approx(ours.info["energy"], rel=1e-7)
    assert np.abs(theirs.positions - patch.positions).max() < 5.0
    _engine_and_surface_agree(patch, model, 1e-10, 1e-9)


def test_a_network_that_lammps_breaks_is_found_as_one_that_the_native_engine_breaks(overstretched):
    for engine in (LammpsAQS(force_tolerance=1e-5), AQS(relax_cell=False)):
        relaxed = engine.relax(overstretched, POTENTIAL)
        with pytest.raises(NetworkChanged, match="relaxing changed the network"):
            refuse_changed(relaxed, 2.2)
