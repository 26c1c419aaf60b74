"""The best that any method can reach on the labels of a run of ``experiment=fan_ma/...`` (Fan & Ma
2021, Methods): its test glasses deformed once more with their atoms in another order.

    python -m benchmarks.ceiling RUN [LOADINGS]

RUN is the folder of a finished run; LOADINGS the number of its loadings that are repeated, one by
default. Rounding alone differs between the two deformations, and grows in every instability.

``accuracy`` is the paper's: atoms of a balanced set (all fertile ones, as many of the others) that
keep their class. ``overlap`` is the fraction of the fertile atoms that are fertile again.
"""

import sys

import numpy as np

from vitreous.app.assembling import assemble
from vitreous.core.registry import discover
from vitreous.core.run import Run


def again(chain, sample, seed=0):
    """The classes (N,) of each target by name, from the glass with its atoms in another order."""
    glass = sample.configuration
    order = np.random.default_rng([seed, sample.index]).permutation(len(glass))
    shuffled = glass.with_(
        positions=glass.positions[order], species=glass.species[order], ids=glass.ids[order]
    )
    path = chain.simulator.deform(shuffled, chain.potential, sample.loading, strains=chain.strains)
    found = {}
    for name, labeler in chain.labelers.items():
        values = labeler.label(shuffled, chain.potential, sample.loading, path).values
        found[name] = (labeler.strain, values[np.argsort(order)])
    return found


def agreement(first, second):
    """Accuracy on a balanced set, and overlap, of two lists of classes (N,)."""
    overlap = second[first == 1].mean()
    return 0.5 * (overlap + (second[first == 0] == 0).mean()), overlap


def run(folder, loadings=1):
    """Print both by strain, mean and standard deviation over the glasses."""
    known = Run.open(folder)
    pipeline = assemble(known.about["config"], discover())
    rows = {}
    for sample in known.role("test"):
        if sample.case.loading >= int(loadings):
            continue
        for name, (strain, classes) in again(pipeline.chain(sample.case), sample).items():
            labels = sample.labels if name == "label" else sample.target(name.partition(":")[2])
            rows.setdefault(strain, []).append(agreement(labels.values, classes))
            print(
                f"{sample.title}, strain {strain:g}: overlap {rows[strain][-1][1]:.3f}", flush=True
            )
    print("strain   deformations   accuracy        overlap")
    for strain, found in sorted(rows.items()):
        mean, spread = np.mean(found, axis=0), np.std(found, axis=0)
        print(
            f"{strain:6g}   {len(found):12d}   {mean[0]:.4f} ± {spread[0]:.4f}   "
            f"{mean[1]:.3f} ± {spread[1]:.3f}"
        )


if __name__ == "__main__":
    run(*sys.argv[1:])
