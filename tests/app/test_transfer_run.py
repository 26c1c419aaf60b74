"""Transfer from end to end, on monolayers whose first event takes a second: models learn from small
glasses, larger ones are tested, and their areas are scored.
"""

import json

import pytest
from toy import vitreous

MONOLAYERS = (
    "generator=dual_switch",
    "generator.rings_x=6",
    "generator.rings_y=6",
    "generator.steps=2000",
    "tested={rings_x: 8, rings_y: 8}",
    "potential=yukawa_silica",
    "loading.dimension=2",
    "projection=null",
    "simulator.max_events=1",
    "simulator.stop_at_break=false",
    "labeler.kind=any",
    "samples=5",
    "split.validation=1",
    "split.test=[0,1]",
    "executor=serial",
    "tracker=none",
    "report=false",
    "runs=runs",
)


def scores(home, *arguments):
    done = vitreous(home, "run", *arguments, *MONOLAYERS)
    assert done.returncode == 0, done.stderr
    (folder,) = (home / "runs").glob("*/*")
    found = json.loads((folder / "scores.json").read_text())["prediction_area"]
    cases = json.loads((folder / "run.json").read_text())["cases"]
    return found, [row["case"] for row in cases], done.stdout


def test_atoms_of_larger_glasses(tmp_path):
    pytest.importorskip("sklearn")
    found, cases, shown = scores(tmp_path, "experiment=font_clos/transfer", "model.folds=2")
    assert [case["role"] for case in cases].count("test") == 2
    assert found["model"]["glasses"] == 2.0 and {"bond_rate", "random"} <= set(found)
    assert found["random"]["found_in_25"] == 0.25 and "area by map" in shown


def test_windows_of_larger_glasses(tmp_path):
    pytest.importorskip("monai")
    found, _, _ = scores(
        tmp_path,
        "experiment=font_clos/windows",
        "targets.location.kind=any",
        "labeler.spacing=16",
        "descriptor.window=[32.0,28.0]",
        "descriptor.pixels=36",
        "model.epochs=1",
        "model.checkpoints=null",
    )
    assert found["model"]["glasses"] == 2.0
    assert 0.0 <= found["model"]["area"] <= 1.0
