"""Other models of failures on the glasses of a run of ``experiment=failure/hazards``:

    python -m benchmarks.failure_ladder RUN [--store FOLDER] --bundle listi
    python -m benchmarks.failure_ladder RUN [--store FOLDER] --boosted [--folds 5]
    python -m benchmarks.failure_ladder RUN [--store FOLDER] --network OTHER_RUN

With --bundle nothing is learnt: the maps of that bundle are scored on the glasses. With --boosted
places are learnt by gradient boosting on the same columns in place of hazards, each glass predicted
by what was learnt from others. With --network the test glasses of another run, of
``experiment=failure/network``, are scored by its network, by hazards learnt from its training
glasses, and by the geometric mean of both.
"""

import argparse
import sys
from dataclasses import replace

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier

from benchmarks.failures import folds_of, line, predicted, scored, with_events
from vitreous.bundles import find_bundle, predict
from vitreous.core.run import Run


def boosted(samples, train, test):
    """The test samples with a map by gradient boosting, which tells the sites around the event of
    each training case from one in ten of the others.
    """
    rows, classes = [], []
    for k in train:
        failed = samples[k].labels.values > 0.0
        kept = failed | (np.random.default_rng([0, int(k)]).random(len(failed)) < 0.1)
        rows.append(samples[k].features.values[kept])
        classes.append(failed[kept])
    model = HistGradientBoostingClassifier(
        learning_rate=0.05, max_iter=200, l2_regularization=1.0, random_state=0
    ).fit(np.concatenate(rows), np.concatenate(classes))
    for k in test:
        likely = model.decision_function(samples[k].features.values)
        yield replace(
            samples[k].with_(prediction=-likely, uncertainty=None),
            case=replace(samples[k].case, role="test"),
        )


def beside_network(run, samples, other):
    """Scores of a network's run, of hazards learnt from its training glasses, and of both."""
    own = {(s.keys["relax"], s.case.loading): k for k, s in enumerate(samples)}
    rows = {
        role: [own[s.keys["relax"], s.case.loading] for s in with_events(other) if s.role == role]
        for role in ("train", "test")
    }
    linear = list(predicted(samples, ("*",), rows["train"], rows["test"]))
    network = [s for s in with_events(other) if s.role == "test"]
    both = [
        a.with_(
            predicted={
                "prediction": a.prediction,
                "uncertainty": None,
                "hazards": np.sqrt(a.hazards * b.hazards),
            }
        )
        for a, b in zip(linear, network, strict=True)
    ]
    for name, found in (("hazards", linear), ("network", network), ("geometric mean", both)):
        place, ranks = scored(run, found)
        line(name, place["model"], ranks["model"], place["strain"])


def mapped(samples, name):
    """The samples as test samples, with the map that a bundle predicts for labels."""
    bundle = find_bundle(name)
    for sample in samples:
        labels = predict(sample.configuration, bundle, angle=sample.loading.angle).labels
        yield replace(
            sample.with_(labels=labels, prediction=labels.values, uncertainty=None),
            case=replace(sample.case, role="test"),
        )


def main(arguments):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("run")
    parser.add_argument("--folds", type=int, default=5)
    parser.add_argument("--store")
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("--bundle")
    which.add_argument("--boosted", action="store_true")
    which.add_argument("--network")
    options = parser.parse_args(arguments)
    run = replace(Run.open(options.run, options.store), weak_is={})
    samples = with_events(run)
    if options.network:
        beside_network(run, samples, Run.open(options.network, options.store))
        return 0
    if options.bundle:
        name, found = options.bundle, mapped(samples, options.bundle)
    else:
        name = "gradient boosting"
        found = [
            sample
            for train, test in folds_of(samples, options.folds)
            for sample in boosted(samples, train, test)
        ]
    place, ranks = scored(run, found)
    line(name, place["model"], ranks["model"])
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
