"""Glasses from micrographs: where their atoms lie, what changes their key, and what is refused."""

import numpy as np
import pytest
from micrographs import PIXEL, picture
from PIL import Image
from scipy.spatial import KDTree

from vitreous import direct
from vitreous.core.data import Loading
from vitreous.core.errors import VitreousError
from vitreous.core.registry import discover
from vitreous.plugins.generators.file import File
from vitreous.plugins.generators.tem_image import EXAMPLE, TEMImage
from vitreous.plugins.labelers.disorder import Disorder
from vitreous.plugins.potentials.yukawa_silica import YukawaSilica


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """image.png, a micrograph of 240 x 240 pixels."""
    place = tmp_path_factory.mktemp("images")
    Image.fromarray(picture(seed=1).counts.astype(np.uint8)).save(place / "image.png")
    return place


def reader(folder, **fields):
    return TEMImage(**{"path": str(folder / "image.png"), "detector": "marr_hildreth", **fields})


def read(folder, **fields):
    return reader(folder, **fields).generate(0, np.random.default_rng(0))


def test_silicons_lie_where_the_image_shows_them_y_upwards(folder):
    glass = read(folder, pixel_size=PIXEL)
    true = (picture(seed=1).silicon * (1, -1) + [0.5, 239.5]) * PIXEL
    silicon = glass.positions[glass.species == 0]
    apart = KDTree(true).query(silicon)[0]
    assert np.sqrt(np.mean(apart**2)) < 0.1
    assert np.allclose(glass.cell, 48.0 * np.eye(2))
    assert glass.periodic == (False, False)
    assert glass.units == "silica2d"
    assert glass.info["pixel_size_from"] == "given"


def test_an_oxygen_lies_at_the_middle_of_each_bond(folder):
    glass = read(folder)
    silicon = int(np.sum(glass.species == 0))
    joined = [glass.bonds[glass.bonds[:, 1] == o, 0] for o in range(silicon, len(glass))]
    assert all(len(pair) == 2 for pair in joined)
    assert glass.positions[silicon:] == pytest.approx(glass.positions[joined].mean(axis=1))
    length = np.linalg.norm(
        glass.positions[glass.bonds[:, 1]] - glass.positions[glass.bonds[:, 0]], axis=1
    )
    assert length.mean() == pytest.approx(3.05 / 2, rel=0.01)
    assert glass.info["pixel_size"] == pytest.approx(PIXEL, rel=0.02)
    assert glass.info["pixel_size_from"] == "mean Si-Si distance"


def test_disorder_is_that_of_the_closed_rings_of_the_truth(folder):
    from vitreous.analysis.open_rings import trace_open_rings

    truth = picture(seed=1)
    margin = np.all((truth.silicon > 5) & (truth.silicon < 234), axis=1)
    bonds = truth.bonds[margin[truth.bonds].all(axis=1)]
    wanted = np.var(trace_open_rings(truth.silicon, bonds).sizes)
    loading = Loading(mode="uniaxial", dimension=2)
    label = Disorder().label(read(folder), YukawaSilica(), loading, None)
    assert label.values[0] == pytest.approx(wanted, abs=0.05)


def test_a_region_is_a_part_of_the_same_glass(folder):
    whole = read(folder, pixel_size=PIXEL)
    part = read(folder, pixel_size=PIXEL, region=(30, 20, 230, 200))
    assert np.allclose(part.cell, np.diag([40.0, 36.0]))
    assert part.info["origin"] == pytest.approx([6.0, 8.0, 0.0])
    silicon = part.in_file(part.positions)[part.species == 0]
    apart = KDTree(whole.positions[whole.species == 0]).query(silicon)[0]
    assert np.sort(apart)[: int(0.9 * len(apart))].max() < 0.1


def test_dark_atoms_are_those_of_the_inverted_image(folder, tmp_path):
    values = np.asarray(Image.open(folder / "image.png"))
    Image.fromarray(255 - values).save(tmp_path / "image.png")
    assert np.allclose(read(tmp_path, dark=True).positions, read(folder).positions, atol=0.02)


def test_edits_correct_what_was_found_and_change_the_key(folder, tmp_path):
    glass = read(folder, pixel_size=PIXEL)
    middle = int(np.argmin(np.linalg.norm(glass.positions - 24.0, axis=1) + 100 * glass.species))
    x, y = glass.positions[middle] / PIXEL * (1, -1) + [-0.5, 239.5]
    edits = tmp_path / "edits.csv"
    edits.write_text(f"remove,{x + 2:.1f},{y:.1f}\n")
    with pytest.warns(UserWarning, match=r"3 of \d+ spots inside .* \(3 coordination\)"):
        holed = read(folder, pixel_size=PIXEL, edits=str(edits))
    assert np.sum(holed.species == 0) == np.sum(glass.species == 0) - 1
    assert holed.info["spots_flagged"] == 3
    assert len(holed.info["flagged_ids"].split()) == 3
    first = reader(folder, edits=str(edits)).fingerprint(0)
    edits.write_text(f"remove,{x:.3f},{y:.3f}\nadd,{x:.3f},{y:.3f}\n")
    mended = read(folder, pixel_size=PIXEL, edits=str(edits))
    assert mended.info["spots_flagged"] == 0
    assert (
        len({first, reader(folder, edits=str(edits)).fingerprint(0), reader(folder).fingerprint(0)})
        == 3
    )


def test_a_bilayer_is_the_layer_and_its_mirror_image(folder):
    layer, both = read(folder), read(folder, bilayer=True)
    silicon, oxygen = np.sum(layer.species == 0), np.sum(layer.species == 1)
    assert len(both) == 3 * silicon + 2 * oxygen
    assert (both.dimension, both.units, both.periodic) == (3, "metal", (False, False, False))
    upper = both.positions[:silicon]
    assert np.allclose(upper[:, :2], layer.positions[:silicon])
    report = direct.micrograph(folder / "image.png", detector="marr_hildreth", bilayer=True)
    assert report.configuration == both
    coordination = report.columns["coordination"][:silicon]
    assert np.all(coordination[report.columns["border"][:silicon] == 0] == 4)
    assert all(len(column) == len(both) for column in report.columns.values())
    plane = direct.micrograph(folder / "image.png", detector="marr_hildreth").rings.statistics
    assert report.rings.statistics.variance == pytest.approx(plane.variance)
    assert len(report.rings.layers) == 2


def test_each_image_of_a_pattern_is_a_glass(folder, tmp_path):
    for k in (1, 2, 10):
        Image.fromarray(np.asarray(Image.open(folder / "image.png"))[: 240 - k]).save(
            tmp_path / f"image{k}.png"
        )
    maker = TEMImage(path=str(tmp_path / "*.png"), detector="marr_hildreth")
    assert maker.available == 3
    heights = [maker.generate(k, np.random.default_rng(0)).cell[1, 1] for k in range(3)]
    assert heights[0] > heights[1] > heights[2]  # 1, 2, 10: numbers by value
    with pytest.raises(VitreousError, match="image 3 was requested"):
        maker.generate(3, np.random.default_rng(0))
    (tmp_path / "edits.csv").write_text("add,3,3\n")
    with pytest.raises(VitreousError, match="belong to one image"):
        TEMImage(path=str(tmp_path / "*.png"), edits=str(tmp_path / "edits.csv")).generate(
            0, np.random.default_rng(0)
        )


def test_the_image_of_the_package_is_small_and_shows_a_whole_network():
    assert EXAMPLE.stat().st_size < 100_000
    glass = TEMImage(path=None, detector="marr_hildreth").generate(0, np.random.default_rng(0))
    assert glass.info["spots_flagged"] == 0
    assert glass.info["spots_inside"] > 300


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        (
            {"region": (100, 100, 300, 200)},
            r"leaves .*, which is 240 x 240 pixels; expected at mos",
        ),
        ({"region": (100, 100, 90, 200)}, "expected .left, top, right, bottom."),
        ({"region": (0, 0, 240)}, "expected .left, top, right, bottom."),
        ({"region": (0, 0, 40, 40)}, "the image is 40 x 40 pixels; expected at least 44"),
        ({"diameter": 10}, "an odd number of pixels from 3"),
        ({"detector": "eye"}, "expected trackpy or marr_hildreth"),
        ({"pixel_size": 0.0}, "pixel_size=0.0; expected a length in angstrom"),
        ({"path": ""}, "expected a path, a pattern, or a list"),
        ({"path": "absent.png"}, "there is no file absent.png"),
    ],
)
def test_impossible_fields_are_refused(folder, fields, says):
    with pytest.raises(VitreousError, match=says):
        read(folder, **fields)


def test_edits_outside_the_region_are_refused(folder, tmp_path):
    (tmp_path / "edits.csv").write_text("add,10,10\n")
    with pytest.raises(VitreousError, match="edits a spot at 10,10, outside the image or its reg"):
        read(folder, region=(30, 20, 230, 200), edits=str(tmp_path / "edits.csv"))


def test_other_generators_send_images_here(folder):
    assert discover().readers(folder / "image.png") == ["tem_image"]
    with pytest.raises(VitreousError, match="is read by generator=tem_image"):
        File(path=str(folder / "image.png")).generate(0, np.random.default_rng(0))
