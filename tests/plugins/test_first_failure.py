"""Where and when the first event comes: by hand on ten sites, and for a law that is right."""

from dataclasses import replace

import numpy as np
import pytest
from glasses import glass, run

from vitreous.core.errors import VitreousError
from vitreous.core.vocabulary import HAZARD_STRAINS
from vitreous.plugins.evaluations.first_failure import FirstFailure

SITES = 10


def predicted(index, scales, event, strain, shape=6.0, later=()):
    """Sites at x = 0, 1, ... with Weibull hazards of these scales; events at x = ``event`` and
    ``later``, the first at ``strain``.
    """
    scales = np.asarray(scales, dtype=float)
    places = [float(event), *map(float, later)]
    sample = glass(index, -np.ones(len(scales)), scales, level="atom", events=places)
    values = np.full(len(scales), -2.0 * strain)
    values[event] = strain
    strains = strain * (1.0 + np.arange(len(places)))
    return sample.with_(
        labels=replace(sample.labels, task="survival", unit="strain", values=values),
        events=replace(sample.events, values=strains, columns={"strain": strains}),
        predicted={
            "prediction": scales,
            "uncertainty": None,
            "hazards": (HAZARD_STRAINS / scales[:, None]) ** shape,
        },
    )


def found(*samples, **fields):
    return FirstFailure(**fields).evaluate(run(*samples))


def test_places_by_hand():
    """The event at the weakest site, at the third weakest, and at the strongest."""
    scales = np.linspace(0.1, 0.3, SITES)
    rows = [
        found(predicted(0, scales, event, 0.08), distance=2.5).numbers["model"]
        for event in (0, 2, 9)
    ]
    assert [row["weaker"] for row in rows] == pytest.approx([0.0, 200 / 9, 100.0])
    assert [row["inside_5"] for row in rows] == [1.0, 0.0, 0.0]
    # the ninth is the first's neighbour across the boundary
    assert [row["spot"] for row in rows] == [1.0, 1.0, 1.0]
    assert [row["away"] for row in rows] == pytest.approx([0.0, 2.0, 1.0])
    chance = scales**-6.0 / (scales**-6.0).sum()
    gain = [np.log2(chance[event] * SITES) for event in (0, 2, 9)]
    assert [row["bits"] for row in rows] == pytest.approx(gain)


def test_a_flat_map_is_no_better_than_chance_at_the_place():
    """Ten sites a unit apart around a ring: five lie within 2.5 of any event."""
    row = found(predicted(0, np.full(SITES, 0.2), 0, 0.08), distance=2.5).numbers["model"]
    assert row["spot"] == pytest.approx(0.5) and row["weaker"] == pytest.approx(50.0)


def test_of_three_events_each_counts():
    """A fourth does not."""
    scales = np.linspace(0.1, 0.3, SITES)
    row = found(predicted(0, scales, 0, 0.08, later=(9, 5, 0))).numbers["model"]
    assert row["three_5"] == pytest.approx(1 / 3)


def test_bounds_are_those_of_glasses_not_of_their_loadings():
    """Four glasses, of which two are hit along both loadings: as wide as of one loading each."""
    scales = np.linspace(0.1, 0.3, SITES)
    one = [predicted(k, scales, event, 0.08) for k, event in enumerate((0, 0, 9, 9))]
    two = [
        replace(each, case=replace(each.case, loading=loading))
        for each in one
        for loading in (0, 1)
    ]
    alone, both = (found(*of).numbers["model"] for of in (one, two))
    for end in ("inside_1_low", "inside_1_high"):
        assert both[end] == alone[end]
    assert (alone["inside_1_low"], alone["inside_1_high"]) == (0.0, 1.0)


def test_labels_that_count_another_event_as_the_first_are_refused():
    sample = predicted(0, np.linspace(0.1, 0.3, SITES), 0, 0.08)
    later = sample.with_(
        labels=replace(sample.labels, values=np.where(sample.labels.values > 0, 0.09, -0.16))
    )
    with pytest.raises(VitreousError, match="give labeler and events the same kind"):
        found(later)
    none = sample.with_(labels=replace(sample.labels, values=-np.abs(sample.labels.values)))
    assert found(sample, none).numbers["glasses_without_event"] == 1.0


def test_training_glasses_are_not_scored():
    scales = np.linspace(0.1, 0.3, SITES)
    test, train = (predicted(k, scales, event, 0.08) for k, event in enumerate((0, 9)))
    train = replace(train, case=replace(train.case, role="train"))
    assert found(test, train).numbers["model"]["inside_5"] == 1.0


def test_the_strain_is_that_of_the_weakest_link():
    """The median of the first of ten equal sites, in closed form."""
    sample = predicted(0, np.full(SITES, 0.2), 3, 0.1)
    row = found(sample).glasses["0"]["model"]
    assert row["median"] == pytest.approx(0.2 * (np.log(2.0) / SITES) ** (1 / 6), rel=1e-9)
    low, high = (0.2 * (-np.log(s) / SITES) ** (1 / 6) for s in (0.95, 0.05))
    assert (row["from"], row["to"]) == pytest.approx((low, high), rel=1e-9)


def test_intervals_of_the_law_that_drew_the_events_hold_what_they_say():
    """Protects the intervals: 600 glasses whose failures are drawn from the hazards predicted."""
    rng = np.random.default_rng(0)
    samples = []
    for index in range(600):
        scales = rng.uniform(0.1, 0.4, SITES)
        strains = scales * rng.weibull(6.0, SITES)
        samples.append(predicted(index, scales, int(strains.argmin()), float(strains.min())))
    when = found(*samples).numbers["strain"]
    assert when["in_50"] == pytest.approx(0.5, abs=0.06)
    assert when["in_90"] == pytest.approx(0.9, abs=0.04)
    narrow = [
        s.with_(predicted={**s.values["predict"], "hazards": s.hazards**2}) for s in samples[:100]
    ]
    worse = found(*narrow).numbers["strain"]
    assert worse["crps"] > found(*samples[:100]).numbers["strain"]["crps"]


def test_an_event_before_the_first_stored_strain_has_its_place_in_the_interval():
    """Three glasses that fail at once, as predicted."""
    samples = [
        predicted(k, np.full(SITES, 3e-5), 3, s) for k, s in enumerate((1.9e-5, 2e-5, 2.1e-5))
    ]
    assert found(*samples).numbers["strain"]["in_90"] == 1.0


def test_indicators_stand_beside_the_model_without_a_strain():
    samples = [predicted(k, np.linspace(0.1, 0.3, SITES), 9, 0.08) for k in range(2)]
    column = np.eye(SITES)[9]
    names = {"stretch": "high"}
    samples = [
        s.with_(indicators=glass(0, column, indicators={"stretch": column}).indicators)
        for s in samples
    ]
    evaluated = FirstFailure().evaluate(run(*samples, weak_is=names))
    assert evaluated.numbers["stretch"]["inside_1"] == 1.0
    assert evaluated.numbers["model"]["inside_1"] == 0.0
    assert "0 % of the test glasses (stretch: 100 %)" in evaluated.headline
    assert "bits" not in evaluated.numbers["stretch"]
    assert evaluated.numbers["stretch"]["inside_1_low"] == 1.0


def test_glasses_without_an_event_are_counted_and_left_out():
    quiet = glass(1, -np.ones(SITES), np.ones(SITES), level="atom", events=[])
    numbers = found(predicted(0, np.linspace(0.1, 0.3, SITES), 0, 0.08), quiet).numbers
    assert numbers["glasses_without_event"] == 1.0 and numbers["model"]["inside_1"] == 1.0
    assert not found(quiet).numbers


def test_strains_against_predicted_medians_are_drawn():
    scales = np.linspace(0.1, 0.3, SITES)
    samples = [predicted(k, scales, 0, strain) for k, strain in enumerate((0.07, 0.09))]
    axes = found(*samples).figures["first_failure"]().axes[0]
    x = axes.containers[0].lines[0].get_xdata()
    assert sorted(x) == pytest.approx([0.07, 0.09])


def test_an_impossible_distance_is_refused():
    with pytest.raises(VitreousError, match="expected a positive length"):
        FirstFailure(distance=0.0)


def test_probabilities_of_spots_by_hand():
    """Ten sites around a ring, spots of three: the event at the second likeliest site, which the
    likeliest spot holds, then at a site of the third spot.
    """
    rate = np.array([6.0, 4.0, 1.0, 1.0, 2.0, 1.0, 0.5, 1.0, 1.5, 1.0])
    chance = rate / rate.sum()
    samples = [predicted(k, rate ** (-1 / 6), event, 0.08) for k, event in enumerate((1, 7))]
    out = found(*samples, distance=1.1)
    said = [chance[[9, 0, 1]].sum(), chance[[3, 4, 5]].sum(), chance[[7, 8]].sum()]
    assert out.numbers["spots"]["said"] == pytest.approx(np.mean(said), abs=1e-6)
    assert out.numbers["spots"]["hit"] == pytest.approx(2 / 6)
    table = next(t for t in out.tables if t.title == "Probabilities of spots")
    np.testing.assert_allclose(
        table.rows, [[np.mean(said[1:]), 1 / 4, 4], [said[0], 1 / 2, 2]], atol=1e-6
    )
    off = (4 * abs(np.mean(said[1:]) - 1 / 4) + 2 * abs(said[0] - 1 / 2)) / 6
    assert out.numbers["spots"]["off"] == pytest.approx(off, abs=1e-6)


def test_probabilities_of_spots_of_the_law_that_drew_the_events_hold():
    rng = np.random.default_rng(5)
    samples = []
    for k in range(300):
        scales = rng.lognormal(np.log(0.2), 0.25, SITES)
        strains = scales * rng.weibull(6.0, SITES)
        samples.append(predicted(k, scales, int(strains.argmin()), strains.min()))
    spots = found(*samples, distance=0.5).numbers["spots"]
    assert spots["said"] == pytest.approx(spots["hit"], abs=0.03)
    assert spots["off"] < 0.04
