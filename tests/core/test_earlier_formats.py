"""Artifacts and runs of every earlier format are read, or named for what they are.

``formats/run_1.tar.xz`` is what the toy experiment left at commit 8e922da, the first that wrote
``run.json``: ``store`` with its 25 artifacts, which had no seal, and the folder of the run. Bundles
of earlier formats are in ``tests/bundles/formats``.
"""

import json
import tarfile
from pathlib import Path

import numpy as np
import pytest
from toy import vitreous

from vitreous.core import run, store
from vitreous.core.errors import VitreousError
from vitreous.core.run import Run
from vitreous.core.store import Store

KEPT = Path(__file__).parent / "formats"


@pytest.fixture
def earlier(tmp_path):
    """What the earlier version left."""
    with tarfile.open(KEPT / "run_1.tar.xz") as archive:
        archive.extractall(tmp_path, filter="data")
    return tmp_path


def test_every_format_that_was_written_is_kept():
    """Whoever raises a format adds a file of the one before."""
    assert [path.name for path in KEPT.iterdir()] == [f"run_{n}.tar.xz" for n in (run.FORMAT,)]
    assert store.FORMAT == 1


def test_earlier_artifacts_are_whole_and_every_stage_is_read(earlier):
    kept = Store(earlier / "store")
    entries = list(kept.entries())
    assert {kept.verify(entry) for entry in entries} == {""}
    assert {type(kept.get(e.stage, e.key)[0]).__name__ for e in entries if e.stage != "fit"} == {
        *("Configuration", "Trajectory", "Labels", "Features", "dict")
    }


def test_an_earlier_run_opens_with_labels_and_predictions(toys, earlier):
    found = Run.open(earlier / "runs" / "first")
    assert [sample.role for sample in found.samples] == ["test", "train", "train"]
    labels, predicted = found.samples[2].labels, found.samples[2].prediction
    table = np.genfromtxt(earlier / "runs" / "first" / "predictions" / "sample_2.csv",
                          delimiter=",", names=True)  # fmt: skip
    np.testing.assert_allclose(predicted[labels.mask], table["prediction"][labels.mask], rtol=1e-9)
    assert found.weak_is == {}  # not said then, so nothing is scored by it


def test_a_run_of_a_later_version_says_which(earlier):
    path = earlier / "runs" / "first" / "run.json"
    later = {**json.loads(path.read_text()), "format": run.FORMAT + 1, "vitreous": "9.0"}
    path.write_text(json.dumps(later))
    with pytest.raises(VitreousError, match=r"format 2, but this version reads 1; open it with "
                       r"vitreous 9\.0"):  # fmt: skip
        Run.open(path.parent)


def test_the_store_of_a_later_version_is_left_as_it_is(earlier, monkeypatch):
    """What an earlier version cannot read it must not move aside: it is not damaged."""
    monkeypatch.setattr(store, "FORMAT", 0)
    done = vitreous(earlier, "store", "verify")
    assert done.returncode == 1
    assert "it has format 1, this version reads 0" in done.stdout
    last = done.stdout.splitlines()[-1]
    assert last.startswith("0 artifacts are whole, 0 damaged; ")
    assert last.endswith(" are of a later version of Vitreous: install it to read them")
    assert "written by a later version of Vitreous" in vitreous(earlier, "store", "ls").stdout
    kept = Store(earlier / "store")
    entry = next(kept.entries())
    with pytest.raises(VitreousError, match=r"later version .* another store with store=FOLDER"):
        kept.get(entry.stage, entry.key)
    assert entry.path.is_file()
