"""Where and when networks fail first, each glass predicted by a model that learnt from others:

    python -m benchmarks.failures RUN [--folds 10] [--store FOLDER] [--tested OTHER_RUN]

RUN is the folder of a run of ``experiment=failure/hazards``. Its glasses are divided into folds; of
each fold the other glasses are learnt from. Printed are the scores of evaluation ``first_failure``
and goodness over all glasses, of the model, of the indicators, of models with fewer columns, and a
learning curve. Last, what is learnt from the half of the glasses with the smaller ring variance and
tested on the other, and the reverse. With --tested the glasses of another run are predicted, by
what is learnt from all glasses of RUN that are not among them.
"""

import argparse
import sys
from dataclasses import replace
from functools import partial

import numpy as np

from vitreous.core.learning import hazards_of
from vitreous.core.run import Run
from vitreous.core.sample import Examples
from vitreous.plugins.evaluations.first_failure import FirstFailure
from vitreous.plugins.evaluations.goodness import Goodness
from vitreous.plugins.models.proportional_hazards import ProportionalHazards

COLUMNS = {
    "all columns": ("*",),
    "ahead_0": ("ahead_0",),
    "stretch_mean_0": ("stretch_mean_0",),
    "at rest alone": ("length_mean_*", "stretch_*"),
    "smallest radius": ("*_0",),
}
CURVE = (5, 10, 20, 40)


def folds_of(count, number):
    """(training, test) indices."""
    order = np.random.default_rng(0).permutation(count)
    for part in np.array_split(order, number):
        yield np.setdiff1d(order, part), part


def predicted(samples, columns, train, test):
    """The test samples, with what a model of the training samples predicts."""
    learnt = Examples([samples[k] for k in train], lambda features: features)
    model = ProportionalHazards(columns=columns, folds=5 if len(train) >= 5 else 0)
    fitted = model.fit(learnt, [], np.random.default_rng(0), lambda *_: None)
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


def with_events(run):
    """Its samples that failed."""
    return [s for s in run.samples if s.events is not None and len(s.events)]


def main(arguments):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("run")
    parser.add_argument("--folds", type=int, default=10)
    parser.add_argument("--store")
    parser.add_argument("--tested")
    options = parser.parse_args(arguments)
    run = Run.open(options.run, options.store)
    samples = with_events(run)
    if options.tested:
        others = with_events(Run.open(options.tested, options.store))
        theirs = {sample.keys["relax"] for sample in others}
        learnt = [sample for sample in samples if sample.keys["relax"] not in theirs]
        both = [*learnt, *others]
        for name, columns in COLUMNS.items():
            test = range(len(learnt), len(both))
            found = list(predicted(both, columns, range(len(learnt)), test))
            place, ranks = scored(run, found)
            line(name, place["model"], ranks["model"], place["strain"])
        return 0
    print(f"{len(samples)} of {len(run.samples)} cases with events, {options.folds} folds")
    for name, columns in COLUMNS.items():
        found = [
            sample
            for train, test in folds_of(len(samples), options.folds)
            for sample in predicted(samples, columns, train, test)
        ]
        place, ranks = scored(run, found)
        if name == "all columns":
            for other in place:
                if other not in ("model", "strain", "glasses_without_event"):
                    line(other, place[other], ranks[other])
        line(name, place["model"], ranks["model"], place["strain"])
    half = len(samples) // 2
    for count in (n for n in CURVE if n <= half):
        split = partial(predicted, samples, ("*",), range(count), range(half, len(samples)))
        place, ranks = scored(run, split())
        line(f"{count} glasses", place["model"], ranks["model"], place["strain"])
    order = np.argsort([s.configuration.info["ring_variance"] for s in samples])
    for name, train, test in (
        ("ordered to disordered", order[:half], order[half:]),
        ("disordered to ordered", order[half:], order[:half]),
    ):
        place, ranks = scored(run, predicted(samples, ("*",), train, test))
        line(name, place["model"], ranks["model"], place["strain"])
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
