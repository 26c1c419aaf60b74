"""Coordinates stay those of the file: whatever a command writes lies over the original."""

import csv
import json

import ase.io
import numpy as np
import pytest

from vitreous.cli import main
from vitreous.io.read import read_configuration
from vitreous.io.write import write_configuration
from vitreous.testing.systems import silica_glass

ORIGIN = np.array([117.5, -40.25, 3.0])  #: of the cell; a plane glass lies at this z
SILICA = ("--potential", "yukawa_silica")
SHEAR = ("--loading", "pure_shear")


def placed():
    return silica_glass().with_(info={"origin": ORIGIN.tolist()})


def columns(path):
    """Columns of a table, or of the atoms of extended XYZ."""
    if path.suffix == ".csv":
        with open(path, newline="") as stream:
            rows = list(csv.DictReader(stream))
        return {name: [row[name] for row in rows] for name in rows[0]}
    atoms = ase.io.read(path, index=0)
    return {**dict(zip("xyz", atoms.positions.T, strict=True)), **atoms.arrays, **atoms.info}


def told(capsys, *arguments):
    assert main([*arguments, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


@pytest.fixture(params=[".dump", ".data", ".extxyz"])
def file(request, tmp_path):
    return write_configuration(tmp_path / f"glass{request.param}", placed())


def test_what_is_written_and_read_keeps_the_origin_of_the_cell(tmp_path, file):
    glass = read_configuration(file, species=("Si", "O"))
    assert glass.origin == pytest.approx(ORIGIN) and glass.dimension == 2
    assert np.allclose(glass.positions, silica_glass().positions, atol=1e-12)
    assert np.allclose(glass.in_file(glass.positions), silica_glass().positions + ORIGIN[:2])
    whole = ase.io.read(write_configuration(tmp_path / "b.extxyz", glass))
    assert np.allclose(whole.positions[:, :2], silica_glass().positions + ORIGIN[:2])
    assert np.allclose(whole.positions[:, 2], ORIGIN[2])


def test_results_lie_over_the_original(capsys, tmp_path, file):
    start = silica_glass().positions + ORIGIN[:2]
    file, species = str(file), ("--species", "Si,O")
    for name in ("atoms.csv", "atoms.extxyz"):
        told(capsys, "energy", file, *SILICA, *species, "--per-atom", str(tmp_path / name))
        found = columns(tmp_path / name)
        assert np.allclose(np.array(found["x"], dtype=float), start[:, 0])
        assert np.allclose(np.array(found["y"], dtype=float), start[:, 1])
    assert np.allclose(found["z"], ORIGIN[2]) and len(found["atom_energy"]) == 320
    told(capsys, "relax", file, *SILICA, *species, "--out", str(tmp_path / "rest.extxyz"))
    rest = columns(tmp_path / "rest.extxyz")
    assert np.abs(np.array(rest["x"]) - start[:, 0]).max() < 0.1
    moved = told(
        *(capsys, "d2min", str(tmp_path / "rest.extxyz"), file, *species),
        *("--cutoff", "4", "--out", str(tmp_path / "moved.extxyz")),
    )
    assert np.allclose(columns(tmp_path / "moved.extxyz")["x"], start[:, 0])
    assert np.abs(start - moved["at"]).sum(axis=1).min() < 1e-9


def test_maps_and_events_lie_over_the_original(capsys, tmp_path):
    file = str(write_configuration(tmp_path / "glass.extxyz", placed()))
    found = told(
        *(capsys, "probe", file, *SILICA, *SHEAR, "--grid", "2", "--probe-set", "free_radius=6"),
        *("--out", str(tmp_path / "map.csv")),
    )
    cell = silica_glass().cell
    sites = columns(tmp_path / "map.csv")
    for axis, name in enumerate("xy"):
        inside = np.array(sites[name], dtype=float) - ORIGIN[axis]
        assert inside.min() >= 0.0 and inside.max() < cell[axis, axis]
    assert found["weakest_at"][0] > ORIGIN[0]
    told(
        *(capsys, "probe", file, *SILICA, *SHEAR, "--grid", "2", "--probe-set", "free_radius=6"),
        *("--out", str(tmp_path / "map.extxyz")),
    )
    atoms = columns(tmp_path / "map.extxyz")
    places = np.column_stack([sites["x"], sites["y"]]).astype(float)
    for k in (0, 77, 200):
        step = silica_glass().minimum_image(places - [atoms["x"][k], atoms["y"][k]])
        site = int(np.linalg.norm(step, axis=1).argmin())
        assert atoms["delta_tau"][k] == pytest.approx(float(sites["delta_tau"][site]))
    told(
        *(capsys, "deform", file, *SILICA, *SHEAR, "--strain-max", "0.12", "--strain-step", "1e-3"),
        *("--stop-after-events", "1", "--out", str(tmp_path / "run")),
    )
    events, frames = columns(tmp_path / "run" / "events.csv"), tmp_path / "run" / "frames.extxyz"
    first = columns(frames)
    place = first["id"].tolist().index(int(events["atom"][0]))
    assert np.flatnonzero(first["event"]).tolist() == [place] and first["event"][place] == 1
    assert float(events["x"][0]) == pytest.approx(first["x"][place], abs=0.5)


def test_a_slab_keeps_its_height(tmp_path):
    """A bilayer at z = 1.62 in a cell from -117 to 117 did come out at 119."""
    (tmp_path / "a.dump").write_text(
        "ITEM: TIMESTEP\n0\nITEM: NUMBER OF ATOMS\n2\nITEM: BOX BOUNDS pp pp ff\n0 30\n0 30\n"
        "-117.64 117.64\nITEM: ATOMS id element x y z\n1 Si 1 1 1.62\n2 O 1 1 3.2\n"
    )
    glass = read_configuration(tmp_path / "a.dump")
    for name in ("b.dump", "b.extxyz"):
        path = write_configuration(tmp_path / name, glass)
        again = read_configuration(path)
        assert again.in_file(again.positions)[:, 2] == pytest.approx([1.62, 3.2])
        assert again.origin.tolist() == pytest.approx([0.0, 0.0, -117.64])
