"""Where and when networks fail first, each glass predicted by a model that learnt from others:

    python -m benchmarks.failures RUN [MORE ...] [--folds 10] [--store FOLDER]
                                  [--tested OTHER_RUN]

RUN is the folder of a run of ``experiment=failure/hazards``; further runs add their glasses along
the loadings of the first. Glasses are divided into folds; of each fold the other glasses are learnt
from. Printed are the scores of evaluation ``first_failure`` and goodness over all glasses, of the
model, of the indicators, of models with fewer columns, what spoke for the worst misses, and a
learning curve. Last, what is learnt from glasses of some ring variances and tested on those of
others. With --tested those glasses of another run that RUN has not are predicted, by what is learnt
from RUN. (Other models on the same glasses: ``benchmarks.failure_ladder``.)
"""

import argparse
import sys
from dataclasses import replace
from functools import partial

import numpy as np

from vitreous.core.learning import hazards_of
from vitreous.core.run import Run
from vitreous.core.sample import Examples
from vitreous.plugins.evaluations.failure_causes import FailureCauses
from vitreous.plugins.evaluations.first_failure import FirstFailure
from vitreous.plugins.evaluations.goodness import Goodness
from vitreous.plugins.models.proportional_hazards import ProportionalHazards

COLUMNS = {
    "all columns": ("*",),
    "ahead_0": ("ahead_0",),
    "stretch_mean_0": ("stretch_mean_0",),
    "bonds alone": ("length_*", "rate_*", "ahead_*", "stretch_*", "pull_*"),
    "at rest alone": ("*length_mean_*", "*stretch_*"),
    "smallest radius": ("*_0",),
}
CURVE = (5, 10, 20, 40, 80)


def folds_of(samples, number):
    """(training, test) indices; all loadings of a glass in one fold."""
    order = np.random.default_rng(0).permutation(glasses_of(samples))
    for part in np.array_split(order, number):
        yield of_glasses(samples, np.setdiff1d(order, part)), of_glasses(samples, part)


def glasses_of(samples):
    """Their numbers, each once, as they come."""
    return list(dict.fromkeys(sample.index for sample in samples))


def of_glasses(samples, numbers):
    """Indices of the samples of these glasses."""
    return np.flatnonzero(np.isin([sample.index for sample in samples], numbers))


def learnt(samples, columns, train):
    """A model of the training samples."""
    examples = Examples([samples[k] for k in train], lambda features: features)
    model = ProportionalHazards(columns=columns, folds=5 if len(train) >= 5 else 0)
    return model.fit(examples, [], np.random.default_rng(0), lambda *_: None)


def predicted(samples, columns, train, test, fitted=None):
    """The test samples, with what a model of the training samples predicts."""
    fitted = fitted or learnt(samples, columns, train)
    for k in test:
        features = samples[k].features
        answers = {"prediction": fitted.predict(features), "uncertainty": None}
        yield replace(
            samples[k].with_(predicted=answers | {"hazards": hazards_of(fitted, features)}),
            case=replace(samples[k].case, role="test"),
        )


def scored(run, samples, evaluation=None):
    """Numbers of the model and of the indicators."""
    tested = replace(run, samples=tuple(samples))
    place = (evaluation or FirstFailure()).evaluate(tested).numbers
    ranks = Goodness(radius=0.0).evaluate(tested).numbers
    return place, ranks


def spots_of(run, found):
    """The table of the probabilities of spots, in a line."""
    table = FirstFailure().evaluate(replace(run, samples=tuple(found))).tables[-1]
    return "  ".join(f"{said:.3f} {hit:.3f} {number}" for said, hit, number in table.rows)


def line(name, place, ranks, strain=None):
    goodness = list(ranks["nearest"].values())
    shown = [
        f"C1 {goodness[0]:.4f} C1-6 {np.mean([c for c in goodness if c is not None]):.3f}",
        *(f"{key} {place[key]:.3f}" for key in ("inside_0.1", "inside_1", "inside_5", "spot")),
        f"three_1 {place['three_1']:.3f}",
        f"[{place['inside_0.1_low']:.2f}, {place['inside_0.1_high']:.2f}]",
        f"[{place['inside_1_low']:.2f}, {place['inside_1_high']:.2f}]",
        f"[{place['spot_low']:.2f}, {place['spot_high']:.2f}]",
    ]
    if strain is not None:
        shown += [f"bits {place['bits']:.2f}"]
        shown += [f"{key} {value:.4f}" for key, value in strain.items()]
    print(f"{name:24s} " + "  ".join(shown), flush=True)


def by_direction(run, samples, found, folds):
    """Of several loadings: the scores along each, learnt from all, then learnt from the first."""
    others = sorted({sample.case.loading for sample in samples} - {0})
    for along in [0, *others] if others else []:
        place, ranks = scored(run, (s for s in found if s.case.loading == along))
        line(f"loading {along}", place["model"], ranks["model"], place["strain"])
    first = {k for k, s in enumerate(samples) if s.case.loading == 0}
    for along in others:
        unseen = [
            sample
            for train, test in folds_of(samples, folds)
            for sample in predicted(
                samples,
                ("*",),
                [k for k in train if k in first],
                [k for k in test if samples[k].case.loading == along],
            )
        ]
        place, ranks = scored(run, unseen)
        line(f"{along}, learnt along 0", place["model"], ranks["model"], place["strain"])


def by_variance(run, samples):
    """Learnt from glasses of some ring variances, tested on those of others."""
    variance = {s.index: s.configuration.info["ring_variance"] for s in samples}
    order = sorted(variance, key=variance.__getitem__)

    def within(low, high):
        return of_glasses(samples, [k for k in order if low <= variance[k] < high])

    half = len(order) // 2
    first, second = (of_glasses(samples, part) for part in (order[:half], order[half:]))
    for name, train, test in (
        ("ordered to disordered", first, second),
        ("disordered to ordered", second, first),
        ("0.8-1.0 to below 0.6", within(0.8, 1.0), within(0.0, 0.6)),
        ("0.8-1.0 to above 1.2", within(0.8, 1.0), within(1.2, np.inf)),
        (
            "0.8-1.0 to 0.6-0.8, 1.0-1.2",
            within(0.8, 1.0),
            np.append(within(0.6, 0.8), within(1.0, 1.2)),
        ),
    ):
        place, ranks = scored(run, predicted(samples, ("*",), train, test))
        print(f"{len(train)} cases, {len(test)}: ", end="")
        line(name, place["model"], ranks["model"], place["strain"])


def misses(run, samples, folds, shown=3):
    """The failures that were placed worst, and what spoke for each site."""
    found = {}
    for train, test in folds_of(samples, folds):
        fitted = learnt(samples, ("*",), train)
        tested = tuple(predicted(samples, ("*",), train, test, fitted))
        found |= FailureCauses().evaluate(replace(run, samples=tested, fitted=fitted)).glasses
    worst = sorted(found, key=lambda name: -found[name]["model"]["weaker"])[:shown]
    for name in worst:
        print(f"glass {name}: " + "; ".join(f"{of} {row}" for of, row in found[name].items()))


def with_events(run):
    """Its samples that failed."""
    return [s for s in run.samples if s.events is not None and len(s.events)]


def joined(run, more):
    """The samples of ``run`` that failed, then those of ``more`` runs that are not among them."""
    samples = with_events(run)
    had = {(sample.keys["relax"], sample.case.loading) for sample in samples}
    for other in more:
        for sample in with_events(other):
            loading = run.loadings.index(sample.loading)
            if (sample.keys["relax"], loading) not in had:
                samples.append(replace(sample, case=replace(sample.case, loading=loading)))
    return samples


def main(arguments):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("run", nargs="+")
    parser.add_argument("--folds", type=int, default=10)
    parser.add_argument("--store")
    parser.add_argument("--tested")
    options = parser.parse_args(arguments)
    run, *more = (Run.open(each, options.store) for each in options.run)
    samples = joined(run, more)
    if options.tested:
        others = with_events(Run.open(options.tested, options.store))
        learnt_from = {sample.keys["relax"] for sample in samples}
        both = [*samples, *(s for s in others if s.keys["relax"] not in learnt_from)]
        for name, columns in COLUMNS.items():
            test = range(len(samples), len(both))
            found = list(predicted(both, columns, range(len(samples)), test))
            place, ranks = scored(run, found)
            line(name, place["model"], ranks["model"], place["strain"])
            if name == "all columns":
                print(f"{len(found)} cases; spots: said, hit, number: " + spots_of(run, found))
        return 0
    print(f"{len(samples)} cases with events, {options.folds} folds")
    for name, columns in COLUMNS.items():
        found = [
            sample
            for train, test in folds_of(samples, options.folds)
            for sample in predicted(samples, columns, train, test)
        ]
        place, ranks = scored(run, found)
        if name == "all columns":
            for other in place:
                if other not in ("model", "strain", "spots", "glasses_without_event"):
                    line(other, place[other], ranks[other])
            print("spots: said, hit, number: " + spots_of(run, found))
            by_direction(run, samples, found, options.folds)
        line(name, place["model"], ranks["model"], place["strain"])
    misses(run, samples, options.folds)
    glasses = glasses_of(samples)
    half = len(glasses) // 2
    rest = of_glasses(samples, glasses[half:])
    for count in (n for n in CURVE if n <= half):
        split = partial(predicted, samples, ("*",), of_glasses(samples, glasses[:count]), rest)
        place, ranks = scored(run, split())
        line(f"{count} glasses", place["model"], ranks["model"], place["strain"])
    by_variance(run, samples)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
