"""Every function of ``vitreous.direct`` takes ASE Atoms, and answers in their order and coordinates
what it answers for the glass.
"""

import ase.io
import numpy as np
import pytest

from vitreous import from_ase, to_ase
from vitreous.core.errors import VitreousError
from vitreous.direct import (
    d2min,
    deform,
    energy,
    potential,
    probe,
    relax,
    rings,
    successive_d2min,
)
from vitreous.testing.systems import shaken_honeycomb, silica_crystal, silica_glass

MODEL = potential("yukawa_silica")
ORIGIN = np.array([117.5, -40.25, 3.0])  #: of the cell; the plane lies at this z
PROBE = {"grid": 2, "free_radius": 6.0, "strain_step": 1e-3}


@pytest.fixture(scope="module")
def glass():
    return silica_glass().with_(bonds=np.zeros((0, 2), int))


@pytest.fixture(scope="module")
def atoms(glass):
    """The glass somewhere else, its atoms in another order."""
    placed = to_ase(glass.with_(info={"origin": ORIGIN.tolist()}))
    return placed[np.random.default_rng(0).permutation(len(placed))]


def order(atoms):
    """Where in the glass the atoms are."""
    return atoms.arrays["id"] - 1


def test_energy(glass, atoms):
    ours, theirs = energy(glass, MODEL), energy(atoms, MODEL)
    assert theirs.energy == pytest.approx(ours.energy, rel=1e-12)
    np.testing.assert_allclose(theirs.atom_energies, ours.atom_energies[order(atoms)])
    assert theirs.units == "silica2d" and theirs.at_atom in atoms.arrays["id"]


def test_relax_gives_atoms_that_lie_over_the_original(atoms):
    shaken = atoms.copy()
    shaken.positions[:, :2] += np.random.default_rng(1).normal(scale=0.01, size=(len(atoms), 2))
    rest = to_ase(relax(shaken, MODEL).configuration)
    assert np.abs(rest.positions - atoms.positions).max() < 0.02
    assert np.array_equal(rest.arrays["id"], atoms.arrays["id"])
    assert np.array_equal(rest.cell, atoms.cell) and rest.get_chemical_symbols() == list(
        atoms.symbols
    )


def test_deform_follows_the_same_path(glass, atoms):
    asked = {"strain_max": 0.01, "strain_step": 1e-3}
    ours, theirs = deform(glass, MODEL, **asked), deform(atoms, MODEL, **asked)
    np.testing.assert_allclose(theirs.stress, ours.stress, atol=1e-9)
    last = to_ase(theirs.initial.with_(positions=theirs.frames[-1], cell=theirs.cells[-1]))
    assert np.linalg.norm(last.positions - atoms.positions, axis=1).max() < 1.0
    assert last.cell[0, 0] > atoms.cell[0, 0]


def test_probe_answers_in_the_coordinates_of_the_atoms(glass, atoms):
    ours, theirs = probe(glass, MODEL, **PROBE), probe(atoms, MODEL, **PROBE)
    np.testing.assert_allclose(theirs.values, ours.values, atol=1e-9)
    np.testing.assert_allclose(theirs.positions, ours.positions + ORIGIN[:2])


def test_d2min_pairs_atoms_by_their_ids(glass, atoms):
    moved = glass.with_(
        positions=glass.positions + np.random.default_rng(2).normal(scale=0.1, size=(320, 2))
    )
    ours, theirs = d2min(moved, glass, 4.0), d2min(to_ase(moved), atoms, 4.0)
    np.testing.assert_allclose(theirs.d2min, ours.d2min[order(atoms)])
    np.testing.assert_allclose(theirs.positions, atoms.positions[:, :2])
    (step,) = successive_d2min([atoms, to_ase(moved)], 4.0)
    np.testing.assert_array_equal(step.d2min, theirs.d2min)


def test_d2min_of_atoms_without_ids_is_not_paired_blindly(atoms):
    unnumbered = atoms.copy()
    del unnumbered.arrays["id"]
    with pytest.warns(UserWarning, match="the Atoms object numbers no atoms: .* by their order"):
        assert not d2min(unnumbered, unnumbered, 4.0).d2min.max() > 1e-20


def test_rings(glass, atoms):
    ours, theirs = rings(glass).layers[0], rings(atoms).layers[0]
    assert sorted(theirs.sizes) == sorted(ours.sizes) and len(ours) == 64


def test_the_path_of_a_file_serves_as_well(glass, atoms, tmp_path):
    ase.io.write(tmp_path / "a.extxyz", atoms)
    found = energy(tmp_path / "a.extxyz", MODEL)
    assert found.energy == pytest.approx(energy(glass, MODEL).energy, rel=1e-12)
    assert rings(str(tmp_path / "a.extxyz")).statistics.variance == rings(atoms).statistics.variance


def with_xenon():
    atoms = to_ase(silica_glass())
    atoms.symbols[0] = "Xe"
    return atoms


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        (to_ase(silica_glass())[:0], "the Atoms object is empty"),
        (with_xenon(), r"holds O, Si, Xe, but YukawaSilica knows Si and O; .*\['typelabel'\]"),
        (to_ase(silica_crystal()), "two-dimensional model, but the glass has three dimensions"),
        (7, "an object of type int was given; expected ASE Atoms"),
        ("no such file", "there is no file no such file"),
    ],
    ids=["empty", "xenon", "bulk", "number", "file"],
)
@pytest.mark.parametrize("function", [energy, relax], ids=["energy", "relax"])
def test_what_is_no_such_glass_is_refused_in_one_sentence(function, given, sentence):
    with pytest.raises(VitreousError, match=sentence):
        function(given, MODEL)


def test_atoms_are_taken_in_the_units_of_the_potential():
    """Only those of the potential fit its numbers: nothing is converted."""
    atoms = to_ase(shaken_honeycomb())
    assert from_ase(atoms).units == "metal" and energy(atoms, MODEL).units == "silica2d"
