"""Thresholds of randomly chosen places against LAMMPS at the fine step, one place after the other;
takes some seconds each, and resumes.

LAMMPS takes ten steps at once up to the first drop of the stress, then single ones from the last
state before it; where the strain of the drop is not ours it takes single steps all the way.

python -m benchmarks.fine_probes --sites 200 --out fine_probes.jsonl
"""

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from benchmarks.glasses import YUKAWA, large
from vitreous.core.data import Loading
from vitreous.mechanics.probing.pair_probe import PairProbe
from vitreous.plugins.labelers.local_probing import LocalProbing

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
LARGEST = 0.005  # difference of thresholds that counts as agreement
STRIDE = 10


def compare(places: int, out: Path) -> None:
    """One line of JSON per place: both thresholds, both critical strains, both times."""
    glass, labeler, loading = large(), LocalProbing(), Loading()
    surface, done = YUKAWA.surface(glass), len(out.read_text().splitlines()) if out.exists() else 0
    for k, site in enumerate(np.random.default_rng(0).uniform(0, 1, (places, 2)) @ glass.cell):
        if k < done:
            continue
        probe = labeler.probe(glass, YUKAWA, surface, loading, site)
        started = time.perf_counter()
        found = probe.run()
        ours = time.perf_counter() - started
        started = time.perf_counter()
        initial, critical, strain = by_lammps(probe, labeler, loading, STRIDE)
        if (
            abs(found.strain_critical - strain) > 0.5 * labeler.strain_step
        ):  # a stride may step over a drop that recovers
            initial, critical, strain = by_lammps(probe, labeler, loading, 1)
        theirs = time.perf_counter() - started
        row = {
            "site": site.tolist(),
            "ours": found.tau_critical - found.tau_initial,
            "lammps": critical - initial,
            "strain_ours": found.strain_critical,
            "strain_lammps": strain,
            "seconds_ours": ours,
            "seconds_lammps": theirs,
        }
        with out.open("a") as file:
            file.write(json.dumps(row) + "\n")
    report(out)


def by_lammps(
    probe: PairProbe, labeler: LocalProbing, loading: Loading, stride: int
) -> tuple[float, float, float]:
    """(tau_initial, tau_critical, strain_critical) of the same disc."""
    from lammps_yukawa import probe_by_small_steps

    step, strain_max, area = labeler.strain_step, labeler.strain_max, probe.protocol.area
    with tempfile.TemporaryDirectory() as folder:
        return probe_by_small_steps(
            probe.start,
            probe.free,
            probe.species,
            YUKAWA,
            folder,
            loading,
            step,
            strain_max,
            area,
            stride,
        )


def report(out: Path) -> None:
    """How many agree, and those that do not."""
    rows = [json.loads(line) for line in out.read_text().splitlines()]
    differ = [abs(row["ours"] / row["lammps"] - 1.0) for row in rows]
    ratio = sum(r["seconds_lammps"] for r in rows) / sum(r["seconds_ours"] for r in rows)
    within = sum(d <= LARGEST for d in differ)
    print(f"{within} of {len(rows)} within {LARGEST:.1%}, the largest difference {max(differ):.2%}")
    print(f"LAMMPS took {ratio:.0f} times as long")
    for row, d in zip(rows, differ, strict=True):
        if d > LARGEST:
            print(
                f"{d:7.1%} at {row['site']}: strain {row['strain_ours']:.4f}, LAMMPS "
                f"{row['strain_lammps']:.4f}"
            )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sites", type=int, default=200)
    parser.add_argument("--out", type=Path, default=Path("fine_probes.jsonl"))
    given = parser.parse_args()
    compare(given.sites, given.out)
