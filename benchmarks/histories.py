"""Runs of ``experiment=fan_ma/2d/history`` (or ``3d/composition``) on test glasses of several
histories side by side: scores, and the fraction of atoms predicted to be fertile against the shear
modulus of all of them (Fan & Ma 2021, Fig. 5 and Supplementary Fig. 16).

    python -m benchmarks.histories FIGURE NAME=RUN [NAME=RUN ...]

FIGURE is a PNG; RUN the folder of a finished run, NAME what its test glasses are called. Numbers
are means over glasses (of each the mean over its loadings) and their standard errors.
"""

import json
import sys
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from scipy.stats import pearsonr, spearmanr

from benchmarks.clock import table
from vitreous.analysis.axes import COLOURS, label_text, plain

SCORES = (
    ("classes", "balanced_accuracy"),
    ("ranking", "c_rank"),
    ("ranking", "overlap"),
    ("classes", "average_precision"),
    ("predicted_fraction", "fraction"),
    ("predicted_fraction", "modulus"),
)


def by_glass(folder):
    """(G, scores) of the model, a row per test glass."""
    found = json.loads((Path(folder) / "scores_by_glass.json").read_text())
    cases = found["predicted_fraction"]
    glasses = sorted({case.partition("_")[0] for case in cases}, key=int)
    return np.array(
        [
            [
                np.mean(
                    [found[e][case]["model"][name] for case in cases if case.split("_")[0] == glass]
                )
                for e, name in SCORES
            ]
            for glass in glasses
        ]
    )


def run(figure, *named):
    """Print the table, draw the figure."""
    rows, points = [], {}
    for name, _, folder in (each.partition("=") for each in named):
        values = points[name] = by_glass(folder)
        spread = values.std(axis=0, ddof=1) / np.sqrt(len(values)) if len(values) > 1 else None
        cells = [f"{m:.3f}" for m in values.mean(axis=0)]
        if spread is not None:
            cells = [f"{cell} +- {s:.3f}" for cell, s in zip(cells, spread, strict=True)]
        rows.append([name, len(values), *cells])
    table("Test glasses by history", ["history", "glasses", *(n for _, n in SCORES)], rows)
    fraction, modulus = np.vstack([of[:, -2:] for of in points.values()]).T
    if len(fraction) > 2:
        print(
            f"fraction against modulus, {len(fraction)} glasses: r = "
            f"{pearsonr(modulus, fraction).statistic:.2f}, rank "
            f"{spearmanr(modulus, fraction).statistic:.2f}"
        )
    draw(points).savefig(figure, dpi=150)


def draw(points):
    """Fraction against modulus of every history."""
    page = Figure(figsize=(5.2, 3.8), layout="constrained")
    axes = page.subplots()
    for colour, fill, (name, of) in zip(
        COLOURS[1:], ("none", "full", "left", "right"), points.items(), strict=False
    ):
        axes.plot(of[:, -1], 100.0 * of[:, -2], "o", color=colour, fillstyle=fill, label=name)
    axes.set_xlabel(label_text("shear modulus", "epsilon/sigma^2"))
    axes.set_ylabel("atoms predicted to be fertile, %")
    axes.legend(fontsize=8.5, frameon=False)
    plain(axes)
    return page


if __name__ == "__main__":
    run(*sys.argv[1:])
