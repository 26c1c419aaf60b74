"""What the wrong thresholds of the version before cost a model that learns from them.

    python -m benchmarks.label_errors OUT [SEEDS]  # SEEDS 0: the kernel machines alone

The maps of docs/results/truth/listi_labels.npz, as probed before and now, on glasses of the recipe
``listi``: the same models learn the glasses of ``LEARNT`` from the present labels, from the
previous ones, and from several times as many wrong ones (their factors drawn from those that were
found), and predict the present labels of ``TEST``. Two kinds of model: on what the last layers of
the bundle ``listi`` read, a kernel machine, which has no chance in it; and a graph network trained
from the start, in pairs that share seed and glass. OUT keeps the glasses and the result of each
training, so that a stopped comparison goes on there.
"""

import json
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
from scipy.stats import spearmanr
from sklearn.kernel_ridge import KernelRidge

from benchmarks.clock import table
from benchmarks.domain_glasses import listi
from benchmarks.glasses import YUKAWA
from vitreous.bundles import find_bundle
from vitreous.core.data import Features, Labels, Loading
from vitreous.core.errors import VitreousError
from vitreous.core.store import Store, key_of
from vitreous.plugins.descriptors.response_graph import ResponseGraph
from vitreous.plugins.labelers.local_probing import LocalProbing
from vitreous.plugins.models.graph_network import GraphNetwork

FILE = Path(__file__).parents[1] / "docs" / "results" / "truth" / "listi_labels.npz"
LEARNT = (0, 1, 2, 3, 4, 5, 6, 7, 8, 11)
VALIDATION = (16, 18)
TEST = (22, 28, 29, 30, 32)
USED = (*LEARNT, *VALIDATION, *TEST)
TIMES = {"now": 0, "before": 1, "ten times": 10, "a hundred times": 100}  #: as many wrong labels
TRAINED = ("now", "before", "ten times")  #: sets that networks learn
WRONG = 0.005  #: relative difference from which on a label counts as wrong
SITES = np.sort(np.random.default_rng(0).permutation(2500)[:1000])  #: of each map, used here
CHECKED = (3, 500, 900)  #: of these, probed again, to see that labels and glass belong together
#: a member of the bundle's ensemble, with less width and fewer steps
NETWORK = GraphNetwork(
    hidden=32,
    layers=3,
    epochs=10,
    batch_size=64,
    optimizer="muon",
    learning_rate=0.003,
)
Graphs = dict[int, tuple[Features, np.ndarray]]  #: graphs and sites by glass
GAMMA, PENALTY, PARTS = 0.1, 0.3, 4  #: of the kernel machines


def described(store: Store, k: int) -> tuple[Features, np.ndarray]:
    """The graphs of glass ``k`` at ``SITES`` (M, 2) of its map, from the store or made now.

    Raises:
        VitreousError: if the labels are not those of the glass that is made here.
    """
    key = key_of({"label_errors": k})
    if (found := store.get("label_errors", key)) is not None:
        return found[0]
    began, glass, probing = time.process_time(), listi(k), LocalProbing()
    sites, surface = probing.sites(glass)[SITES], YUKAWA.surface(glass)
    for site in CHECKED:
        probed = probing.probe(glass, YUKAWA, surface, Loading(), sites[site]).run()
        here, stored = probed.tau_critical - probed.tau_initial, _labels("now", k)[site]
        if not abs(here / stored - 1.0) < WRONG:
            raise VitreousError(f"glass {k} has {here:g} at site {site}; expected {stored:g}")
    made = ResponseGraph().describe(glass, Loading(), sites, "site", YUKAWA), sites
    store.put("label_errors", key, made, {"glass": k})
    print(f"glass {k}: {time.process_time() - began:.0f} s", file=sys.stderr, flush=True)
    return made


def _labels(kind: str, k: int) -> np.ndarray:
    """The thresholds (M,) of glass ``k`` at ``SITES``, in one of the sets of ``TIMES``."""
    with np.load(FILE) as file:
        now = file[f"now_{k}"]
        if kind == "now":
            return now[SITES]
        before = file[f"before_{k}"]
        found = [file[f"before_{n}"] / file[f"now_{n}"] for n in (*LEARNT, *VALIDATION)]
    rng, wrong = np.random.default_rng(k), np.abs(before / now - 1.0) > WRONG
    factors = np.concatenate([f[np.abs(f - 1.0) > WRONG] for f in found])
    count = (TIMES[kind] - 1) * int(wrong.sum())
    more = rng.choice(np.flatnonzero(~wrong), count, replace=False)
    before[more] *= rng.choice(factors, count)
    return before[SITES]


def _examples(graphs: Graphs, glasses: tuple[int, ...], kind: str) -> list[tuple[Features, Labels]]:
    """Features and labels as a network learns them: those of every second site."""
    known = np.arange(len(SITES)) % 2 == 0
    return [
        (
            graphs[k][0],
            Labels(
                name="delta_tau",
                level="site",
                unit="energy/length^2",
                values=np.where(known, _labels(kind, k), np.nan),
                mask=known,
                positions=graphs[k][1],
            ),
        )
        for k in glasses
    ]


def trained(graphs: Graphs, kind: str, seed: int) -> dict[str, Any]:
    """r and Spearman's rank correlation with the present labels of each test glass, from one
    training.
    """
    began = time.process_time()
    model = NETWORK.fit(
        _examples(graphs, LEARNT, kind),
        _examples(graphs, VALIDATION, kind),
        np.random.default_rng(seed),
        lambda *_: None,
    )
    scores = [_scores(model.predict(graphs[k][0]), _labels("now", k)) for k in TEST]
    r, ranks = zip(*scores, strict=True)
    seconds = time.process_time() - began
    return {"labels": kind, "seed": seed, "r": r, "ranks": ranks, "seconds": seconds}


def _scores(predicted: np.ndarray, true: np.ndarray) -> tuple[float, float]:
    return float(np.corrcoef(predicted, true)[0, 1]), float(spearmanr(predicted, true).statistic)


def hidden(store: Store, k: int) -> np.ndarray:
    """(M, C) what the last layers of the bundle's networks read at the sites of glass ``k``."""
    key = key_of({"label_errors": k, "hidden": True})
    if (found := store.get("label_errors", key)) is not None:
        return found[0]
    graphs, _ = described(store, k)
    made = np.column_stack([m.images(graphs)[1] for m in find_bundle("listi").fitted.members])
    store.put("label_errors", key, made, {"glass": k})
    return made


def machines(read: dict[int, np.ndarray]) -> dict[str, np.ndarray]:
    """r (PARTS, T) of kernel machines on ``hidden`` with the present labels of the test glasses, by
    the set of labels learnt; each learns another part of the sites.
    """
    x = np.concatenate([read[k] for k in LEARNT])
    shift, scale = x.mean(axis=0), x.std(axis=0) + 1e-9
    given = {kind: np.concatenate([_labels(kind, k) for k in LEARNT]) for kind in TIMES}
    true, found = {k: _labels("now", k) for k in TEST}, {}
    for kind, y in given.items():
        machine = KernelRidge(kernel="rbf", gamma=GAMMA / x.shape[1], alpha=PENALTY)
        rows = []
        for part in (slice(n, None, PARTS) for n in range(PARTS)):
            machine.fit((x[part] - shift) / scale, y[part] - y[part].mean())
            rows.append(
                [_scores(machine.predict((read[k] - shift) / scale), true[k])[0] for k in TEST]
            )
        found[kind] = np.array(rows)
    return found


def report(rows: list[dict[str, Any]]) -> None:
    """Means, and differences from the present labels, paired by seed and glass; the standard error
    is that of the differences' means over glasses.
    """
    by = {(row["labels"], row["seed"]): row for row in rows}
    seeds = sorted({seed for _, seed in by if all((kind, seed) in by for kind in TRAINED)})
    told = []
    for kind in TRAINED:
        line: list[Any] = [kind, len(seeds)]
        for score in ("r", "ranks"):
            mine = np.array([by[kind, s][score] for s in seeds])
            apart = (mine - np.array([by["now", s][score] for s in seeds])).mean(axis=1)
            error = apart.std(ddof=1) / np.sqrt(len(seeds)) if len(seeds) > 1 else np.nan
            line += [mine.mean(), apart.mean(), error]
        told.append(line)
    heads = ["labels", "seeds", "r", "change", "error", "ranks", "change", "error"]
    table("Networks that learnt", heads, told)


def main(out: str, seeds: str = "4") -> None:
    """Train what is not there yet, and print both tables."""
    store, file, told = Store(out), Path(out) / "trainings.jsonl", []
    for kind, r in (found := machines({k: hidden(store, k) for k in USED})).items():
        apart = (r - found["now"]).mean(axis=0)
        told.append([kind, r.mean(), apart.mean(), apart.std(ddof=1) / np.sqrt(len(apart))])
    table("Kernel machines on the last layers", ["labels", "r", "change", "error"], told)
    if not int(seeds):
        return
    graphs = {k: described(store, k) for k in USED}
    rows = [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []
    for seed in range(int(seeds)):
        for kind in TRAINED:
            if not any(row["labels"] == kind and row["seed"] == seed for row in rows):
                rows.append(trained(graphs, kind, seed))
                with file.open("a") as to:
                    to.write(json.dumps(rows[-1]) + "\n")
    report(rows)


if __name__ == "__main__":
    main(*sys.argv[1:])
