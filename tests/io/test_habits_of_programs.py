"""Files as other programs write them: general cells, byte-order marks, comments, capitals, Fortran
exponents, styles that are not named, frames cut short.
"""

import gzip

import numpy as np
import pytest

from vitreous import direct
from vitreous.core.errors import VitreousError
from vitreous.io.read import read_configuration
from vitreous.plugins.generators.file import File
from vitreous.plugins.potentials.yukawa_silica import YukawaSilica
from vitreous.testing.systems import silica_glass

MODEL = YukawaSilica()


def energy_of(path, **options):
    return direct.energy(direct.read_glass(path, MODEL, **options), MODEL).energy


@pytest.fixture(scope="module")
def right():
    return direct.energy(silica_glass(), MODEL).energy


def atoms(row):
    """A line for each atom: ``row`` of id, species, type, x and y."""
    glass = silica_glass()
    (species, types), (x, y) = zip(*[("Si", 1), ("O", 2)], strict=True), glass.positions.T.tolist()
    kinds = glass.species.tolist()
    return "".join(
        row(i, species[k], types[k], a, b) + "\n"
        for i, k, a, b in zip(glass.ids.tolist(), kinds, x, y, strict=True)
    )


def sides():
    (a, _), (_, b) = silica_glass().cell.tolist()
    return a, b


def data(row=lambda i, s, t, x, y: f"{i} {t} {x!r} {y!r} 0.0", atoms_line="Atoms # atomic"):
    a, b = sides()
    return (
        f"LAMMPS data\n\n320 atoms\n2 atom types\n\n0.0 {a!r} xlo xhi\n0.0 {b!r} ylo yhi\n"
        f"-0.5 0.5 zlo zhi\n\n{atoms_line}\n\n{atoms(row)}"
    )


def dump(box, columns="id element x y z", row=lambda i, s, t, x, y: f"{i} {s} {x!r} {y!r} 0"):
    return (
        f"ITEM: TIMESTEP\n0\nITEM: NUMBER OF ATOMS\n320\nITEM: BOX BOUNDS {box}\n"
        f"ITEM: ATOMS {columns}\n{atoms(row)}"
    )


def extxyz(lattice, row=lambda i, s, t, x, y: f"{s} {x!r} {y!r} 0.0", more=""):
    return f'320\nLattice="{lattice}" Properties=species:S:1:pos:R:3{more}\n{atoms(row)}'


A, B = sides()
BOX = f"pp pp pp\n0 {A!r}\n0 {B!r}\n-0.5 0.5"
GENERAL = f"abc origin pp pp pp\n{A!r} 0 0 1.0\n0 {B!r} 0 2.0\n0 0 1 -0.5"
LATTICE = f"{A!r} 0 0 0 {B!r} 0 0 0 1"
FILES = {
    "plain": ("a.dump", dump(BOX)),
    "general cell of a dump": ("a.dump", dump(GENERAL)),
    "general cell of a data file": (
        "a.data",
        data().replace(
            f"0.0 {A!r} xlo xhi\n0.0 {B!r} ylo yhi\n-0.5 0.5 zlo zhi",
            f"{A!r} 0 0 avec\n0 {B!r} 0 bvec\n0 0 1 cvec\n1 2 -0.5 abc origin",
        ),
    ),
    "commented box": ("a.data", data().replace("\n0.0", "\n#0.0 50.0 xlo xhi\n0.0", 1)),
    "capitals": ("a.data", data().replace("320 atoms", "320 Atoms")),
    "unknown suffix": ("data.silica", data()),
    "windows lines": ("a.data", data().replace("\n", "\r\n")),
    "comments behind rows": (
        "a.data",
        data(lambda i, s, t, x, y: f"{i} {t} {x!r} {y!r} 0.0 # {s}"),
    ),
    "image flags": ("a.data", data(lambda i, s, t, x, y: f"{i} {t} {x!r} {y!r} 0.0 1 -1 0")),
    "velocities behind": ("a.data", f"{data()}\nVelocities\n\n1 0 0 0\n"),
    "fortran exponents in data": (
        "a.data",
        data(lambda i, s, t, x, y: f"{i} {t} {x!r}D+00 {y!r}d0 0.D0"),
    ),
    "fortran exponents in a dump": (
        "a.dump",
        dump(BOX, row=lambda i, s, t, x, y: f"{i} {s} {x!r}D+00 {y!r}D0 0.0D0"),
    ),
    "fortran exponents in extxyz": (
        "a.xyz",
        extxyz(LATTICE, row=lambda i, s, t, x, y: f"{s} {x!r}D+00 {y!r}D0 0.0D0"),
    ),
    "no word for z": (
        "a.dump",
        dump(BOX, "id element xu yu", lambda i, s, t, x, y: f"{i} {s} {x!r} {y!r}"),
    ),
    "capital suffix": ("A.EXTXYZ", extxyz(LATTICE)),
    "element column in extxyz": ("a.xyz", extxyz(LATTICE).replace("species:S", "element:S")),
    "units and time": (
        "a.dump",
        f"ITEM: UNITS\nmetal\nITEM: TIME\n0.0\n{dump(BOX)}ITEM: TIME\n0.1\n{dump(BOX)}",
    ),
}


@pytest.mark.parametrize("name", FILES)
@pytest.mark.filterwarnings("ignore:.*are assumed")
def test_files_of_other_programs_hold_the_same_glass(tmp_path, right, name):
    file, text = FILES[name]
    (tmp_path / file).write_text(text, newline="")
    assert energy_of(tmp_path / file) == pytest.approx(right, abs=1e-9)
    for coding in ("utf-8-sig", "utf-16"):  # with a byte-order mark
        (tmp_path / file).write_text(text, newline="", encoding=coding)
        assert energy_of(tmp_path / file) == pytest.approx(right, abs=1e-9)


def test_a_title_in_latin_1_is_text(tmp_path, right):
    content = data().replace("LAMMPS data", "Glas für Köln", 1).encode("latin-1")
    for name, packed in (("a.data", content), ("a.data.gz", gzip.compress(content))):
        (tmp_path / name).write_bytes(packed)
        assert energy_of(tmp_path / name, species=("Si", "O")) == pytest.approx(right, abs=1e-9)


@pytest.mark.parametrize(
    ("style", "row"),
    [
        ("charge", lambda i, s, t, x, y: f"{i} {t} 0.0 {x!r} {y!r} 0.0"),
        ("charge", lambda i, s, t, x, y: f"{i} {t} {4 if t == 1 else -2} {x!r} {y!r} 0.0"),
        ("charge", lambda i, s, t, x, y: f"{i} {t} 0.5 {x!r} {y!r} 0.0 0 0 0"),
        ("full", lambda i, s, t, x, y: f"{i} 7 {t} 0.0 {x!r} {y!r} 0.0"),
        ("sphere", lambda i, s, t, x, y: f"{i} {t} 1.5 2.0 {x!r} {y!r} 0.0"),
    ],
)
def test_a_style_that_the_file_does_not_name_is_guessed_and_told(tmp_path, right, style, row):
    (tmp_path / "a.data").write_text(data(row, "Atoms"))
    with pytest.warns(UserWarning, match=f"are read as {style}; --atom-style"):
        found = energy_of(tmp_path / "a.data", species=("Si", "O"))
    assert found == pytest.approx(right, abs=1e-9)
    asked = energy_of(tmp_path / "a.data", species=("Si", "O"), atom_style=style)
    assert asked == found
    made = File(path=str(tmp_path / "a.data"), atom_style=style)
    made = made.generate(0, np.random.default_rng(0))
    assert np.array_equal(made.positions, silica_glass().positions)


def test_a_style_that_cannot_be_guessed_is_asked_for(tmp_path, right):
    """A molecule and a type look like a type and a charge."""
    (tmp_path / "a.data").write_text(
        data(lambda i, s, t, x, y: f"{i} 1 {t} {x!r} {y!r} 0.0", "Atoms")
    )
    with pytest.raises(VitreousError, match="name it with --atom-style"):
        energy_of(tmp_path / "a.data")
    found = energy_of(tmp_path / "a.data", species=("Si", "O"), atom_style="molecular")
    assert found == pytest.approx(right, abs=1e-9)
    with pytest.raises(VitreousError, match="unknown atom style 'molecules'; expected one of atom"):
        energy_of(tmp_path / "a.data", atom_style="molecules")
    with pytest.raises(VitreousError, match="got atom_style='molecules'; expected null or one of"):
        File(path="a", atom_style="molecules")


@pytest.mark.parametrize(
    ("lattice", "axes"),
    [(f"0 {B!r} 0 {A!r} 0 0 0 0 1", "xy"), (f"0 {B!r} 0 {A!r} 0 0 0 0 -1", "xy")],
)
def test_a_left_handed_cell_is_turned_and_atoms_stay(tmp_path, right, lattice, axes):
    (tmp_path / "a.extxyz").write_text(extxyz(lattice))
    with pytest.warns(UserWarning, match="left-handed: its first two vectors are exchanged"):
        glass = direct.read_glass(tmp_path / "a.extxyz", MODEL)
    assert np.array_equal(glass.positions, silica_glass().positions)
    assert direct.energy(glass, MODEL).energy == pytest.approx(right, abs=1e-9)


@pytest.mark.parametrize(
    ("columns", "box", "row"),
    [
        ("xu yu z", "pp pp pp\n0 9\n0 9\n0 9", "1.5 2.5 3.5"),
        ("xs ys z", "pp pp pp\n0 9\n0 18\n3 12", "0.5 0.25 3.5"),
        ("xu yu zs", "xy xz yz pp pp pp\n0 12 3\n0 9 0\n0 10 0", "1.5 2.5 0.35"),
        ("xs y zu", "pp pp pp\n0 9\n0 9\n0 9", "0.5 2.5 3.5"),
    ],
)
def test_coordinates_of_several_kinds_keep_all_three(tmp_path, columns, box, row):
    (tmp_path / "a.dump").write_text(
        f"ITEM: TIMESTEP\n0\nITEM: NUMBER OF ATOMS\n2\nITEM: BOX BOUNDS {box}\n"
        f"ITEM: ATOMS id type {columns}\n1 1 {row}\n2 1 0 0 0\n"
    )
    glass = read_configuration(tmp_path / "a.dump", species=("Si",))
    assert glass.dimension == 3
    x, y, z = glass.positions[0] + np.array(glass.info.get("origin", [0.0] * 3))
    assert (y, z) == pytest.approx((4.5 if columns == "xs ys z" else 2.5, 3.5))
    assert x == pytest.approx(4.5 if columns.startswith("xs") else 1.5)


def test_coordinates_of_several_kinds_in_a_tilted_cell_are_refused(tmp_path):
    (tmp_path / "a.dump").write_text(
        "ITEM: TIMESTEP\n0\nITEM: NUMBER OF ATOMS\n1\nITEM: BOX BOUNDS xy xz yz pp pp pp\n0 12 3\n"
        "0 9 0\n0 9 0\nITEM: ATOMS id type xu y z\n1 1 1 1 1\n"
    )
    with pytest.raises(VitreousError, match="of different kinds in a tilted cell: id type xu y z"):
        read_configuration(tmp_path / "a.dump", species=("Si",))


@pytest.mark.parametrize("name", ["a.dump", "a.extxyz"])
def test_a_last_frame_cut_short_does_not_matter_to_an_earlier_one(tmp_path, right, name):
    text = dump(BOX) if name == "a.dump" else extxyz(LATTICE)
    (tmp_path / name).write_text(text + text[: len(text) // 2])
    assert energy_of(tmp_path / name, frame=0) == pytest.approx(right, abs=1e-9)
    with pytest.raises(VitreousError, match=r"frame 1 \(of 0 to 1\).*an earlier one, --frame 0"):
        energy_of(tmp_path / name)


REFUSED = {
    "id of twenty digits": (
        "a.dump",
        "ITEM: TIMESTEP\n0\nITEM: NUMBER OF ATOMS\n2\nITEM: BOX BOU"
        "NDS pp pp pp\n0 30\n0 30\n-0.5 0.5\nITEM: ATOMS id type x y z\n99999999999999999999 1 1 "
        "1 0\n2 1 5 5 0\n",
        "the id '99999999999999999999' is no whole number below 2",
    ),
    "id of letters": (
        "a.extxyz",
        '1\nLattice="20 0 0 0 20 0 0 0 20" Properties=species:S:1:pos:R:'
        '3:id:S:1 pbc="T T T" \nSi 1 1 1 a\n',
        "the id 'a' is no whole number",
    ),
    "no atoms": (
        "a.data",
        "x\n\n0 atoms\n2 atom types\n0 20 xlo xhi\n0 20 ylo yhi\n0 20 zlo zhi"
        "\n\nAtoms # atomic\n\n",
        "holds no atoms; expected a glass",
    ),
    "no section": (
        "a.data",
        "x\n\n1 atoms\n0 20 xlo xhi\n0 20 ylo yhi\n0 20 zlo zhi\n",
        "no section Atoms",
    ),
    "fewer atoms": (
        "a.data",
        "x\n\n2 atoms\n0 20 xlo xhi\n0 20 ylo yhi\n0 20 zlo zhi\n\nAtoms # atomic\n\n1 1 1 1 1\n",
        "2 atoms announced, 1 found",
    ),
    "no atoms in a dump": (
        "a.dump",
        "ITEM: TIMESTEP\n0\nITEM: NUMBER OF ATOMS\n0\nITEM: BOX BOUND"
        "S pp pp pp\n0 30\n0 30\n-0.5 0.5\nITEM: ATOMS id type x y z\n",
        "it holds no atoms",
    ),
    "a billion atoms": (
        "a.extxyz",
        '1000000000\nLattice="9 0 0 0 9 0 0 0 9" Properties=species:S:1:pos:R:3\nSi 0 0 0\n',
        "1000000000 atoms announced, 1 found",
    ),
    "a billion in a dump": (
        "a.dump",
        "ITEM: TIMESTEP\n0\nITEM: NUMBER OF ATOMS\n1000000000\nITEM:"
        " BOX BOUNDS pp pp pp\n0 30\n0 30\n-0.5 0.5\nITEM: ATOMS id type x y z\n1 1 1 1 1\n",
        "1000000000 atoms announced, fewer found",
    ),
    "a billion columns": (
        "a.extxyz",
        '1\nLattice="9 0 0 0 9 0 0 0 9" Properties=species:S:1:pos:R:3:f:R:999999999\nSi 0 0 0\n',
        "Properties announce more than 1000 columns",
    ),
    "a tiny cell": (
        "a.dump",
        "ITEM: TIMESTEP\n0\nITEM: NUMBER OF ATOMS\n2\nITEM: BOX BOUNDS pp pp"
        " pp\n0 1e-5\n0 1e-5\n-0.5 0.5\nITEM: ATOMS id type x y z\n1 1 0 0 0\n2 2 5e-6 5e-6 0\n",
        "a cell 1e-05 thick and 1e-05 long; expected lengths from 0.01",
    ),
    "far away": (
        "a.extxyz",
        '2\nLattice="9 0 0 0 9 0 0 0 9" Properties=species:S:1:pos:R:3\nSi 0 0 -1e308\nO 1 1 1\n',
        "atom 1 lies 1.11e.307 cells away",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_glass_is_refused_in_a_sentence(tmp_path, name):
    file, text, message = REFUSED[name]
    (tmp_path / file).write_text(text)
    with pytest.raises(VitreousError, match=message) as caught:
        read_configuration(tmp_path / file, species=("Si", "O"))
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 400
