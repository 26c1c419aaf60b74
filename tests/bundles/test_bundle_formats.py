"""A bundle of every earlier format, written by the version of Vitreous that wrote it, is still
read.

``formats/format_N`` are the bundles, of a map of the thresholds of small silica glasses by ridge on
symmetry functions; ``map_N.json`` is what that version predicted of ``glass.extxyz``, a grid of 4.
Written at the commits 064b760 (1), a3b8ca5 (2) and fb65c00 (3).
"""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from vitreous.bundles import find_bundle, predict, read_glass_for
from vitreous.bundles.folder import FORMAT, own_digest
from vitreous.cli import main
from vitreous.core.errors import VitreousError

KEPT = Path(__file__).parent / "formats"
EARLIER = range(1, FORMAT)


def bundle_of(form):
    return find_bundle(str(KEPT / f"format_{form}"))


@pytest.mark.parametrize("form", EARLIER)
def test_an_earlier_bundle_predicts_what_it_did(form):
    bundle = bundle_of(form)
    found = predict(read_glass_for(bundle, KEPT / "glass.extxyz"), bundle, grid=4)
    expected = json.loads((KEPT / f"map_{form}.json").read_text())
    np.testing.assert_allclose(found.labels.values, expected, rtol=1e-10)
    assert found.labels.mask.all() and found.at_rest and found.largest_force < 1e-6


@pytest.mark.parametrize(("form", "verdict"), [(1, None), (2, None), (3, False)])
def test_what_an_earlier_bundle_does_not_know_is_not_known(form, verdict):
    """Formats 1 and 2 compared columns of features, in units that they did not keep."""
    bundle = bundle_of(form)
    found = predict(read_glass_for(bundle, KEPT / "glass.extxyz"), bundle, grid=4)
    assert found.doubtful is verdict
    assert found.correlation is None and found.bounds == {} and found.uncertainty is None


def test_a_map_of_one_site_is_printed_as_a_map(capsys):
    """As every map was before other answers than maps were known."""
    arguments = [str(KEPT / "format_1"), str(KEPT / "glass.extxyz"), "--grid", "1", "--json"]
    assert main(["predict", *arguments]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["sites"] == 1 and told["masked"] == 0 and len(told["weakest_at"]) == 1
    assert set(told["delta_tau"]) == {"least", "median", "largest"}


def test_an_earlier_bundle_refuses_what_it_refused():
    bundle = bundle_of(1)
    glass = read_glass_for(bundle, KEPT / "glass.extxyz")
    with pytest.raises(
        VitreousError, match="100 % Si, but the model was trained on 40 % Si, 60 % "
    ):
        predict(glass.with_(species=0 * glass.species), bundle)


@pytest.mark.parametrize(
    ("form", "says"),
    [
        (FORMAT + 1, "format 5, written by vitreous 9.0; .* reads formats 1 to 4: install that"),
        ("new", "format 'new'"),
    ],
)
def test_a_bundle_of_a_later_version_says_which(form, says, tmp_path):
    folder = shutil.copytree(KEPT / "format_3", tmp_path / "later")
    about = {**json.loads((folder / "bundle.json").read_text()), "format": form, "vitreous": "9.0"}
    (folder / "bundle.json").write_text(json.dumps({**about, "sha256": own_digest(about)}))
    with pytest.raises(VitreousError, match=says):
        find_bundle(str(folder))


@pytest.mark.parametrize("dimension", [10**20, 10**9, 0, "2"])
def test_an_earlier_bundle_of_another_dimension_is_refused(dimension, tmp_path):
    """Before memory is taken for it."""
    folder = shutil.copytree(KEPT / "format_3", tmp_path / "odd")
    about = json.loads((folder / "bundle.json").read_text())
    about["glasses"]["dimension"] = dimension
    (folder / "bundle.json").write_text(json.dumps({**about, "sha256": own_digest(about)}))
    with pytest.raises(VitreousError, match=r"dimensions; expected 2 or 3"):
        find_bundle(str(folder))


def test_every_earlier_format_is_kept():
    assert sorted(p.name for p in KEPT.glob("format_*")) == [f"format_{n}" for n in EARLIER]
    for form in EARLIER:
        about = json.loads((KEPT / f"format_{form}" / "bundle.json").read_text())
        assert about["format"] == form
