"""Species come from the file: by names, labels, comments, masses; what contradicts is refused with
both orders, what is assumed is said.
"""

import json
import warnings

import numpy as np
import pytest

from vitreous import direct
from vitreous.cli import main
from vitreous.core.errors import VitreousError
from vitreous.io.read import read_configuration
from vitreous.io.species import by_mass, stem
from vitreous.plugins.generators.file import File
from vitreous.plugins.potentials.yukawa_silica import YukawaSilica
from vitreous.testing.systems import silica_glass

SILICA = ("--potential", "yukawa_silica")
BOUNDS = "{0!r} {1!r} xlo xhi\n{2!r} {3!r} ylo yhi\n-0.5 0.5 zlo zhi\n"


@pytest.fixture(scope="module")
def right():
    """The energy of the glass that every file here holds."""
    return direct.energy(silica_glass(), YukawaSilica()).energy


def rows(glass, kinds):
    """``id kind x y z`` of every atom; ``kinds``: what stands for silicon and for oxygen."""
    named = [kinds[glass.names[k]] for k in glass.species]
    places = zip(glass.ids.tolist(), named, *glass.positions.T.tolist(), strict=True)
    return "".join(f"{i} {kind} {x!r} {y!r} 0.0\n" for i, kind, x, y in places)


def data(kinds, sections="", atoms="Atoms # atomic"):
    glass = silica_glass()
    (a, _), (_, b) = glass.cell.tolist()
    box = BOUNDS.format(0.0, a, 0.0, b)
    head = f"title\n\n{len(glass)} atoms\n2 atom types\n\n{box}\n{sections}\n"
    return f"{head}{atoms}\n\n{rows(glass, kinds)}"


def dump(columns, body):
    glass = silica_glass()
    (a, _), (_, b) = glass.cell.tolist()
    head = f"ITEM: TIMESTEP\n0\nITEM: NUMBER OF ATOMS\n{len(glass)}\nITEM: BOX BOUNDS pp pp pp\n"
    return f"{head}0.0 {a!r}\n0.0 {b!r}\n-0.5 0.5\nITEM: ATOMS {columns}\n{body}"


REVERSED, LABELS = {"Si": 2, "O": 1}, "Atom Type Labels\n\n1 O\n2 Si\n"
FILES = {
    "masses": ("a.data", data(REVERSED, "Masses\n\n1 15.999\n2 28.0855\n"), "Masses"),
    "rounded masses": ("a.data", data(REVERSED, "Masses\n\n1 16.0\n2 28\n"), "Masses"),
    "comments": (
        "a.data",
        data(REVERSED, "Masses\n\n1 1.0 # O\n2 1.0 # Si\n"),
        "comments of Masses",
    ),
    "numbered comments": (
        "a.data",
        data(REVERSED, "Masses\n\n1 15.9 #O1 bridging\n2 28.0 #Si1\n"),
        "comments of Masses",
    ),
    "labels": ("a.data", data(REVERSED, LABELS), "Atom Type Labels"),
    "labels in Atoms": ("a.data", data({"Si": "Si", "O": "O"}, LABELS), "Atom Type Labels"),
    "names in Atoms": ("a.data", data({"Si": "Si", "O": "O"}), "section Atoms"),
    "element": (
        "a.dump",
        dump("id element x y z", rows(silica_glass(), {"Si": "Si", "O": "O"})),
        "column element",
    ),
    "typelabel": (
        "a.dump",
        dump("id typelabel x y z", rows(silica_glass(), {"Si": "Si", "O": "O"})),
        "column typelabel",
    ),
    "numbered elements": (
        "a.dump",
        dump("id element x y z", rows(silica_glass(), {"Si": "Si1", "O": "O_br"})),
        "column element",
    ),
}


def told(capsys, *arguments):
    assert main([*arguments, "--json"]) == 0
    out, err = capsys.readouterr()
    return json.loads(out), err


@pytest.mark.parametrize("name", FILES)
def test_the_file_tells_species_whatever_the_order_of_the_potential(capsys, tmp_path, right, name):
    file, text, by = FILES[name]
    (tmp_path / file).write_text(text)
    found, said = told(capsys, "energy", str(tmp_path / file), *SILICA)
    assert found["energy"] == pytest.approx(right, abs=1e-9)
    assert found["species"] == {"Si": 128, "O": 192}
    assert found["species_from"] == by and said == ""
    if "element" not in by and "typelabel" not in by and by != "section Atoms":
        assert found["types"] == "type 1 O, type 2 Si"


def test_an_order_that_contradicts_the_file_is_refused_with_both(capsys, tmp_path, right):
    (tmp_path / "a.data").write_text(FILES["masses"][1])
    file = str(tmp_path / "a.data")
    assert main(["energy", file, *SILICA, "--species", "Si,O"]) == 2
    said = capsys.readouterr().err
    assert "its types are type 1 O, type 2 Si (Masses)" in said
    assert "the species given say type 1 Si, type 2 O" in said
    found, _ = told(capsys, "energy", file, *SILICA, "--species", "O,Si")
    assert found["energy"] == pytest.approx(right, abs=1e-9)
    with pytest.raises(VitreousError, match=r"type 1 O, type 2 Si \(Masses\), but"):
        File(path=file, species=("Si", "O")).generate(0, np.random.default_rng(0))
    read = File(path=file).generate(0, np.random.default_rng(0))  # as the file says
    assert np.bincount(read.species).tolist() == [128, 192] and read.names == ("Si", "O")
    glass = File(path=file, species=("O", "Si")).generate(0, np.random.default_rng(0))
    assert np.bincount(glass.species).tolist() == [192, 128] and glass.names == ("O", "Si")


def test_a_file_that_the_potential_does_not_know_is_refused_by_its_masses(capsys, tmp_path):
    (tmp_path / "a.data").write_text(data(REVERSED, "Masses\n\n1 26.98\n2 58.69\n"))
    assert main(["energy", str(tmp_path / "a.data"), *SILICA]) == 2
    assert "type 1 Al, type 2 Ni (Masses); expected only Si, O" in capsys.readouterr().err


def test_masses_against_their_own_comments_are_refused(tmp_path):
    text = data(REVERSED, "Masses\n\n1 15.999 # Si\n2 28.0855 # O\n")
    (tmp_path / "a.data").write_text(text)
    with pytest.raises(VitreousError, match="Masses call type 1 Si and give it the mass of O"):
        read_configuration(tmp_path / "a.data")


def test_an_order_that_nothing_tells_is_announced(capsys, tmp_path, right):
    order = {"Si": 1, "O": 2}
    (tmp_path / "a.dump").write_text(dump("id type x y z", rows(silica_glass(), order)))
    (tmp_path / "a.data").write_text(data(order, "Masses\n\n1 1.0\n2 1.0\n"))
    for name in ("a.dump", "a.data"):
        found, said = told(capsys, "energy", str(tmp_path / name), *SILICA)
        assert found["energy"] == pytest.approx(right, abs=1e-9)
        assert found["types"] == "type 1 Si, type 2 O" and found["species_from"] == "assumed"
        assert "type 1 Si, type 2 O are assumed; --species A,B" in said
    _, said = told(capsys, "energy", str(tmp_path / "a.dump"), *SILICA, "--species", "Si,O")
    assert said == ""
    assert main(["energy", str(tmp_path / "a.dump"), *SILICA]) == 0
    assert "species from" in capsys.readouterr().out


def test_more_silicon_than_oxygen_is_told_with_what_to_type(capsys, tmp_path, right):
    """Types in the order O, Si of a dump that names neither: a plausible energy that is wrong."""
    path = str(tmp_path / "a.dump")
    (tmp_path / "a.dump").write_text(dump("id type x y z", rows(silica_glass(), REVERSED)))
    _, said = told(capsys, "energy", path, *SILICA)
    assert "if the types are the other way round, give --species O,Si" in said
    found, said = told(capsys, "energy", path, *SILICA, "--species", "O,Si")
    assert found["energy"] == pytest.approx(right, abs=1e-9) and said == ""


def test_a_dump_without_species_names_the_columns_and_the_option(capsys, tmp_path):
    body = rows(silica_glass(), {"Si": "", "O": ""})
    (tmp_path / "a.dump").write_text(dump("id x y z", body))
    assert main(["energy", str(tmp_path / "a.dump"), *SILICA]) == 2
    said = capsys.readouterr().err
    assert "has no column type, element or typelabel to tell Si from O" in said
    assert "--species A" in said
    lone = read_configuration(tmp_path / "a.dump", species=("Si",))
    assert lone.names == ("Si",) and not lone.species.any()


def test_the_element_that_lammps_writes_for_unnamed_types_does_not_count(capsys, tmp_path, right):
    body = rows(silica_glass(), {"Si": "1 C", "O": "2 C"})
    (tmp_path / "a.dump").write_text(dump("id type element x y z", body))
    found, said = told(capsys, "energy", str(tmp_path / "a.dump"), *SILICA)
    assert found["energy"] == pytest.approx(right, abs=1e-9)
    assert "the column element says C of every type" in said and "are assumed" in said


@pytest.mark.parametrize(
    ("kinds", "note"),
    [
        ({"Si": 1, "O": 2}, "type 1 Si, type 2 O are assumed"),
        ({"Si": 14, "O": 8}, "type 8 O, type 14 Si by atomic number"),
    ],
)
def test_species_by_number_are_told(capsys, tmp_path, right, kinds, note):
    glass = silica_glass()
    (a, _), (_, b) = glass.cell.tolist()
    head = f'{len(glass)}\nLattice="{a} 0 0 0 {b} 0 0 0 1" Properties=species:S:1:pos:R:3\n'
    body = "".join(line.split(" ", 1)[1] for line in rows(glass, kinds).splitlines(True))
    (tmp_path / "a.extxyz").write_text(head + body)
    found, said = told(capsys, "energy", str(tmp_path / "a.extxyz"), *SILICA)
    assert found["energy"] == pytest.approx(right, abs=1e-9) and note in said
    again, said = told(capsys, "energy", str(tmp_path / "a.extxyz"), *SILICA, "--species", "Si,O")
    assert again["energy"] == found["energy"]


@pytest.mark.parametrize("command", ["relax", "deform", "probe", "rings", "d2min"])
def test_every_command_reads_species_alike(capsys, tmp_path, command):
    (tmp_path / "a.data").write_text(FILES["masses"][1])
    options = {
        "relax": (*SILICA, "--out", str(tmp_path / "b.extxyz")),
        "deform": (
            *SILICA,
            *("--loading", "pure_shear", "--relax", "--strain-max", "1e-3"),
            *("--strain-step", "1e-3", "--out", str(tmp_path / "run")),
        ),
        "probe": (
            *SILICA,
            *("--loading", "pure_shear", "--relax", "--grid", "2"),
            *("--probe-set", "free_radius=6", "--out", str(tmp_path / "map.csv")),
        ),
        "rings": (),
        "d2min": (str(tmp_path / "a.data"), "--cutoff", "4"),
    }
    found, _ = told(capsys, command, str(tmp_path / "a.data"), *options[command])
    assert found["types"] == "type 1 O, type 2 Si" and found["species_from"] == "Masses"


def test_results_kept_under_the_digest_of_a_file_are_not_taken_for_another_reading(tmp_path):
    """The digest is that of the content where the file was read so from the first; a glass whose
    types were once numbered against its masses gets another.
    """
    import hashlib

    for name, text, species, same in (
        ("a.data", data({"Si": 1, "O": 2}), ("Si", "O"), True),
        ("b.data", FILES["masses"][1], ("O", "Si"), True),
        ("c.data", FILES["masses"][1], ("Si", "O"), False),
        ("d.dump", FILES["element"][1], ("Si", "O"), True),
        ("e.dump", FILES["typelabel"][1], ("Si", "O"), False),
    ):
        (tmp_path / name).write_text(text)
        found = File(path=str(tmp_path / name), species=species)
        assert (found.fingerprint(0) == hashlib.sha256(text.encode()).hexdigest()) == same
        styled = File(path=str(tmp_path / name), species=species, atom_style="atomic")
        assert styled.fingerprint(0) != found.fingerprint(0)


def test_masses_tell_elements_and_reduced_ones_nothing():
    assert by_mass({1: 63.546, 2: 91.224}) == {1: "Cu", 2: "Zr"}
    assert by_mass({1: 64.0, 2: 91.0}) == {1: "Cu", 2: "Zr"}
    for reduced in ({1: 1.0, 2: 1.0}, {1: 1.0}, {1: 1.0, 2: 2.0}, {1: 28.0, 2: 28.0}, {1: 1e9}):
        assert by_mass(reduced) == {}


def test_names_begin_with_their_element():
    assert [stem(word) for word in ("Si1", "O_br", "SI", "O2-", "L")] == ["Si", "O", "Si", "O", "L"]


def test_types_beyond_reason_are_refused_before_memory_is_taken(tmp_path):
    (tmp_path / "a.dump").write_text(
        "ITEM: TIMESTEP\n0\nITEM: NUMBER OF ATOMS\n2\nITEM: BOX BOUNDS pp pp pp\n0 30\n0 30\n"
        "-0.5 0.5\nITEM: ATOMS id type x y z\n1 2000000000 1 1 0\n2 2 5 5 0\n"
    )
    for species in (None, ("Si", "O")):
        with pytest.raises(VitreousError, match="has atom types 2 to 2000000000; expected 1 to"):
            read_configuration(tmp_path / "a.dump", species=species)


def test_reading_in_a_pipeline_says_nothing_of_an_order_that_it_was_given(tmp_path):
    (tmp_path / "a.data").write_text(data({"Si": 1, "O": 2}))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        made = File(path=str(tmp_path / "a.data"), species=("Si", "O"))
        made.generate(0, np.random.default_rng(0))


def test_what_a_pipeline_assumes_is_said_of_the_first_glass_alone(tmp_path):
    for name in "ab":
        (tmp_path / f"{name}.data").write_text(data({"Si": 1, "O": 2}))
    made = File(path=str(tmp_path / "*.data"))
    with pytest.warns(UserWarning, match="type 1 Si, type 2 O are assumed"):
        made.generate(0, np.random.default_rng(0))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        made.generate(1, np.random.default_rng(0))
