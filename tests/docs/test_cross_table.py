"""The cross table is that of the records beside it, and these are what they say."""

import hashlib
import re
from pathlib import Path

import pytest

from vitreous.core.packs import unpack
from vitreous.core.store import Store
from vitreous.report import records

RESULTS = Path(__file__).parents[2] / "docs" / "results"
FILES = sorted((RESULTS / "records").glob("*.json"))


def test_the_table_is_that_of_the_records():
    page = (RESULTS / "cross.md").read_text()
    rows = [line for line in page.splitlines() if line.startswith("| ")]
    assert rows == records.table([records.read(path) for path in FILES]).splitlines()


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_predictions_are_those_that_were_scored(path):
    record = records.read(path)
    archive = path.with_suffix(".npz").read_bytes()
    assert hashlib.sha256(archive).hexdigest() == record["sha256"]
    assert record["name"] == path.stem
    text = path.read_text()
    assert not re.search(r'"/(?!/)', text)  # no path of whoever made it


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    """The labels of both data sets. The glasses that bilayers rest at come again from seeds."""
    store = Store(tmp_path_factory.mktemp("labels") / "store")
    unpack(RESULTS.parents[1] / "data" / "fan_ma" / "labels.tar.xz", store)
    return store


@pytest.mark.slow
@pytest.mark.parametrize("path", [p for p in FILES if p.stem.startswith("lj_")], ids=str)
def test_scores_come_out_again_from_the_packed_labels(path, store):
    assert records.check(path, store)["counts"]["missing"] == 0
