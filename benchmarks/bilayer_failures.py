"""The hazards of ``experiment=failure/hazards`` on bilayers, whose first breaks are packed in
data/font_clos:

    python -m benchmarks.bilayer_failures RUN [--store FOLDER] [--folds 10]

RUN is the folder of a run of ``experiment=font_clos/fracture_risk``, which leaves out glasses that
rest at a saddle. Glasses are relaxed ones of the run; strain and atoms of the first broken bond
come from labels.csv.
"""

import argparse
import csv
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np

from benchmarks.failures import folds_of, line, predicted, scored
from vitreous.core.data import Labels
from vitreous.core.run import Run
from vitreous.plugins.descriptors.network_weakness import NetworkWeakness
from vitreous.plugins.evaluations.first_failure import FirstFailure
from vitreous.plugins.potentials.watanabe import Watanabe

TABLE = Path(__file__).parents[1] / "data" / "font_clos" / "labels.csv"
STEP = 5e-5
RADIUS = 4.0  # of the surroundings of a break, angstrom


def breaks():
    """Strain and atoms of the first break, by number of the glass."""
    with TABLE.open() as table:
        rows = [r for r in csv.DictReader(table) if r["network"] == "fixed"]
    return {
        int(row["glass"]): (
            float(row["fracture_strain"]),
            [int(atom) for atom in row["atoms"].split()],
        )
        for row in rows
        if float(row["strain_step"]) == STEP and row["minimiser"] == "cg"
    }


def learnable(sample, strain, atoms):
    """The sample with the break as its failure and event, described."""
    glass = sample.configuration
    values = np.full(len(glass), -strain)
    for atom in atoms:
        step = glass.minimum_image(glass.positions - glass.positions[atom])
        values[np.linalg.norm(step, axis=1) <= RADIUS] = strain
    labels = Labels(
        name="failures",
        level="atom",
        task="survival",
        unit="strain",
        values=values,
        mask=np.ones(len(values), dtype=bool),
        positions=glass.positions,
    )
    event = replace(
        labels,
        name="first_break",
        level="event",
        task="value",
        values=np.array([strain]),
        mask=np.array([True]),
        positions=glass.positions[atoms[:1]],
    )
    features = NetworkWeakness().describe(
        glass, sample.loading, glass.positions, "atom", Watanabe()
    )
    return sample.with_(labels=labels, events=event, features=features, indicators=None)


def main(arguments):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("run")
    parser.add_argument("--store")
    parser.add_argument("--folds", type=int, default=10)
    options = parser.parse_args(arguments)
    known = breaks()
    run = Run.open(options.run, options.store)
    samples = [learnable(s, *known[s.index]) for s in run.samples if s.index in known]
    print(f"{len(samples)} bilayers with a first break by steps of {STEP:g}")
    for name, columns in {"all columns": ("*",), "ahead_0": ("ahead_0",)}.items():
        found = [
            sample
            for train, test in folds_of(samples, options.folds)
            for sample in predicted(samples, columns, train, test)
        ]
        place, ranks = scored(run, found, FirstFailure(distance=10.0))
        line(name, place["model"], ranks["model"], place["strain"])
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
