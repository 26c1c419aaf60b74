"""A table and arrays of the D2min labels of a run of ``experiment=fan_ma/...``, for other programs:

    python -m benchmarks.plastic_labels RUN OUT

OUT gets ``labels.csv``, a row per glass, loading and strain, and ``d2min.npz``:

=============  ==================  ===================================================
array          shape               content
=============  ==================  ===================================================
glass          (G,)                numbers of the glasses
positions      (G, N, D)           of the relaxed, undeformed glass, length
species        (G, N)              0, 1, ... in the order of ``names``
cell           (G, D, D)           rows are lattice vectors, length
loadings       (L,)                in words
strains        (S,)                1
d2min          (G, L, S, N)        length squared, single precision
=============  ==================  ===================================================
"""

import csv
import sys
from pathlib import Path

import numpy as np

from vitreous.core.run import Run

COLUMNS = (
    "glass",
    "loading",
    "strain",
    "energy_per_atom",
    "d2min_median",
    "d2min_fertile",
    "atoms",
)


def labels_of(sample):
    """(strain, labels) of a sample, in order of strain, from the fields of its labelers."""
    names = {key.partition(":")[2] for key in sample.values if key.startswith("label:")}
    return {"": sample.labels, **{name: sample.target(name) for name in names}}


def main(folder, out):
    """Write both files."""
    run, out = Run.open(folder), Path(out)
    config = run.about["config"]
    strain = {"": config["labeler"]["strain"]}
    strain |= {name: target["strain"] for name, target in config["targets"].items()}
    names = sorted(strain, key=lambda name: strain[name])
    glasses = sorted({sample.index for sample in run.samples})
    cases = {(sample.index, sample.case.loading): sample for sample in run.samples}
    rows, moved = [], []
    for glass in glasses:
        for loading in range(len(run.loadings)):
            sample = cases[glass, loading]
            found = labels_of(sample)
            moved.append([found[name].columns["d2min"] for name in names])
            for name in names:
                labels = found[name]
                values, fertile = labels.columns["d2min"], np.flatnonzero(labels.values)
                rows.append(
                    (
                        *(glass, sample.loading.title, strain[name]),
                        sample.configuration.info["energy"] / len(values),
                        *(np.median(values), values[fertile].min()),
                        " ".join(map(str, fertile)),
                    )
                )
    out.mkdir(parents=True, exist_ok=True)
    with (out / "labels.csv").open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow(COLUMNS)
        table.writerows([*row[:3], *(f"{value:.6g}" for value in row[3:6]), row[6]] for row in rows)
    first = [cases[glass, 0].configuration for glass in glasses]
    shape = (len(glasses), len(run.loadings), len(names), -1)
    np.savez_compressed(
        out / "d2min.npz",
        glass=np.array(glasses),
        positions=np.stack([each.positions for each in first]),
        species=np.stack([each.species for each in first]).astype(np.int8),
        names=np.array(first[0].names),
        cell=np.stack([each.cell for each in first]),
        loadings=np.array([loading.title for loading in run.loadings]),
        strains=np.array([strain[name] for name in names]),
        d2min=np.array(moved, dtype=np.float32).reshape(shape),
    )
    print(f"{len(glasses)} glasses, {len(rows)} labels in {out}")


if __name__ == "__main__":
    main(*sys.argv[1:])
