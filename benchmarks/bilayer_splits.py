"""How well the strain and the atoms of the first break of a bilayer are predicted, over many splits
by glass, from two runs that described the glasses:

    python -m benchmarks.bilayer_splits STRAIN_RUN RISK_RUN [SPLITS]

STRAIN_RUN and RISK_RUN are folders of runs of ``experiment=font_clos/fracture_strain`` and
``fracture_risk``. Each split learns from four fifths of the glasses. Printed are R2 and mean
absolute error over all test glasses, the shares of test glasses inside the intervals, and average
precision and log loss of the atoms; errors are standard errors over splits (whose glasses overlap)
or, of shares, binomial ones of the number of glasses.

"nested" chooses in every split anew, by leaving one of its training glasses out, which sharpness
and which second column of the bonds' response make the features: how well the whole way of choosing
them does on glasses that had no part in it.
"""

import sys
from dataclasses import replace

import numpy as np

from vitreous.analysis.conformal import table_of
from vitreous.core.run import Run
from vitreous.plugins.models.bayesian_ridge import BayesianRidge
from vitreous.plugins.models.logistic import Logistic

SHARES = (0.5, 0.9, 0.95)
SHARPNESS = (10.0, 15.0, 20.0, 25.0, 30.0, 40.0)


def splits(count, number):
    """(training, test) indices; a fifth is tested."""
    for seed in range(number):
        order = np.random.default_rng(seed).permutation(count)
        yield order[count // 5 :], order[: count // 5]


def learnt(model, examples):
    return model.fit(examples, [], np.random.default_rng(0), lambda *_: None)


def strains(run, number, columns=None):
    """Prints a line; ``columns(train)`` gives the features (glasses, columns) of a split."""
    given = np.array([sample.features.values[0] for sample in run.samples])
    values = np.array([sample.labels.values[0] for sample in run.samples])
    error, usual, inside = [], [], []
    for train, test in splits(len(values), number):
        rows = given if columns is None else columns(train, values)
        examples = [
            (
                replace(s.features, names=tuple(map(str, range(rows.shape[1]))), values=row[None]),
                s.labels,
            )
            for s, row in zip(run.samples, rows, strict=True)
        ]
        found = learnt(BayesianRidge(), [examples[k] for k in train])
        told, deviation = found.evaluate(rows[test])
        table = table_of(found.left_out())
        error.append(told - values[test])
        usual.append(values[train].mean() - values[test])
        inside.append([np.abs(error[-1]) <= table.half_width(deviation, p) for p in SHARES])
    error, usual = np.array(error), np.array(usual)
    each = 1.0 - (error**2).sum(1) / (usual**2).sum(1)
    held = np.array(inside).mean(axis=(0, 2))
    print(
        f"R2 {1.0 - (error**2).sum() / (usual**2).sum():.2f}"
        f" (median of a split {np.median(each):.2f}), mean absolute error "
        f"{np.abs(error).mean():.4f}"
        f" (of the mean {np.abs(usual).mean():.4f}), inside "
        + ", ".join(
            f"{100 * p:.0f} %: {100 * h:.0f} +- {100 * (p * (1 - p) / len(values)) ** 0.5:.0f} %"
            for p, h in zip(SHARES, held, strict=True)
        )
    )


def chosen(risk):
    """Features of every split, chosen by its training glasses from those of ``risk``."""
    names = risk.samples[0].features.names
    bridges = [
        s.features.values[s.features.values[:, names.index("centre")] == 0.0] for s in risk.samples
    ]
    options = {}
    for sharpness in SHARPNESS:
        rows = []
        for of in bridges:
            rate = of[:, names.index("bond_rate")]
            weight = np.exp(sharpness * (rate - rate.max()))
            soft = np.log(weight.mean()) / sharpness + rate.max()
            rows.append([soft, *(weight @ of / weight.sum())])
        rows = np.array(rows)
        options[sharpness, "alone"] = rows[:, :1]
        for k, name in enumerate(names):
            if rows[:, k + 1].std() > 1e-9:
                options[sharpness, name] = rows[:, [0, k + 1]]
    taken = []

    def columns(train, values):
        def left_out(rows):
            z = rows[train]
            z = np.column_stack([np.ones(len(z)), (z - z.mean(0)) / z.std(0)])
            hat = z @ np.linalg.solve(z.T @ z + np.diag([0.0] + [1.0] * (z.shape[1] - 1)), z.T)
            off = (values[train] - hat @ values[train]) / (1.0 - np.diag(hat))
            return (off**2).sum()

        best = min(options, key=lambda option: left_out(options[option]))
        taken.append(best)
        return options[best]

    return columns, taken


def precision(scores, true):
    """Average precision of scores for marked atoms."""
    hits = true[np.argsort(-scores, kind="stable")]
    return (np.cumsum(hits)[hits] / (np.flatnonzero(hits) + 1)).mean()


def risks(run, number, columns):
    """Prints a line for the logistic model on ``columns``, beside the rate of the bonds alone."""
    examples = [(s.features, s.labels) for s in run.samples]
    true = [s.labels.values == 1.0 for s in run.samples]
    rate = run.samples[0].features.names.index("bond_rate")
    ours, alone, total, loss = [], [], [], []
    for train, test in splits(len(examples), number):
        found = learnt(Logistic(columns=columns), [examples[k] for k in train])
        told = [found.probabilities(examples[k][0])[:, 1] for k in test]
        ours.append(np.mean([precision(p, true[k]) for p, k in zip(told, test, strict=True)]))
        alone.append(np.mean([precision(examples[k][0].values[:, rate], true[k]) for k in test]))
        total += [(p.sum(), true[k].sum()) for p, k in zip(told, test, strict=True)]
        loss += [
            -np.log(np.where(true[k], p, 1 - p)).sum() for p, k in zip(told, test, strict=True)
        ]
    gain = np.subtract(ours, alone)
    expected, there = np.sum(total, axis=0)
    print(
        f"{', '.join(columns)}: average precision {np.mean(ours):.3f}, of bond_rate alone "
        f"{np.mean(alone):.3f}, gain {gain.mean():.3f} +- {gain.std() / len(gain) ** 0.5:.3f}; "
        f"breaking atoms expected {expected:.0f}, there {there:.0f}; log loss of a glass "
        f"{np.mean(loss):.1f}"
    )


def main(strain, risk, number=40):
    """All lines."""
    strain, risk, number = Run.open(strain), Run.open(risk), int(number)
    keys = [{s.case.glass for s in run.samples} for run in (strain, risk)]
    assert keys[0] == keys[1], "the two runs have different glasses"
    print(f"{len(strain.samples)} glasses, {number} splits")
    print("weakest_link, bayesian_ridge:", end=" ")
    strains(strain, number)
    columns, taken = chosen(risk)
    print("nested:", end=" ")
    strains(strain, number, columns)
    names, counts = np.unique([name for _, name in taken], return_counts=True)
    print("  chosen:", ", ".join(f"{n} {c}" for n, c in zip(names, counts, strict=True)))
    for of in (("bond_rate", "angle"), ("bond_rate",), ("*",)):
        risks(risk, number, of)


if __name__ == "__main__":
    main(*sys.argv[1:])
