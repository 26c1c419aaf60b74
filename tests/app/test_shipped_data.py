"""Each data set of the repository is what its sums say, and a run reads its labels."""

from pathlib import Path

import pytest
from toy import vitreous

DATA = Path(__file__).parents[2] / "data"
QUIET = ("executor=serial", "tracker=none", "report=false", "model=none")
RUNS = {
    "events": (
        "experiment=failure/hazards",
        "samples=1",
        "split.validation=0",
        "split.test=0",
        "~descriptor",
        "~evaluations.failure_causes",
        "loadings=[{rotation: 0}, {rotation: 45}]",
    ),
    "fan_ma": (
        "experiment=fan_ma/2d/indicators",
        "samples=1",
        "split.validation=0",
        "split.test=0",
        "~indicators",
        "~evaluations.anisotropy",
        "~evaluations.classes",
        "~evaluations.ranking",
    ),
    "font_clos": (
        "experiment=font_clos/weakest_bonds",
        "samples=1",
        "split.validation=0",
        "split.test=0",
        "~descriptor",
        "glass_seed=0",
    ),
}


def stored(home, stage):
    return {path.name for path in (home / "store" / stage).rglob("*") if path.is_dir()}


def test_every_data_set_has_its_run():
    assert set(RUNS) == {path.name for path in DATA.iterdir()}


@pytest.mark.parametrize("name", RUNS)
def test_a_run_finds_the_labels_of_a_data_set(name, tmp_path):
    (tmp_path / "data").symlink_to(DATA)
    done = vitreous(tmp_path, "data", "load", name)
    assert done.returncode == 0, done.stderr
    labels = stored(tmp_path, "label")
    done = vitreous(tmp_path, "run", *RUNS[name], *QUIET)
    assert done.returncode == 0, done.stderr
    assert stored(tmp_path, "label") == labels, "labels were made anew"
    assert not (tmp_path / "store" / "deform").exists()
