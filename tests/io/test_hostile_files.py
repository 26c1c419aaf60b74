"""Any file is answered in little time and memory, whatever it announces."""

import contextlib
import gzip
import json
import os
import time
import tracemalloc

import ase
import ase.io
import ase.spacegroup
import numpy as np
import pytest

from vitreous import direct
from vitreous.core.errors import VitreousError
from vitreous.io.announced import refuse_announced
from vitreous.io.bonds import refuse_overlaps
from vitreous.io.cif import read_cif
from vitreous.io.read import read_configuration
from vitreous.io.through_ase import FORMATS
from vitreous.io.write import write_configuration
from vitreous.mechanics.eam.file import read_eam
from vitreous.plugins.potentials.eam import EXAMPLE
from vitreous.testing.systems import LennardJones, binary_mixture, silica_honeycomb


def answered(path, message, seconds=5.0, megabytes=400.0, **options):
    """Refused in one sentence, soon, and without much memory."""
    tracemalloc.start()
    began = time.process_time()
    try:
        with pytest.raises(VitreousError, match=message) as caught:
            read_configuration(path, **options)
        assert time.process_time() - began < seconds
        assert tracemalloc.get_traced_memory()[1] < megabytes * 1e6
    finally:
        tracemalloc.stop()
    assert "\n" not in str(caught.value)


def test_what_is_no_file_is_not_read(tmp_path):
    os.mkfifo(tmp_path / "pipe.dump")
    (tmp_path / "zero.dump").symlink_to("/dev/zero")
    for name in ("pipe.dump", "zero.dump"):
        answered(tmp_path / name, "it is a pipe or a device; expected a file")
    answered(tmp_path, "it is a folder; expected a file")
    answered(tmp_path / "a\0b", "cannot be read")


def test_a_bomb_is_not_unpacked(tmp_path):
    (tmp_path / "a.dump.gz").write_bytes(gzip.compress(b"0" * 200_000_000, 1, mtime=0))
    size = (tmp_path / "a.dump.gz").stat().st_size
    assert 200 * size < 200e6
    answered(
        tmp_path / "a.dump.gz", "unpacks to more than", megabytes=2.5 * max(64, 200 * size / 1e6)
    )


def test_every_member_of_a_gzipped_file_is_read(tmp_path):
    text = '2\nLattice="9 0 0 0 9 0 0 0 9" Properties=species:S:1:pos:R:3\nSi 0 0 0\nO 2 0 0\n'
    halves = text[:40].encode(), text[40:].encode()
    (tmp_path / "a.xyz.gz").write_bytes(b"".join(gzip.compress(half) for half in halves))
    assert len(read_configuration(tmp_path / "a.xyz.gz")) == 2


def test_a_sparse_file_of_zeros_is_not_read_whole(tmp_path):
    with open(tmp_path / "a.dump", "wb") as stream:
        stream.truncate(20_000_000_000)
    answered(tmp_path / "a.dump", "is not a text file", megabytes=50)


@pytest.mark.parametrize(
    ("word", "message"),
    [("S" * 100_000, "more than 4096 letters"), ("Q" * 4000, "names an atom 'Q+...'; expected")],
)
def test_long_names_take_no_room_in_every_atom(tmp_path, word, message):
    rows = "".join(f"Si {k} 0 0\n" for k in range(2000))
    head = 'Lattice="9000 0 0 0 9 0 0 0 9" Properties=species:S:1:pos:R:3'
    (tmp_path / "a.extxyz").write_text(f"2001\n{head}\n{word} 1 1 1\n{rows}")
    answered(tmp_path / "a.extxyz", message)


def test_long_names_in_a_dump_take_no_room_in_every_atom(tmp_path):
    rows = "".join(f"{k} Si {k} 0 0\n" for k in range(2, 2002))
    head = "ITEM: TIMESTEP\n0\nITEM: NUMBER OF ATOMS\n2001\nITEM: BOX BOUNDS pp pp pp\n"
    row = f"1 {'Q' * 300_000} 1 1 1\n"
    (tmp_path / "a.dump").write_text(
        f"{head}0 9000\n0 9\n0 9\nITEM: ATOMS id element x y z\n{row}{rows}"
    )
    answered(tmp_path / "a.dump", r"names an atom 'Q+\.\.\.'; expected")


@pytest.mark.parametrize("letter", ["9", "A", " ", "9 ", "a=1 ", '"', "["])
@pytest.mark.parametrize("at", range(6))
def test_long_lines_take_no_longer_than_they_are(tmp_path, letter, at):
    """A search for three numbers in a row took the square of the length of a line."""
    names = ("a.data", "a.dump", "a.extxyz", "a.eam.alloy")
    for name in names:
        if name != "a.eam.alloy":
            write_configuration(tmp_path / name, silica_honeycomb(4, 4))
            lines = (tmp_path / name).read_text().split("\n")
        else:
            lines = EXAMPLE.read_text().split("\n")[:50]
        lines.insert(at, letter * (300_000 // len(letter)))
        (tmp_path / name).write_text("\n".join(lines))
        began = time.process_time()
        with contextlib.suppress(VitreousError):
            (read_eam if name == "a.eam.alloy" else direct.read_glass)(tmp_path / name)
        assert time.process_time() - began < 3.0


def test_many_atoms_in_one_place_are_refused_without_all_their_pairs():
    glass = binary_mixture()
    heap = np.repeat(glass.positions[:1], 30_000, axis=0)
    began = time.process_time()
    with pytest.raises(VitreousError, match=r"30000 atoms, 1 and 2 among them, lie within 0.5 of"):
        refuse_overlaps(
            glass.with_(positions=heap, species=np.zeros(30_000), ids=np.arange(1, 30_001)), 0.5
        )
    assert time.process_time() - began < 5.0


#: formats of other programs: file, its line that counts (from 0), and what that is to say instead
ANNOUNCING = {
    "vasp": ("POSCAR", 6, "90000000 2"),
    "vasp-xdatcar": ("XDATCAR", 6, "2 90000000"),
    "cfg": ("a.cfg", 0, "Number of particles = 90000000"),
    "cfg with columns": ("a.cfg", 12, "entry_count = 90000000"),
}


@pytest.mark.parametrize("case", ANNOUNCING)
def test_atoms_that_do_not_follow_take_no_memory(case, tmp_path):
    """A POSCAR of 300 bytes took 1.6 GB, an XDATCAR 5 GB and more."""
    name, line, instead = ANNOUNCING[case]
    path = tmp_path / name
    atoms = ase.Atoms("Cu2Zr2", np.arange(12).reshape(4, 3), cell=[9, 9, 30], pbc=True)
    ase.io.write(path, atoms, format=case.split()[0])
    assert len(read_configuration(path)) == 4
    lines = path.read_text().split("\n")
    lines[line] = instead
    path.write_text("\n".join(lines))
    answered(path, r"\d+ numbers of atoms announced, \d+ words found", seconds=2.0, megabytes=20)


@pytest.mark.parametrize("form", sorted(FORMATS & {"abinit-in", "gromacs", "mustem", "cube"}))
def test_what_other_programs_count_is_compared_with_what_follows(form, tmp_path):
    texts = {
        "abinit-in": "natom 90000000 ntypat 1 typat 90000000*1",
        "gromacs": "glass\n90000000\n    1A   Cu    1   0.0   0.0   0.0\n  1 1 1\n",
        "mustem": "glass\n9 9 9\n300\n1\nCu\n90000000 29 1.0 0.005\n0 0 0\n",
        "cube": "a\nb\n90000000 0 0 0\n1 1 0 0\n1 0 1 0\n1 0 0 1\n29 0 0 0 0\n",
    }
    with pytest.raises(ValueError, match=r"90000000 numbers of atoms announced"):
        refuse_announced(texts[form], form)


def a_cif(atoms, path, group=1):
    """A file of sites in a space group."""
    ase.io.write(path, atoms, format="cif")
    whole = path.read_text()
    if group != 1:
        symbol = ase.spacegroup.Spacegroup(group).symbol
        whole = whole.replace("IT_number       1", f"IT_number       {group}")
        whole = whole.replace('"P 1"', f'"{symbol}"').replace("'x, y, z'", "")
    path.write_text(whole)
    return path


def test_as_many_atoms_as_words_may_be_announced_and_not_one_more():
    """The seventh line of a POSCAR counts them."""
    text = "Si\n1.0\n9 0 0\n0 9 0\n0 0 9\nSi\n{}\nDirect\n" + "0 0 0\n" * 10
    words = len(text.split())
    refuse_announced(text.format(words), "vasp")
    with pytest.raises(ValueError, match=f"{words + 1} numbers of atoms announced, {words} words"):
        refuse_announced(text.format(words + 1), "vasp")


def test_a_cif_of_many_atoms_is_read_in_no_time(tmp_path):
    """ASE compares each with all others: 2,000 took 14 s."""
    places = np.mgrid[:20, :10, :10].reshape(3, -1).T * 2.5
    atoms = ase.Atoms("Cu2000", places, cell=[50.0, 25.0, 25.0], pbc=True)
    path = a_cif(atoms, tmp_path / "a.cif")
    began = time.process_time()
    read = read_configuration(path)
    assert time.process_time() - began < 3.0
    np.testing.assert_allclose(read.positions, places, atol=1e-6)
    assert read.periodic == (True, True, True)


@pytest.mark.parametrize(("cell", "group"), [((9.0, 10.0, 11.0), 1), ((9.0, 9.0, 9.0), 221)])
def test_a_cif_is_read_as_ase_reads_it(cell, group, tmp_path):
    atoms = ase.Atoms("Cu3", [[0.5, 1.5, -2.5], [3, 2, 3], [4, 14, 4]], cell=cell, pbc=True)
    path = a_cif(atoms, tmp_path / "a.cif", group)
    expected = ase.io.read(path)
    assert len(expected) == (3 if group == 1 else 80)
    with path.open() as stream:
        (found,) = read_cif(stream)
    np.testing.assert_array_equal(found.positions, expected.positions)
    np.testing.assert_array_equal(found.cell, expected.cell)
    assert found.pbc.all()
    assert list(found.symbols) == list(expected.symbols)


def test_a_cif_that_symmetry_would_multiply_is_refused(tmp_path):
    atoms = ase.Atoms("Cu300", np.random.default_rng(0).random((300, 3)) * 20, cell=[20] * 3)
    answered(a_cif(atoms, tmp_path / "a.cif", 230), "300 sites and 96 symmetry operations")


def test_deep_nesting_is_refused(tmp_path):
    (tmp_path / "a.json").write_text("[" * 100_000)
    answered(tmp_path / "a.json", "of an unknown type|nested too deeply|cannot be read as json")
    (tmp_path / "b.json").write_text(json.dumps({"1": {"numbers": "x"}, "ids": [1]}))
    answered(tmp_path / "b.json", "cannot be read as json|of an unknown type")


def test_nothing_that_a_file_names_is_run_or_opened(tmp_path):
    """Formats of ASE that hold programs, call programs or name other files are not read."""
    (tmp_path / "a.py").write_text("from ase import Atoms\nraise SystemExit(7)\n")
    answered(tmp_path / "a.py", "of an unknown type")
    (tmp_path / "a.cell").write_text("%BLOCK LATTICE_CART\n9 0 0\n0 9 0\n0 0 9\n%ENDBLOCK\n")
    answered(tmp_path / "a.cell", "of an unknown type")


def test_a_damaged_trajectory_of_ase_is_refused(tmp_path):
    atoms = ase.Atoms("SiO", [[0, 0, 0], [2, 2, 2]], cell=[9, 9, 9], pbc=True)
    ase.io.write(tmp_path / "a.traj", [atoms, atoms])
    whole = (tmp_path / "a.traj").read_bytes()
    assert len(read_configuration(tmp_path / "a.traj", frame=0)) == 2
    for keep in range(30, len(whole), 97):
        (tmp_path / "b.traj").write_bytes(whole[:keep])
        try:
            read_configuration(tmp_path / "b.traj")
        except VitreousError as error:
            assert "\n" not in str(error)


def test_an_energy_that_is_no_number_is_no_result():
    """Tables with NaN gave energy NaN, with status 0."""
    glass = binary_mixture()

    class Broken(LennardJones):
        def surface(self, configuration):
            surface = super().surface(configuration)
            surface.energy_forces = lambda x, cell: (np.nan, np.zeros_like(x))
            return surface

    with pytest.raises(VitreousError, match="not a finite number; check the potential"):
        direct.energy(glass, Broken())


@pytest.mark.parametrize("form", ["extxyz", "data", "eam.alloy"])
def test_a_number_with_a_raised_digit_is_no_number(form, tmp_path):
    """Protects readers from "16\u00b3" (Latin-1), which Python calls digits but does not read."""
    path = tmp_path / f"a.{form}"
    if form == "eam.alloy":
        lines = EXAMPLE.read_bytes().split(b"\n")
        path.write_bytes(b"\n".join([*lines[:4], b"\xb3" + lines[4], *lines[5:]]))
        with pytest.raises(VitreousError):
            read_eam(path)
        return
    whole = write_configuration(path, silica_honeycomb(4, 4)).read_bytes()
    assert whole.count(b"160") >= 1
    path.write_bytes(whole.replace(b"160", b"16\xb3"))
    answered(path, "16")
