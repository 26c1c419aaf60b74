"""Glasses go to files and come back bit for bit, other programs read them alike, and damaged files
are refused in one sentence.
"""

import gzip
import io
import os
import time
import warnings

import numpy as np
import pytest

from vitreous.core.data import Configuration
from vitreous.core.errors import VitreousError
from vitreous.io.bonds import close_pairs, refuse_overlaps, silica_bonds
from vitreous.io.read import read_configuration, read_configurations
from vitreous.io.write import safe_name, write_configuration
from vitreous.plugins.potentials.eam import Eam
from vitreous.plugins.potentials.lennard_jones_2d import LennardJones2D
from vitreous.plugins.potentials.watanabe import Watanabe
from vitreous.plugins.potentials.yukawa_silica import YukawaSilica

SUFFIXES = (
    ".extxyz",
    ".xyz",
    ".dump",
    ".lammpstrj",
    ".data",
    ".lmp",
    ".lammpstrj.gz",
    ".extxyz.gz",
    ".data.gz",
)


def glass(dimension=2, tilt=0.0, count=40, seed=0):
    """Well separated atoms in a tilted cell, some of them outside of it."""
    cell = np.diag([20.0, 22.0, 24.0][:dimension])
    cell[1, 0] = tilt
    rng = np.random.default_rng(seed)
    grid = np.stack(np.meshgrid(*[np.arange(5)] * dimension, indexing="ij"), axis=-1).reshape(
        -1, dimension
    )[:count]
    fractional = (grid + 0.5 + rng.uniform(-0.2, 0.2, grid.shape)) / 5.0
    return Configuration(
        positions=(fractional + rng.integers(-1, 2, grid.shape)) @ cell,
        species=rng.integers(0, 2, len(grid)),
        names=("Si", "O"),
        cell=cell,
        periodic=(True,) * dimension,
        units="silica2d",
        ids=np.arange(len(grid)) * 3 + 7,
    )


def dump(
    rows, *, bounds=("0 10", "0 10", "-1 1"), flags="pp pp pp", columns="id type x y z", count=None
):
    head = (
        "ITEM: TIMESTEP\n0\nITEM: NUMBER OF "
        f"ATOMS\n{len(rows) if count is None else count}\nITEM: BOX BOUNDS {flags}\n"
    )
    return head + "\n".join(bounds) + f"\nITEM: ATOMS {columns}\n" + "\n".join(rows) + "\n"


def refused(path, message, **options):
    with pytest.raises(VitreousError, match=message) as caught:
        read_configuration(path, **({"species": ("Si", "O")} | options))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("dimension", [2, 3])
@pytest.mark.parametrize("tilt", [0.0, 3.7, -2.5])
def test_a_glass_comes_back_from_a_file_bit_for_bit(tmp_path, suffix, dimension, tilt):
    before = glass(dimension, tilt)
    after = read_configuration(
        write_configuration(tmp_path / f"glass{suffix}", before), species=("Si", "O")
    )
    assert np.array_equal(after.species, before.species) and np.array_equal(after.ids, before.ids)
    assert after.periodic == before.periodic
    if suffix.startswith((".extxyz", ".xyz")):
        assert np.array_equal(after.cell, before.cell) and np.array_equal(
            after.positions, before.positions
        )
    else:  # tilted cells are shifted and lengths are written as bounds
        assert np.allclose(after.cell, before.cell, atol=1e-13)
        assert np.abs(before.minimum_image(after.positions - before.positions)).max() < 1e-12


@pytest.mark.parametrize(
    "potential",
    [YukawaSilica(), Watanabe(), LennardJones2D(), Eam.example()],
    ids=lambda p: type(p).__name__,
)
@pytest.mark.parametrize("suffix", [".extxyz", ".xyz.gz", ".dump"])
def test_the_species_of_every_potential_come_back_by_name(tmp_path, potential, suffix):
    """Those of Lennard-Jones, S and L, are not all chemical elements."""
    before = glass(min(potential.dimensions)).with_(names=potential.elements)
    after = read_configuration(
        write_configuration(tmp_path / f"glass{suffix}", before, {"strength": np.ones(len(before))})
    )
    assert [after.names[k] for k in after.species] == [before.names[k] for k in before.species]
    assert (
        np.array_equal(after.ids, before.ids)
        and np.abs(before.minimum_image(after.positions - before.positions)).max() < 1e-12
    )


def test_names_of_elements_in_small_letters_or_capitals_are_elements(tmp_path):
    columns = "Properties=pos:R:3:species:S:1:note:S:1"
    (tmp_path / "a.xyz").write_text(
        f'2\nLattice="9 0 0 0 9 0 0 0 9" {columns}\n0 0 0 SI a\n2 0 1 o b\n'
    )
    assert read_configuration(tmp_path / "a.xyz").names == ("Si", "O")


@pytest.mark.parametrize("name", ["turned.dump", "turned.data"])
def test_a_cell_turned_out_of_the_axes_stays_so_in_the_formats_of_lammps(tmp_path, name):
    before = glass(3)
    turn = np.linalg.qr(np.random.default_rng(1).normal(size=(3, 3)))[0]
    turn *= np.sign(np.linalg.det(turn))
    turned = before.with_(cell=before.cell @ turn, positions=before.positions @ turn)
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        path = write_configuration(tmp_path / name, turned)
    assert ["general cell" in str(note.message) for note in said] == [True] * name.endswith(".data")
    after = read_configuration(path, species=("Si", "O"))
    assert np.array_equal(after.cell, turned.cell)
    assert np.array_equal(after.positions, turned.positions)


@pytest.mark.parametrize("suffix", [".extxyz", ".lammpstrj.gz", ".data"])
def test_ovito_reads_what_was_written(tmp_path, suffix):
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    ovito = pytest.importorskip("ovito.io")
    before = glass(2, 3.7)
    columns = (
        {} if suffix == ".data" else {"predicted threshold (MPa)": np.arange(len(before)) / 7.0}
    )
    path = write_configuration(tmp_path / f"glass{suffix}", before, columns)
    data = ovito.import_file(str(path)).compute()
    order = np.argsort(data.particles["Particle Identifier"])
    step = before.minimum_image(np.asarray(data.particles.positions)[order, :2] - before.positions)
    assert np.abs(step).max() < 1e-9
    assert np.allclose(np.asarray(data.cell[:2, :2]).T, before.cell)
    if columns:
        assert np.allclose(
            np.asarray(data.particles["predicted_threshold_mpa"])[order],
            columns["predicted threshold (MPa)"],
        )


@pytest.mark.parametrize("z", [0.0, 1.5])
def test_a_dump_of_a_plane_has_no_heights_where_these_are_zero(tmp_path, z):
    """OVITO opens a dump without them as two-dimensional."""
    before = glass(2, 3.7).with_(info={"origin": [1.0, 2.0, z]})
    path = write_configuration(tmp_path / "glass.dump", before)
    columns = "id type element x y" + (" z" if z else "")
    assert f"ITEM: ATOMS {columns}\n" in path.read_text()
    for _ in range(2):
        after = read_configuration(path)
        assert np.allclose(after.in_file(after.positions), before.in_file(before.positions))
        assert after.dimension == 2 and after.origin[2] == z
        path = write_configuration(tmp_path / "again.dump", after)
        assert f"ITEM: ATOMS {columns}\n" in path.read_text()


def test_ovito_opens_a_dump_of_a_plane_flat(tmp_path):
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    ovito = pytest.importorskip("ovito.io")
    path = write_configuration(tmp_path / "glass.dump", glass(2))
    assert ovito.import_file(str(path)).compute().cell.is2D


@pytest.mark.parametrize("suffix", [".extxyz", ".dump"])
def test_atoms_in_reduced_units_have_radii(tmp_path, suffix):
    names, units = ("S", "L"), "lj"
    path = write_configuration(
        tmp_path / f"glass{suffix}", glass(3).with_(names=names, units=units)
    )
    whole = path.read_text()
    lines = [line.split() for line in whole.splitlines() if line.split()[-1] in ("0.31", "0.59")]
    assert len(lines) == len(glass(3))
    assert all(("S" in line) == (line[-1] == "0.31") for line in lines)
    assert "radius" in whole
    assert "radius" not in write_configuration(path, glass(3)).read_text()


def test_ase_reads_what_was_written(tmp_path):
    from ase.io import read

    before = glass(3, 3.7)
    atoms = read(
        write_configuration(tmp_path / "glass.extxyz", before, {"score": np.ones(len(before))})
    )
    assert np.array_equal(atoms.positions, before.positions) and np.array_equal(
        atoms.cell[:], before.cell
    )
    assert (atoms.arrays["score"] == 1.0).all()
    atoms = read(write_configuration(tmp_path / "glass.dump", before), format="lammps-dump-text")
    assert np.allclose(before.minimum_image(atoms.positions - before.positions), 0.0, atol=1e-9)


def test_column_names_are_made_safe():
    assert [safe_name(name) for name in ("tau c [MPa]", "2nd", "type", "σ")] == [
        "tau_c_mpa",
        "v_2nd",
        "v_type",
        "value",
    ]


def test_gzipped_files_are_the_same_every_time(tmp_path):
    first, second = (
        write_configuration(tmp_path / f"{n}.extxyz.gz", glass()).read_bytes() for n in "ab"
    )
    assert first == second


@pytest.mark.parametrize(
    ("columns", "rows"),
    [
        ("id type x y z", ["2 2 14.0 8.0 0", "1 1 3.0 4.0 0"]),
        ("id type xu yu zu", ["2 2 14.0 8.0 0", "1 1 3.0 4.0 0"]),
        ("id type xs ys zs", ["1 1 0.2 0.4 0", "2 2 1.2 0.8 0"]),
        ("id element xsu ysu", ["2 O 1.2 0.8", "1 Si 0.2 0.4"]),
        ("vx y x type id", ["0 8.0 14.0 2 2", "0 4.0 3.0 1 1"]),
    ],
)
def test_every_kind_of_dump_coordinate_is_understood(tmp_path, columns, rows):
    """One atom lies a cell to the right; the origin is at (1, 0); scaled coordinates
    count from it.
    """
    (tmp_path / "a.dump").write_text(dump(rows, bounds=("1 11", "0 10", "-1 1"), columns=columns))
    found = read_configuration(tmp_path / "a.dump", species=("Si", "O"))
    assert (
        found.dimension == 2 and found.species.tolist() == [0, 1] and found.ids.tolist() == [1, 2]
    )
    expected = (
        [[2.0, 4.0], [13.0, 8.0]]
        if "xs" not in columns.replace("xsu", "xs")
        else [[2.0, 4.0], [12.0, 8.0]]
    )
    assert np.allclose(found.positions, expected)


def test_tilted_bounds_enclose_the_cell(tmp_path):
    """LAMMPS writes the box around a tilted cell: with xy = -3 the cell begins 3 to the right of
    the lower bound.
    """
    rows = ["1 1 1 1 0", "2 1 6 6 1"]
    (tmp_path / "a.dump").write_text(
        dump(rows, bounds=("-3 10 -3", "0 8 0", "0 5 0"), flags="xy xz yz pp pp ff")
    )
    found = read_configuration(tmp_path / "a.dump", species=("Si",))
    assert found.cell.tolist() == [[10, 0, 0], [-3, 8, 0], [0, 0, 5]] and found.periodic == (
        True,
        True,
        False,
    )


def test_atoms_in_one_plane_are_two_dimensional_unless_asked_otherwise(tmp_path):
    (tmp_path / "a.dump").write_text(dump(["1 1 1 1 0.5", "2 1 5 5 0.5"]))
    (tmp_path / "b.dump").write_text(dump(["1 1 1 1 0.5", "2 1 5 5 0.7"]))
    assert [read_configuration(tmp_path / f"{n}.dump").dimension for n in "ab"] == [2, 3]
    assert read_configuration(tmp_path / "a.dump", dimension=3).dimension == 3
    assert read_configuration(tmp_path / "b.dump", dimension=2).dimension == 2


def test_frames_are_counted_from_either_end(tmp_path):
    (tmp_path / "a.dump").write_text(
        "".join(dump(["1 1 1 1 0", f"2 1 {x} 5 0"]) for x in (3, 4, 5))
    )
    path = tmp_path / "a.dump"
    assert [read_configuration(path, frame=k).positions[1, 0] for k in (0, 1, -1)] == [
        3.0,
        4.0,
        5.0,
    ]
    assert len(read_configurations(path)) == 3
    refused(path, "has 3 frames; frame 3 was asked for", frame=3)


def test_data_files_with_a_shifted_origin_and_any_atom_order(tmp_path):
    text = (
        "comment\n\n2 atoms\n2 atom types\n\n1 11 xlo xhi\n-5 5 ylo yhi\n0 4 zlo zhi\n2 0 0 xy "
        "xz yz\n\nMasses\n\n1 28\n2 16\n\n"
    )
    (tmp_path / "a.data").write_text(text + "Atoms # atomic\n\n9 2 4.0 0.0 2.0\n4 1 2.0 -4.0 1.0\n")
    found = read_configuration(tmp_path / "a.data", species=("Si", "O"))
    assert found.ids.tolist() == [4, 9] and found.species.tolist() == [0, 1]
    assert np.allclose(found.cell, [[10, 0, 0], [2, 10, 0], [0, 0, 4]])
    assert np.allclose(
        found.minimum_image(found.positions[1] - found.positions[0]), [2.0, 4.0, 1.0]
    )
    assert np.allclose(found.positions[0], [1.0, 1.0, 1.0])


def test_published_glasses_are_read_whole(reference):
    found = read_configuration(
        reference / "jumol" / "sig1.00_sample_0.lammpstrj.gz", species=("Si", "O")
    )
    assert found.dimension == 2 and np.bincount(found.species).tolist() == [2232, 3348]
    bonds = silica_bonds(found, strict=True)
    assert np.array_equal(np.bincount(bonds.ravel()), np.where(found.species == 0, 3, 2))
    bilayer = read_configuration(
        reference / "font_clos" / "sio2_1_initial.dump", species=("Si", "O"), units="metal"
    )
    assert bilayer.dimension == 3 and len(silica_bonds(bilayer, 2.0, strict=True)) == 4 * 1152


def test_bonds_are_found_through_the_boundary_and_odd_atoms_are_named():
    positions = np.array([[0.1, 5.0], [9.0, 5.0], [1.6, 5.0], [5.0, 5.0]])
    small = Configuration(
        positions=positions,
        species=np.array([0, 1, 1, 0]),
        names=("Si", "O"),
        cell=10 * np.eye(2),
        periodic=(True, True),
        units="silica2d",
    )
    with pytest.warns(
        UserWarning, match=r"4 atoms have an unusual number of Si-O bonds within 2: 1, 2, 3, 4"
    ):
        assert silica_bonds(small, 2.0).tolist() == [[0, 1], [0, 2]]
    with pytest.raises(VitreousError, match="mend the glass"):
        silica_bonds(small, 2.0, strict=True)
    with pytest.raises(VitreousError, match=r"no Si-O distance is below 0.5"):
        silica_bonds(small, 0.5)
    with pytest.raises(
        VitreousError, match=r"the cell is 10 thick; expected at least twice the cutoff 6"
    ):
        silica_bonds(small, 6.0)
    with pytest.raises(VitreousError, match="glass of Cu, Zr; expected species Si and O"):
        silica_bonds(small.with_(names=("Cu", "Zr")))


def test_close_pairs_against_all_pairs():
    for dimension in (2, 3):
        tilted = glass(dimension, 3.0)
        pairs, distance = close_pairs(tilted, 6.0)
        step = tilted.minimum_image(tilted.positions[None] - tilted.positions[:, None])
        images = (
            np.stack(np.meshgrid(*[[-1, 0, 1]] * dimension, indexing="ij"), axis=-1).reshape(
                -1, dimension
            )
            @ tilted.cell
        )
        everything = np.linalg.norm(step[:, :, None] + images, axis=-1).min(axis=-1)
        expected = np.argwhere(np.triu(everything < 6.0, 1))
        assert np.array_equal(pairs, expected)
        assert np.allclose(distance, everything[tuple(expected.T)])


def test_pairs_across_free_boundaries_are_found_wherever_the_atoms_lie():
    """Within a second for thousands of atoms: a search through all pairs of them would take
    minutes.
    """
    spots = np.stack(np.meshgrid(*[np.arange(60.0)] * 2, indexing="ij"), axis=-1).reshape(-1, 2)
    for periodic, cell, pairs in (
        ((False, False), 60.0, 7080),
        ((False, False), 5.0, 7080),
        ((True, False), 60.0, 7140),
    ):
        patch = Configuration(
            positions=spots - 30.0,
            species=np.zeros(3600),
            names=("Si",),
            cell=cell * np.eye(2),
            periodic=periodic,
            units="silica2d",
        )
        began = time.process_time()
        found, distance = close_pairs(patch, 1.1)
        assert len(found) == pairs and np.allclose(distance, 1.0)
        assert time.process_time() - began < 5.0


def test_files_that_are_missing_unreadable_or_cut_short_are_refused(tmp_path):
    refused(tmp_path / "none.dump", "there is no file")
    whole = write_configuration(tmp_path / "whole.lammpstrj.gz", glass()).read_bytes()
    (tmp_path / "short.lammpstrj.gz").write_bytes(whole[: len(whole) // 2])
    refused(tmp_path / "short.lammpstrj.gz", "damaged or cut short")
    text = gzip.decompress(whole).decode()
    for keep in (0.9, 0.5, 0.05):
        (tmp_path / "short.dump").write_text(text[: int(keep * len(text))])
        refused(tmp_path / "short.dump", "damaged or cut short")
    (tmp_path / "short.dump").write_text(
        text + text[: len(text) // 2]
    )  # a second snapshot that ends early
    refused(
        tmp_path / "short.dump",
        r"frame 1 \(of 0 to 1\), .*damaged or cut short.*ask for an earlier one, --frame 0",
    )
    assert len(read_configuration(tmp_path / "short.dump", frame=0)) == 25
    for suffix in (".data", ".extxyz"):
        text = write_configuration(tmp_path / f"whole{suffix}", glass()).read_text()
        (tmp_path / f"short{suffix}").write_text("\n".join(text.splitlines()[:-3]) + "\n")
        refused(tmp_path / f"short{suffix}", "damaged or cut short")
    (tmp_path / "empty.dump").write_text("")
    refused(tmp_path / "empty.dump", "is empty")
    (tmp_path / "noise.dump").write_bytes(b"\x80\x81\xfe" * 50)
    refused(tmp_path / "noise.dump", "not a text file")
    (tmp_path / "words.txt").write_text("no glass at all\n")
    refused(tmp_path / "words.txt", "unknown type")
    refused(tmp_path, "cannot be read")


def test_glasses_without_a_cell_are_refused(tmp_path):
    (tmp_path / "a.xyz").write_text("2\n\nSi 0 0 0\nO 1.5 0 0\n")
    refused(tmp_path / "a.xyz", "has no cell.*Lattice=")
    (tmp_path / "a.xyz").write_text("2\nAtoms. Timestep: 0\n1 0 0 0\n2 1.5 0 0\n")
    refused(tmp_path / "a.xyz", "LAMMPS's dump xyz writes it; write a data file")
    (tmp_path / "a.dump").write_text(
        dump(["1 1 0 0 0", "2 1 5 5 0"], bounds=("0 0", "0 10", "0 1"))
    )
    refused(tmp_path / "a.dump", "has no cell, or one without volume")
    (tmp_path / "a.data").write_text("c\n\n1 atoms\n1 atom types\n\nAtoms # atomic\n\n1 1 0 0 0\n")
    refused(tmp_path / "a.data", "has no cell")


def test_overlapping_atoms_are_refused(tmp_path):
    (tmp_path / "a.dump").write_text(dump(["1 1 0.1 0 0", "5 2 9.9 0 0", "6 2 5 5 0"]))
    refused(
        tmp_path / "a.dump",
        "1 pairs of atoms overlap, the worst 1 and 5 at 0.2; expected at least 0.5",
    )
    assert len(read_configuration(tmp_path / "a.dump", minimum_distance=0.1)) == 3
    refuse_overlaps(glass(), 0.5)


def test_wrong_species_are_refused(tmp_path):
    (tmp_path / "a.dump").write_text(dump(["1 1 1 1 0", "2 3 5 5 0"]))
    refused(tmp_path / "a.dump", "atom types 1 to 3; expected 1 to 2 for Si, O")
    assert read_configuration(tmp_path / "a.dump").names == ("1", "2", "3")
    (tmp_path / "a.extxyz").write_text(
        '2\nLattice="9 0 0 0 9 0 0 0 9" Properties=species:S:1:pos:R:3\nSi 0 0 0\nNa 2 0 0\n'
    )
    refused(tmp_path / "a.extxyz", "has atoms of Na; expected only Si, O")


def test_positions_that_are_not_numbers_are_refused(tmp_path):
    (tmp_path / "a.dump").write_text(dump(["1 1 nan 1 0", "2 2 5 5 0"]))
    refused(tmp_path / "a.dump", "1 positions are not finite, first that of atom 1")
    (tmp_path / "b.dump").write_text(dump(["1 1 one 1 0", "2 2 5 5 0"]))
    refused(tmp_path / "b.dump", "damaged or cut short")


def test_counts_that_do_not_fit_are_refused(tmp_path):
    (tmp_path / "a.dump").write_text(dump(["1 1 1 1 0", "2 2 5 5 0"], count=3))
    refused(tmp_path / "a.dump", "3 atoms announced, fewer found")
    (tmp_path / "a.dump").write_text(dump(["1 1 1 1 0"]) + dump(["1 1 1 1 0", "2 2 5 5 0"]))
    with pytest.raises(VitreousError, match="frames of 1 to 2 atoms"):
        read_configurations(tmp_path / "a.dump")


def test_a_data_file_has_no_word_for_a_free_boundary(tmp_path):
    patch = glass().with_(periodic=(False, False))
    for suffix in (".data", ".lmp.gz"):
        with pytest.raises(
            VitreousError,
            match="the glass has a free boundary, which a LAMMPS data file does not tell",
        ):
            write_configuration(tmp_path / f"patch{suffix}", patch)
    assert read_configuration(
        write_configuration(tmp_path / "patch.dump", patch), species=("Si", "O")
    ).periodic == (False, False)


def test_what_cannot_be_written_is_told(tmp_path):
    for name, columns, message in (
        ("a.pdb", {}, "'.pdb' is not a format"),
        ("a.data", {"s": np.ones(25)}, "cannot hold columns"),
        ("a.extxyz", {"s": np.ones(3)}, r"shape \(3,\); expected \(25,\)"),
        ("none/a.extxyz", {}, "cannot be written: No such file"),
    ):
        with pytest.raises(VitreousError, match=message):
            write_configuration(tmp_path / name, glass(), columns)


def test_text_written_is_text_ase_takes_from_memory(tmp_path):
    from ase.io import read

    text = write_configuration(tmp_path / "a.extxyz", glass()).read_text()
    assert len(read(io.StringIO(text), format="extxyz")) == 25
