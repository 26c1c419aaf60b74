"""Commands on micrographs: what they print, write and refuse."""

import csv
import json
import re

import numpy as np
import pytest
from micrographs import picture
from PIL import Image

from vitreous import direct
from vitreous.cli import main
from vitreous.io.read import read_configuration
from vitreous.plugins.generators.tem_image import EXAMPLE
from vitreous.testing.systems import silica_honeycomb

QUICK = ("--set", "detector=marr_hildreth")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """image.png, whole, and holed.npy, with 2 % of the silicons missing."""
    place = tmp_path_factory.mktemp("images")
    Image.fromarray(picture(seed=1).counts.astype(np.uint8)).save(place / "image.png")
    np.save(place / "holed.npy", picture(seed=2, missing=0.02).counts)
    return place


def told(capsys, *arguments):
    assert main([*arguments, "--json"]) == 0
    out, err = capsys.readouterr()
    return json.loads(out), err


def refused(capsys, *arguments):
    assert main(list(arguments)) == 2
    out, err = capsys.readouterr()
    assert (out, len(err.splitlines())) == ("", 1)
    return err


def test_rings_of_an_image_are_those_of_its_network(capsys, folder):
    found, err = told(capsys, "rings", str(folder / "image.png"), *QUICK)
    report = direct.micrograph(folder / "image.png", detector="marr_hildreth")
    assert err == ""
    assert found["variance"] == report.rings.statistics.variance
    assert found["spots_inside"] == report.imaged.found.inside > 90
    assert found["spots_flagged"] == 0
    assert found["pixel_size"] == pytest.approx(0.2, rel=0.02)
    given, _ = told(capsys, "rings", str(folder / "image.png"), *QUICK, "--set", "pixel_size=0.25")
    assert (given["pixel_size"], given["pixel_size_from"]) == (0.25, "given")


def test_flags_are_told_drawn_and_written_for_every_atom(capsys, folder, tmp_path):
    out, atoms, rows = (tmp_path / name for name in ("overlay.png", "atoms.extxyz", "atoms.csv"))
    found, err = told(
        capsys,
        *("rings", str(folder / "holed.npy"), *QUICK),
        *("--picture", str(out), "--per-atom", str(atoms)),
    )
    assert found["spots_flagged"] > 0
    assert re.search(rf"{found['spots_flagged']} of {found['spots_inside']} spots inside", err)
    assert "--picture overlay.png" in err
    assert found["written"] == [str(out), str(atoms)]
    colours = np.asarray(Image.open(out).convert("RGB")).reshape(-1, 3)
    assert len(colours) > 500_000
    for colour in ([0xE3, 0x1A, 0x1C], [0x35, 0xC8, 0xE8]):  # flags, and bonds
        assert np.any(np.abs(colours - np.array(colour)).max(axis=1) < 3)
    main(["rings", str(folder / "holed.npy"), *QUICK, "--per-atom", str(rows)])
    with open(rows) as stream:
        table = list(csv.DictReader(stream))
    flagged = [row for row in table if row["flagged"] == "1"]
    assert len(flagged) == found["spots_flagged"]
    assert all(row["species"] == "Si" and row["border"] == "0" for row in flagged)
    judged = [row for row in table if row["species"] == "Si" and row["border"] == "0"]
    assert len(judged) == found["spots_inside"]
    lacking = [row for row in judged if row["coordination"] != "3"]
    assert {row["id"] for row in lacking} <= {row["id"] for row in flagged}
    assert len(read_configuration(atoms)) == len(table)


def test_a_shipped_model_maps_a_micrograph(capsys, tmp_path):
    pytest.importorskip("torch_geometric")
    found, _ = told(
        capsys,
        *("predict", "listi", str(EXAMPLE), *QUICK, "--set", "si_si=3.02"),
        *("--relax", "--grid", "12", "--out", str(tmp_path / "map.csv")),
    )
    assert found["pixel_size_from"] == "mean Si-Si distance"
    with open(tmp_path / "map.csv") as stream:
        values = [float(row["delta_tau"]) for row in csv.DictReader(stream) if row["delta_tau"]]
    assert len(values) > 3
    assert 0.0 < min(values) < max(values) < 0.1


def test_a_micrograph_that_was_not_relaxed_is_bad_input(capsys):
    pytest.importorskip("torch_geometric")
    said = refused(capsys, "predict", "listi", str(EXAMPLE), *QUICK, "--grid", "3")
    assert "predict --relax" in said and "not converged" not in said


def test_options_of_the_other_kind_of_file_are_refused(capsys, folder, tmp_path):
    from vitreous.io.write import write_configuration

    glass = str(write_configuration(tmp_path / "glass.extxyz", silica_honeycomb(6, 4)))
    image = str(folder / "image.png")
    assert "it sets fields of a micrograph" in refused(capsys, "rings", glass, *QUICK)
    assert "are of micrographs, but" in refused(capsys, "rings", glass, "--picture", "a.png")
    assert "--species was given for the image" in refused(
        capsys, "rings", image, "--species", "Si,O"
    )
    assert "which holds one picture" in refused(capsys, "rings", image, "--frame", "0")
    assert "--bond-cutoff was given for an image" in refused(
        capsys, "rings", image, *QUICK, "--bond-cutoff", "2"
    )
    assert "it is the glass that is read" in refused(capsys, "rings", image, "--picture", image)


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda counts: counts[:30], "expected at least 44 on each side"),
        (lambda counts: np.minimum(counts, 10), "the image is saturated"),
        (lambda counts: np.where(counts > 35, np.nan, counts), "pixels of the image are not finit"),
        (lambda counts: np.random.default_rng(0).poisson(5.0, (200, 200)), "it shows no atoms"),
        (lambda counts: np.stack([counts, counts.T, counts], axis=-1), "is in colour"),
        (lambda counts: counts[60:110, 60:110], "set pixel_size, in angstrom"),
    ],
    ids=["tiny", "saturated", "not finite", "no atoms", "colour", "no scale"],
)
def test_bad_images_are_refused_in_a_sentence(capsys, tmp_path, make, says):
    np.save(tmp_path / "image.npy", make(picture(seed=1).counts))
    assert says in refused(capsys, "rings", str(tmp_path / "image.npy"), *QUICK)


def test_bad_fields_are_refused_in_a_sentence(capsys, folder):
    image = str(folder / "image.png")
    assert "did you mean 'diameter'" in refused(capsys, "rings", image, "--set", "diametre=9")
    assert "leaves" in refused(capsys, "rings", image, *QUICK, "--set", "region=[0,0,500,100]")
    assert "an odd number of pixels" in refused(capsys, "rings", image, "--set", "diameter=8")
