"""The bundles ``fracture_strain`` and ``fracture_risk`` that ship, made anew from the labels of
``data/font_clos``, whose glasses come again from their seeds (five minutes of computing):

    python -m benchmarks.bilayer_bundles OUT

OUT gets a folder for each. They are equal to those that ship, but for the time in ``MLmodel``.
"""

import json
import shutil
import sys
import tempfile
from pathlib import Path

from vitreous.cli import main as vitreous

NAMES = ("fracture_strain", "fracture_risk")


def made(name, home):
    """The model folder of a run on all 60 glasses."""
    status = vitreous(
        [
            *("run", f"experiment=font_clos/{name}", "samples=60", "glass_seed=0"),
            *("split.test=0", "tracker=none", "report=false"),
            *(f"hydra.run.dir={home}/{name}", f"home={home}"),
        ]
    )
    assert status == 0
    return Path(home) / name / "model"


def main(out, home):
    """Both bundles; ``home`` keeps glasses and labels."""
    assert vitreous(["data", "load", "font_clos", "--store", f"{home}/store"]) == 0
    for name in NAMES:
        place = Path(out) / name
        shutil.rmtree(place, ignore_errors=True)
        shutil.copytree(made(name, home), place)
        sizes = [path.stat().st_size for path in place.rglob("*") if path.is_file()]
        about = json.loads((place / "bundle.json").read_text())
        print(f"{place}: {len(about['glasses']['keys'])} glasses, {sum(sizes)} bytes")


if __name__ == "__main__":
    if len(sys.argv) > 2:
        main(*sys.argv[1:])
    else:
        with tempfile.TemporaryDirectory() as folder:
            main(sys.argv[1], folder)
