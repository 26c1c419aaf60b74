"""From a micrograph to disorder and thresholds in one run."""

import json

from toy import vitreous

from vitreous.direct import micrograph
from vitreous.plugins.generators.tem_image import EXAMPLE

QUICK = ("generator.detector=marr_hildreth", "labeler.grid=5", "tracker=none", "report=false")


def test_the_experiment_gives_the_disorder_and_the_map_of_its_image(tmp_path, capfd):
    done = vitreous(tmp_path, "run", "experiment=font_clos/tem", *QUICK)
    assert done.returncode == 0, done.stderr
    noted = capfd.readouterr().err  # by the worker
    assert "vitreous: note: sample 0: 16 of 25 sites are masked" in noted
    assert "UserWarning" not in noted
    assert "label 1, label:disorder 1" in done.stdout
    scores = json.loads(next(tmp_path.glob("runs/font_clos_tem/*/scores.json")).read_text())
    rings = micrograph(EXAMPLE, detector="marr_hildreth").rings
    assert abs(scores["rings"]["variance"] - rings.statistics.variance) < 1e-9
    assert scores["rings"]["glasses"] == 1.0
