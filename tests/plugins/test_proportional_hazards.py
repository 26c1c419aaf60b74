"""Hazards of sites: the law that drew the failures is found again, from first events alone."""

from dataclasses import replace

import numpy as np
import pytest

from vitreous.core.data import Features, Labels
from vitreous.core.errors import VitreousError
from vitreous.core.sample import Examples, Sample
from vitreous.core.vocabulary import HAZARD_STRAINS
from vitreous.plugins.models.proportional_hazards import (
    ProportionalHazards,
    Watched,
    _likelihood,
)

NAMES = ("stretch", "density", "noise")
WEIGHT, SHAPE, SCALE = np.array([1.2, -0.7, 0.0]), 6.0, 0.3


def glass(seed, sites=400, count=3, around=1):
    """Sites that fail by Weibull's law; ``around`` sites beside each other share an event, which
    began at any of them. Watched to event number ``count``.
    """
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(sites, 3)) * [0.1, 5.0, 1.0] + [1.0, 30.0, 0.0]
    eta = ((x - [1.0, 30.0, 0.0]) / [0.1, 5.0, 1.0]) @ WEIGHT
    strain = SCALE * np.exp(-eta / SHAPE) * rng.weibull(SHAPE, sites)
    first = np.argsort(strain)[:count]
    values = np.full(sites, -strain[first[-1]])
    for site in first[::-1]:
        begin = around * (site // around)
        values[begin : begin + around] = strain[site]
    labels = Labels(
        name="failures",
        level="atom",
        task="survival",
        unit="strain",
        values=values,
        mask=np.ones(sites, dtype=bool),
        positions=np.zeros((sites, 2)),
    )
    return Features(form="vector", level="atom", names=NAMES, values=x), labels


def fitted(glasses, **fields):
    model = ProportionalHazards(**{"penalty": 0.0, "folds": 0, "compressed": False, **fields})
    return model.fit(glasses, [], np.random.default_rng(0), lambda *_: None)


@pytest.mark.parametrize("around", [1, 8])
def test_the_law_that_drew_the_failures_is_found_again(around):
    """Also where only a neighbourhood is known to hold the site that failed."""
    found = fitted([glass(seed, around=around) for seed in range(250)])
    np.testing.assert_allclose(found.weight, WEIGHT, atol=0.12)
    assert found.shape == pytest.approx(SHAPE, rel=0.06)
    at_rest = Features(form="vector", level="atom", names=NAMES, values=np.array([[1.0, 30.0, 0]]))
    assert found.predict(at_rest)[0] == pytest.approx(SCALE, rel=0.05)


def test_the_gradient_is_that_of_the_likelihood():
    glasses = [glass(seed, sites=60, around=4) for seed in range(3)]
    watched = Watched.of([labels for _, labels in glasses])
    rows = np.concatenate([f.values for f, _ in glasses]) / [0.1, 5.0, 1.0] - [10.0, 6.0, 0.0]
    at = np.array([0.4, -0.3, 0.2, -2.0, 1.1])
    _, gradient = _likelihood(at, rows, watched, 0.7)
    for k, step in enumerate(1e-6 * np.eye(5)):
        up, down = (_likelihood(at + s, rows, watched, 0.7)[0] for s in (step, -step))
        assert gradient[k] == pytest.approx((up - down) / 2e-6, rel=1e-6, abs=1e-8)


def test_features_enter_by_their_logarithm():
    """Glasses whose features are the inverse of it are learnt as well."""

    def stretched(seed):
        features, labels = glass(seed)
        t = (features.values - [1.0, 30.0, 0.0]) / [0.1, 5.0, 1.0]
        return replace(features, values=np.sign(t) * np.expm1(np.abs(2.0 * t))), labels

    plain, compressed = (
        fitted([stretched(seed) for seed in range(60)], compressed=way) for way in (False, True)
    )
    new, _ = stretched(99)
    true = (glass(99)[0].values - [1.0, 30.0, 0.0]) / [0.1, 5.0, 1.0] @ np.diag(WEIGHT)
    follows = [
        np.corrcoef(np.log(found.predict(new)), true.sum(axis=1))[0, 1]
        for found in (plain, compressed)
    ]
    assert follows[1] < -0.75 and follows[1] < follows[0] - 0.1, follows


def test_at_the_predicted_strain_the_cumulative_hazard_is_one():
    found = fitted([glass(seed) for seed in range(20)])
    features, _ = glass(99)
    strains = found.predict(features)
    hazards = found.hazards(features, strains)
    np.testing.assert_allclose(np.diag(hazards), 1.0, rtol=1e-9)
    log_hazards = np.log(found.hazards(features, HAZARD_STRAINS))
    slope = np.diff(log_hazards, axis=1) / np.diff(np.log(HAZARD_STRAINS))
    np.testing.assert_allclose(slope, found.shape, rtol=1e-9)


def noisy(seed):
    """A glass with 40 further columns that mean nothing."""
    features, labels = glass(seed, count=1)
    more = np.random.default_rng(1000 + seed).normal(size=(len(features), 40))
    names = (*NAMES, *(f"more_{k}" for k in range(40)))
    return replace(features, names=names, values=np.hstack([features.values, more])), labels


def test_glasses_left_out_make_few_glasses_less_sure():
    """Protects the folds: 15 events and 43 columns leave weights that are learnt by heart."""
    glasses = [noisy(seed) for seed in range(15)]
    sure, calibrated = (fitted(glasses, folds=folds) for folds in (0, 5))
    new = [noisy(500 + seed) for seed in range(200)]

    def held(found):
        """Fraction of new glasses whose first strain lies in the central 90 %."""
        inside = []
        for features, labels in new:
            first = labels.values[labels.values > 0.0].min()
            earlier = -np.expm1(-found.hazards(features, np.array([first])).sum())
            inside.append(0.05 < earlier < 0.95)
        return np.mean(inside)

    assert held(sure) < 0.75 and held(calibrated) > 0.8
    direction = [found.weight / np.linalg.norm(found.weight) for found in (sure, calibrated)]
    np.testing.assert_allclose(*direction, rtol=1e-9)


def test_all_loadings_of_a_glass_are_left_out_together():
    """Each glass twice: the folds are those of the glasses, and so is the slope."""
    glasses = [noisy(seed) for seed in range(15)]
    twice = [
        Sample.of(index=k, features=features, labels=labels)
        for k, (features, labels) in enumerate(glasses)
        for _ in range(2)
    ]
    together = Examples(twice, lambda features: features)
    sure = fitted(together, folds=0)
    calibrated, apart = (fitted(each, folds=5) for each in (together, list(together)))
    slope, other = (f.weight @ sure.weight for f in (calibrated, apart))
    assert slope < 0.8 * other, (slope, other)


def test_fewer_glasses_than_folds_are_refused():
    with pytest.raises(VitreousError, match=r"5 folds, but there are 3; set model\.folds=0"):
        fitted([glass(seed) for seed in range(3)], folds=5)


def test_only_the_chosen_columns_are_learnt_from():
    glasses = [glass(seed) for seed in range(20)]
    found = fitted(glasses, columns=("str*",))
    features, _ = glasses[0]
    other = replace(features, values=features.values * [1.0, 3.0, -2.0])
    np.testing.assert_array_equal(found.predict(features), found.predict(other))


@pytest.mark.parametrize("compressed", [False, True])
def test_a_saved_model_is_the_same(tmp_path, compressed):
    found = fitted([glass(seed) for seed in range(20)], compressed=compressed)
    found.save(tmp_path)
    features, _ = glass(99)
    again = ProportionalHazards().load(tmp_path)
    np.testing.assert_array_equal(
        again.hazards(features, HAZARD_STRAINS), found.hazards(features, HAZARD_STRAINS)
    )


def test_glasses_without_an_event_are_refused():
    features, labels = glass(0)
    quiet = replace(labels, values=-np.abs(labels.values))
    with pytest.raises(VitreousError, match="no training glass had an event"):
        fitted([(features, quiet)])


@pytest.mark.parametrize(
    "fields", [{"columns": ()}, {"penalty": -1.0}, {"iterations": 0}, {"folds": 1}]
)
def test_impossible_fields_are_refused(fields):
    with pytest.raises(VitreousError, match="proportional_hazards got"):
        ProportionalHazards(**fields)
