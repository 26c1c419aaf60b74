"""Bundles of strangers: no link, pipe or name leads out of the folder, and no file is read that
nobody signed.
"""

import json
import os
import shutil

import pytest

from vitreous.bundles import read_bundle, read_model
from vitreous.bundles.folder import ABOUT, COMPONENT, FITTED, digests, sign
from vitreous.bundles.pyfunc import _load_pyfunc
from vitreous.bundles.read import SHIPPED
from vitreous.core.errors import VitreousError

pytest.importorskip("torch_geometric")


@pytest.fixture
def bundle(tmp_path):
    return shutil.copytree(SHIPPED / "listi", tmp_path / "bundle")


def write(folder, **changes):
    about = json.loads((folder / ABOUT).read_text()) | changes
    sign(folder, about)


@pytest.mark.parametrize("kind", ["link", "pipe", "link to a folder"])
def test_links_and_pipes_are_refused_before_they_are_opened(bundle, tmp_path, kind):
    weights = next((bundle / FITTED).rglob("weights.safetensors"))
    if kind == "link to a folder":
        shutil.move(bundle / FITTED, tmp_path / FITTED)
        (bundle / FITTED).symlink_to(tmp_path / FITTED)
    else:
        weights.unlink()
        weights.symlink_to("/dev/zero") if kind == "link" else os.mkfifo(weights)
    for read in (read_bundle, read_model):
        with pytest.raises(VitreousError, match="is no file; a model folder holds plain files"):
            read(bundle)


@pytest.mark.parametrize("name", ["/etc/passwd", "../elsewhere.fs", "no/such.fs"])
def test_a_potential_reads_no_file_that_is_not_of_the_bundle(bundle, name):
    about = json.loads((bundle / ABOUT).read_text())
    write(bundle, potential={**about["potential"], "files": {"file": name}})
    with pytest.raises(VitreousError, match=f"names {name}, which is no file of the bundle"):
        read_bundle(bundle)


@pytest.mark.parametrize(
    "potential", [[], {"files": []}, {"files": {"a": []}}, {"files": {}, "fields": 1}]
)
def test_a_bundle_whose_parts_are_of_another_kind_is_one_sentence(bundle, potential):
    write(bundle, potential=potential)
    with pytest.raises(VitreousError, match="get the bundle again"):
        read_bundle(bundle)


def test_a_model_that_is_no_bundle_has_checksums_that_are_compared(bundle):
    (bundle / ABOUT).unlink()
    with pytest.raises(VitreousError, match="has no checksums"):
        _load_pyfunc(str(bundle))
    about = json.loads((bundle / COMPONENT).read_text()) | {"files": digests(bundle / FITTED)}
    (bundle / COMPONENT).write_text(json.dumps(about))
    assert _load_pyfunc(str(bundle)).fitted is not None
    weights = next((bundle / FITTED).rglob("weights.safetensors"))
    weights.write_bytes(weights.read_bytes()[:-4] + bytes(4))
    with pytest.raises(VitreousError, match="its files differ from what was written"):
        _load_pyfunc(str(bundle))
