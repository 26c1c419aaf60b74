"""A glass is made of ASE Atoms, and Atoms of a glass, and nothing is lost on the way."""

import subprocess
import sys
import warnings
from pathlib import Path

import ase.io
import numpy as np
import pytest
from ase import Atoms

import vitreous
from vitreous import from_ase, to_ase
from vitreous.core.data import Configuration
from vitreous.core.errors import VitreousError
from vitreous.direct import read_glass
from vitreous.io.read import read_configuration
from vitreous.io.write import write_configuration
from vitreous.plugins.potentials.lennard_jones_2d import LennardJones2D
from vitreous.testing.systems import binary_mixture, silica_crystal, silica_glass

LENNARD_JONES = Path(__file__).parents[1] / "lennard_jones_glass.extxyz"
GENERAL = np.array([[14.3, 0.1, 0.2], [1.5, 14.1, -0.3], [-2.0, 0.7, 13.9]])
CELLS = {  # cell, periodic, celldisp
    "general": (GENERAL, (True, True, True), (0, 0, 0)),
    "left-handed": (GENERAL[[0, 2, 1]], (True, True, False), (0, 0, 0)),
    "slab": (np.diag([14.3, 14.3, 40.0]), (True, True, False), (0, 0, 0)),
    "displaced": (GENERAL, (True, True, True), (117.5, -40.25, 3.0)),
}


def solid_atoms(cell, periodic, celldisp):
    atoms = to_ase(silica_crystal())
    atoms.set_cell(cell)
    atoms.set_celldisp(celldisp)
    atoms.pbc = periodic
    return atoms


def flat_atoms(left=False):
    """Planar silica as users have it: at some height, in a tall cell that does not repeat."""
    atoms = to_ase(silica_glass())
    del atoms.arrays["id"]
    atoms.positions[:, 2] = 7.5
    a, b, _ = np.array(atoms.cell)
    atoms.set_cell([b, a, (0.5, 0.0, 25.0)] if left else [a, b, (0.0, 0.0, 25.0)])
    atoms.pbc = (True, True, False)
    return atoms


def there_and_back(atoms, **options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of a left-handed cell
        return to_ase(from_ase(atoms, **options))


def same(a, b):
    """Equal to the last bit, where cells begin at zero."""
    assert a.get_chemical_symbols() == b.get_chemical_symbols()
    displaced = a.get_celldisp().any()
    assert np.allclose(a.positions, b.positions, rtol=0, atol=1e-13 if displaced else 0)
    assert np.array_equal(a.cell, b.cell) and np.array_equal(a.pbc, b.pbc)
    assert np.array_equal(a.get_celldisp(), b.get_celldisp())
    assert a.arrays.keys() == b.arrays.keys()
    if "id" in a.arrays:
        assert np.array_equal(a.arrays["id"], b.arrays["id"])


@pytest.mark.parametrize("kind", CELLS)
def test_atoms_come_back_as_they_were(kind):
    atoms = solid_atoms(*CELLS[kind])
    atoms.set_array("id", np.random.default_rng(0).permutation(len(atoms)) + 5)
    same(atoms, there_and_back(atoms))


@pytest.mark.parametrize("left", [False, True])
def test_a_plane_glass_comes_back_at_its_height_in_its_cell(left):
    atoms = flat_atoms(left)
    assert from_ase(flat_atoms(), units="silica2d").dimension == 2
    same(atoms, there_and_back(atoms, units="silica2d"))


@pytest.mark.parametrize(
    "glass",
    [
        silica_crystal(),
        silica_glass(),
        silica_glass().with_(info={"origin": [117.5, -40.25, 3.0], "strain": 0.1}),
        silica_crystal().with_(periodic=(True, False, False), ids=np.arange(192)[::-1] + 7),
        binary_mixture(dimension=2, names=("S", "L")),
        binary_mixture(names=("A", "B")),
    ],
    ids=["3d", "2d", "origin", "free", "lennard-jones", "no elements"],
)
def test_a_glass_comes_back_as_it_was_but_for_its_bonds(glass):
    back = from_ase(to_ase(glass), units=glass.units, species=glass.names)
    told = {name: back.info[name] for name in glass.info if name != "origin"}
    assert told == {name: value for name, value in glass.info.items() if name != "origin"}
    assert np.allclose(back.positions, glass.positions, rtol=0, atol=1e-13)
    assert back.origin.tolist() == glass.origin.tolist()
    for name in ("species", "names", "cell", "periodic", "units", "ids"):
        assert np.array_equal(getattr(back, name), getattr(glass, name)), name


def test_the_left_handed_cell_is_the_same_lattice():
    """Its first two vectors are exchanged in the glass, with their boundaries; atoms stay."""
    cell = CELLS["left-handed"][0]
    atoms = solid_atoms(cell, (True, False, True), (0, 0, 0))
    with pytest.warns(UserWarning, match="left-handed"):
        glass = from_ase(atoms)
    assert np.array_equal(glass.cell, cell[[1, 0, 2]]) and glass.periodic == (False, True, True)
    assert np.array_equal(glass.positions, atoms.positions)


def test_rows_are_in_the_order_of_the_atoms_and_ids_are_theirs():
    atoms = to_ase(silica_crystal())
    atoms.arrays["id"] = np.arange(len(atoms))[::-1] + 100
    glass = from_ase(atoms)
    assert glass.ids.tolist() == atoms.arrays["id"].tolist()
    assert np.array_equal(glass.positions, atoms.positions)
    del atoms.arrays["id"]
    assert from_ase(atoms).ids.tolist() == list(range(1, len(atoms) + 1))
    assert "id" not in there_and_back(atoms).arrays


def test_numbers_and_strings_of_info_stay_and_none_of_a_stranger_is_taken_for_ours():
    atoms = to_ase(silica_crystal())
    atoms.info = {"sample": "A7", "quench_rate": np.float64(1e-3), "origin": "PDB", 3: "x"}
    atoms.info |= {"spectrum": np.zeros(5), "left_handed": True, "off_plane": 1, "numbered": 7}
    glass = from_ase(atoms)
    assert glass.info["sample"] == "A7" and glass.info["quench_rate"] == 1e-3
    assert not glass.origin.any() and "spectrum" not in glass.info
    same(atoms, to_ase(glass))
    assert to_ase(glass).info == {"sample": "A7", "quench_rate": 1e-3}


def test_species_that_are_no_elements_have_their_names_in_typelabel(tmp_path):
    glass = read_glass(LENNARD_JONES, LennardJones2D())
    atoms = to_ase(glass)
    assert set(atoms.get_chemical_symbols()) == {"X"}
    assert set(atoms.arrays["typelabel"].tolist()) == {"S", "L"}
    ase.io.write(tmp_path / "a.extxyz", atoms)
    for back in (
        read_configuration(tmp_path / "a.extxyz", units="lj", minimum_distance=0.3),
        from_ase(ase.io.read(tmp_path / "a.extxyz"), units="lj"),
    ):
        assert [back.names[k] for k in back.species] == atoms.arrays["typelabel"].tolist()
    atoms.set_chemical_symbols(
        ["He" if name == "S" else "Ne" for name in atoms.arrays["typelabel"]]
    )
    named = from_ase(atoms, units="lj", species={"He": "S", "Ne": "L"})
    assert [named.names[k] for k in named.species] == atoms.arrays["typelabel"].tolist()


def test_chemical_elements_are_not_overruled_by_labels():
    atoms = to_ase(silica_crystal())
    atoms.set_array("typelabel", np.array(["A"] * len(atoms)))
    assert from_ase(atoms).names == ("Si", "O")
    assert from_ase(atoms).info["species_from"] == "chemical symbols"
    atoms.symbols[0] = "X"
    assert from_ase(atoms).names == ("A", "Si", "O")


def test_in_reduced_units_no_species_is_an_element():
    """Argon of Lennard-Jones has no mass of 40."""
    atoms = to_ase(binary_mixture(names=("Ar", "Kr")))
    assert set(atoms.symbols) == {"X"} and set(atoms.get_masses()) == {1.0}


@pytest.mark.parametrize("name", ["a.extxyz", "a.dump"])
def test_atoms_read_by_ase_are_the_glass_that_we_read(tmp_path, name):
    glass = silica_crystal().with_(info={"origin": [117.5, -40.25, 3.0]}, ids=np.arange(192) + 3)
    path = write_configuration(tmp_path / name, glass)
    ours, theirs = read_configuration(path), from_ase(ase.io.read(path))
    assert np.allclose(
        ours.in_file(ours.positions), theirs.in_file(theirs.positions), rtol=0, atol=1e-12
    )
    assert np.allclose(ours.origin, theirs.origin)
    assert np.array_equal(ours.ids, theirs.ids) or name == "a.dump"  # whose ids ASE drops
    assert ours.names == theirs.names and np.array_equal(ours.species, theirs.species)


def test_the_origin_goes_through_extended_xyz_of_ase(tmp_path):
    glass = silica_glass().with_(info={"origin": [117.5, -40.25, 3.0]})
    ase.io.write(tmp_path / "a.extxyz", to_ase(glass))
    back = read_configuration(tmp_path / "a.extxyz", units="silica2d")
    assert back.dimension == 2 and back.origin == pytest.approx([117.5, -40.25, 3.0])


def test_columns_become_arrays_that_extended_xyz_keeps(tmp_path):
    glass, value = silica_glass(), np.arange(320) / 7
    atoms = to_ase(glass, {"delta tau (eV)": value, "move": np.ones((320, 2))})
    ase.io.write(tmp_path / "a.extxyz", atoms)
    assert np.allclose(ase.io.read(tmp_path / "a.extxyz").arrays["delta_tau_ev"], value)
    assert atoms.arrays["move"].shape == (320, 2)
    with pytest.raises(VitreousError, match="column 'x' has 3 rows; expected 320"):
        to_ase(glass, {"x": np.zeros(3)})


def broken(change):
    atoms = to_ase(silica_crystal())
    change(atoms)
    return atoms


def without_cell(atoms):
    atoms.set_cell(np.zeros((3, 3)))
    atoms.pbc = False


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        (Atoms(cell=np.eye(3), pbc=True), "the Atoms object is empty; expected a glass"),
        (broken(without_cell), r"has no cell; .* set atoms.cell and atoms.pbc"),
        (
            broken(lambda a: a.positions.__setitem__((3, 1), np.nan)),
            r"1 positions that are not finite, the first is atoms.positions\[3\]",
        ),
        (
            broken(lambda a: a.positions.__setitem__(3, a.positions[4] + 0.01)),
            "1 pairs of atoms overlap, the worst 4 and 5",
        ),
        (broken(lambda a: a.cell.__setitem__((0, 0), np.nan)), "no cell, or one without volume"),
        (
            broken(lambda a: a.arrays.__setitem__("id", np.arange(192) + 0.5)),
            r"the id '0.5' is no whole number .* mend atoms.arrays\['id'\]",
        ),
        (broken(lambda a: a.positions.__setitem__((3, 0), -1e308)), "atom 4 lies .* cells away"),
        (7, "an object of type int was given; expected ASE Atoms"),
        ([to_ase(silica_crystal())], "an object of type list was given; expected ASE Atoms"),
    ],
    ids=["empty", "no cell", "nan", "overlap", "nan cell", "ids", "far", "number", "list"],
)
def test_atoms_that_are_no_glass_are_refused_in_one_sentence(given, sentence):
    with pytest.raises(VitreousError, match=sentence):
        from_ase(given)


def test_nothing_is_imported_before_it_is_asked_for():
    """``vitreous --help`` answers at once."""
    code = "import sys, vitreous; assert not {'ase', 'numpy'} & set(sys.modules); vitreous.from_ase"
    subprocess.run([sys.executable, "-c", code], check=True)
    assert {"Model", "calculator", "from_ase", "to_ase"} <= set(dir(vitreous))
    assert vitreous.from_ase is from_ase and isinstance(from_ase(flat_atoms()), Configuration)
    with pytest.raises(AttributeError, match="no attribute 'from_asse'"):
        _ = vitreous.from_asse


def test_a_plane_glass_whose_cell_leaves_its_plane_is_refused():
    """Its period along the first vector is 10, of which 8 lie in the plane."""
    cell = [[8.0, 0.0, 6.0], [2.3, 9.0, 0.0], [0.0, 0.0, 10.0]]
    tilted = Atoms("SiO", [[1.0, 1.0, 1.7], [3.0, 3.0, 1.7]], cell=cell, pbc=True)
    with pytest.raises(VitreousError, match="its lattice vectors leave that plane"):
        from_ase(tilted)
