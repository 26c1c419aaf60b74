"""Intervals, deviations and the verdict of ``predict`` on glasses like and unlike those of the
training, against their true maps.

python -m benchmarks domain FOLDER [JUMOL_FOLDER]

FOLDER keeps every glass with its true map, and what the bundle ``listi`` says of it, so that a
stopped campaign goes on there: some 20 s of CPU per glass. JUMOL_FOLDER holds the networks
``*.lammpstrj.gz`` of the JuMol benchmark.
"""

import sys
import time
import warnings
from pathlib import Path
from typing import NamedTuple

import numpy as np
from scipy.stats import rankdata, spearmanr

from benchmarks.clock import table
from benchmarks.domain_glasses import Recipe, recipes
from benchmarks.glasses import YUKAWA
from vitreous.bundles import Bundle, find_bundle, predict
from vitreous.bundles.folder import digests
from vitreous.bundles.read import SHIPPED
from vitreous.core.data import Configuration, Labels, Loading
from vitreous.core.errors import VitreousError
from vitreous.core.store import Store, key_of
from vitreous.plugins.labelers.local_probing import LocalProbing

GRIDS = {"validation": 40, "cut": 44}  #: places along each side, by kind; else GRID
GRID = 24
POOR = 0.94  #: correlation below which a map is called poor
NEAR = 0.01  #: of it: such glasses are probed again, on a grid twice as fine
DRAWS = 2000  #: of the bootstrap
ALIKE = ("test", "alike")  #: kinds that are as those of the training


class Judged(NamedTuple):
    """What came of one glass: correlation with the true map, and what was expected of it; shares of
    places within the intervals; Spearman's correlation of |error| and deviation.
    """

    kind: str
    found: float
    expected: float
    doubtful: bool | None
    within_50: float
    within_95: float
    ranked: float


def run(folder: str, jumol: str | None = None) -> None:
    """Prints the tables."""
    store, bundle = Store(folder), find_bundle("listi")
    judged = {}
    for name, make in recipes(Path(jumol) if jumol else None).items():
        if (found := of(store, bundle, name, make)) is not None:
            judged[name] = found
    by_kind(judged)
    verdict([j for j in judged.values() if j.kind != "validation"])


def of(store: Store, bundle: Bundle, name: str, make: Recipe) -> Judged | None:
    """What comes of one glass; None for one that cannot be made."""
    if (made := known(store, name, make)) is None:
        return None
    judged = judge(store, bundle, name, *made)
    if kind_of(name) != "validation" and abs(judged.found - POOR) < NEAR:
        glass = made[0]
        if (finer := known(store, f"{name} finer", lambda: glass, 2 * grid_of(name))) is not None:
            judged = judge(store, bundle, f"{name} finer", *finer)
    return judged


def known(
    store: Store, name: str, make: Recipe, grid: int | None = None
) -> tuple[Configuration, Labels] | None:
    """A glass and its true map, from the store or computed now; None for one that cannot be made,
    which is reported.
    """
    key = key_of({"domain": name})
    if (found := store.get("domain", key)) is not None:
        return found[0]
    start = time.process_time()
    try:
        glass = make()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            truth = LocalProbing(grid=grid or grid_of(name)).label(glass, YUKAWA, Loading(), None)
    except VitreousError as error:
        print(f"{name} is left out: {error}", file=sys.stderr, flush=True)
        return None
    store.put(
        "domain", key, (glass, truth), {"glass": name, "seconds": time.process_time() - start}
    )
    print(
        f"{name}: {len(glass)} atoms, {truth.mask.sum()} places, "
        f"{time.process_time() - start:.0f} s",
        file=sys.stderr,
        flush=True,
    )
    return glass, truth


def grid_of(name: str) -> int:
    """Places along each side of this glass's map."""
    return GRIDS.get(kind_of(name), GRID)


def kind_of(name: str) -> str:
    """What stands before the dash."""
    return name.split("-", maxsplit=1)[0]


def judge(store: Store, bundle: Bundle, name: str, glass: Configuration, truth: Labels) -> Judged:
    """What the bundle says of a glass, from the store or predicted now."""
    key = key_of(
        {
            "domain": name,
            "bundle": digests(SHIPPED / "listi"),
            "trust": vars(bundle.trust),
            "of": Judged._fields,
        }
    )
    if (stored := store.get("judged", key)) is not None:
        return Judged(**stored[0])
    found = predict(glass, bundle, grid=truth.grid[0])
    known = truth.mask & found.labels.mask
    values, true = found.labels.values[known], truth.values[known]
    within = {
        p: float(np.mean((low[known] < true) & (true < high[known])))
        for p, (low, high) in found.bounds.items()
    }
    assert found.uncertainty is not None and found.correlation is not None
    made = Judged(
        kind_of(name),
        float(np.corrcoef(values, true)[0, 1]),
        found.correlation,
        found.doubtful,
        within[0.5],
        within[0.95],
        float(spearmanr(np.abs(values - true), found.uncertainty[known])[0]),
    )
    store.put("judged", key, made._asdict(), {"glass": name})
    return made


def by_kind(judged: dict[str, Judged]) -> None:
    """The table of kinds of glass; of ring variances one row each."""
    rows, groups = [], {}
    for name, j in judged.items():
        groups.setdefault(
            " ".join(name.split("-")[:2]) if j.kind in ("variance", "density") else j.kind, []
        ).append(j)
    for title, of in groups.items():
        mean = {
            field: np.mean([getattr(j, field) for j in of])
            for field in ("found", "expected", "within_50", "within_95", "ranked")
        }
        least, called = min(j.found for j in of), sum(j.doubtful is True for j in of)
        shares = [f"{100 * mean[f]:.1f}" for f in ("within_50", "within_95")]
        rows.append(
            [
                title,
                len(of),
                f"{mean['found']:.3f} ({least:.3f})",
                f"{mean['expected']:.3f}",
                called,
                *shares,
                f"{mean['ranked']:.2f}",
            ]
        )
    headings = [
        "glasses",
        "number",
        "r, mean (least)",
        "r expected",
        "doubtful",
        "50 % hold",
        "95 % hold",
        "Spearman of error, deviation",
    ]
    table("Kinds of glass", headings, sorted(rows, key=lambda row: row[0]))
    alike = [j for j in judged.values() if j.kind in ALIKE]
    print(
        f"\nglasses as in training ({len(alike)}): 50 % intervals hold "
        f"{100 * np.mean([j.within_50 for j in alike]):.1f} %, ",
        end="",
    )
    print(
        f"95 % hold {100 * np.mean([j.within_95 for j in alike]):.1f} %, Spearman "
        f"{np.mean([j.ranked for j in alike]):.3f}"
    )


def verdict(judged: list[Judged]) -> None:
    """How well the expected correlation tells poor maps: over all glasses, and over both halves
    that chance makes.
    """
    told = [j for j in judged if j.doubtful is not None]
    poor, score = np.array([j.found < POOR for j in told]), -np.array([j.expected for j in told])
    called = np.array([bool(j.doubtful) for j in told])
    rng = np.random.default_rng(0)
    halves = rng.permutation(len(told)) % 2 == 0
    draws = [auc(poor[k], score[k]) for k in rng.integers(len(told), size=(DRAWS, len(told)))]
    low, high = np.nanquantile(draws, [0.025, 0.975])
    print(
        f"\n{len(told)} glasses, {poor.sum()} with r below {POOR}: AUC {auc(poor, score):.3f} "
        f"({low:.3f} to {high:.3f}), ",
        end="",
    )
    print(
        f"halves {auc(poor[halves], score[halves]):.3f} and "
        f"{auc(poor[~halves], score[~halves]):.3f}"
    )
    print(
        f"called doubtful: {(called & poor).sum()} of {poor.sum()} poor maps, "
        f"{(called & ~poor).sum()} of {(~poor).sum()} others"
    )


def auc(poor: np.ndarray, score: np.ndarray) -> float:
    """The chance that a poor map has the larger score; NaN without both sorts."""
    n, m = int(poor.sum()), int((~poor).sum())
    return (
        float("nan")
        if n * m == 0
        else float((rankdata(score)[poor].sum() - n * (n + 1) / 2) / (n * m))
    )
