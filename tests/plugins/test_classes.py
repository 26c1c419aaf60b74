"""Predicted classes: by hand, against scikit-learn, against random rankings, and where a score is
not defined.
"""

import numpy as np
import pytest
from glasses import glass, run

from vitreous.core.data import Labels
from vitreous.core.errors import VitreousError
from vitreous.plugins.evaluations.classes import Classes

metrics = pytest.importorskip("sklearn.metrics")
TRUTH = [0, 1, 0, 0, 0, 0, 1, 0, 0, 0]
LIKELY = [0.1, 0.9, 0.8, 0.2, 0.1, 0.1, 0.3, 0.1, 0.1, 0.1]  # first, and third of the ranking


def classed(index, truth, likely=None, called=None, level="atom", **more):
    """A glass of atoms on a line, with probabilities of class "breaks", or without."""
    base = glass(index, truth, level=level, weak_is="high", **more)
    values = np.asarray(truth, dtype=float)
    labels = Labels(
        name="first_break",
        level=level,
        task="class",
        classes=("intact", "breaks"),
        unit="1",
        values=values,
        mask=np.isfinite(values),
        positions=base.labels.positions,
        weak_is="high",
    )
    if likely is None and called is None:
        return base.with_(labels=labels)
    second = None if likely is None else np.asarray(likely, dtype=float)
    predicted = {
        "prediction": np.asarray(second > 0.5 if called is None else called, dtype=float),
        "uncertainty": None,
        "probabilities": None if second is None else np.column_stack([1.0 - second, second]),
    }
    return base.with_(labels=labels, predicted=predicted)


def evaluate(*glasses, weak_is=None, **fields):
    return Classes(**fields).evaluate(run(*glasses, weak_is=weak_is))


def test_by_hand():
    """Protects every number: of two atoms one is found, and one other is called."""
    row = evaluate(classed(0, TRUTH, LIKELY), k=(1, 2, 3)).glasses["0"]["model"]
    assert (row["sensitivity"], row["specificity"]) == (0.5, 7 / 8)
    assert row["balanced_accuracy"] == pytest.approx((0.5 + 7 / 8) / 2)
    assert row["precision"] == 0.5
    assert row["mcc"] == pytest.approx((1 * 7 - 1 * 1) / np.sqrt(2 * 2 * 8 * 8))
    assert row["average_precision"] == pytest.approx((1 / 1 + 2 / 3) / 2)
    assert [row[f"precision_at_{k}"] for k in (1, 2, 3)] == pytest.approx([1.0, 0.5, 2 / 3])
    assert row["prevalence"] == 0.2


def test_the_published_accuracy_hides_a_precision_of_about_one_percent():
    """Protects the reason for the other numbers: 99.4 % and 96 % at two atoms of 3456."""
    truth, called = np.zeros(3456), np.zeros(3456)
    truth[:2] = called[:2] = 1.0
    called[2 : 2 + round(0.04 * 3454)] = 1.0
    row = evaluate(classed(0, truth, called=called)).numbers["model"]
    assert row["specificity"] == pytest.approx(0.96, abs=1e-3)
    assert row["precision"] == pytest.approx(0.0143, abs=2e-4)
    assert row["precision_at_2"] == pytest.approx(row["precision"])  # ties share


def test_means_are_over_glasses_and_pooled_values_are_over_all_atoms():
    """Protects the difference: pooled, a glass of many atoms counts for more."""
    other = classed(1, [1, *[0] * 29], [0.2, *[0.6] * 29])
    found = evaluate(classed(0, TRUTH, LIKELY), other)
    assert found.numbers["model"]["sensitivity"] == 0.25
    pooled = found.numbers["model"]["pooled"]
    assert pooled["sensitivity"] == pytest.approx(1 / 3)
    counts = [pooled[name] for name in ("true_positives", "false_positives")]
    assert counts == [1.0, 30.0]
    truth = [*TRUTH, 1, *[0] * 29]
    assert pooled["average_precision"] == pytest.approx(
        metrics.average_precision_score(truth, [*LIKELY, 0.2, *[0.6] * 29])
    )


def test_the_random_row_is_the_mean_over_random_rankings():
    """Protects the baseline: with two of forty atoms it lies above the prevalence."""
    truth, rng = np.zeros(40), np.random.default_rng(0)
    truth[[5, 31]] = 1.0
    drawn = [
        evaluate(classed(0, truth, rng.permutation(40) / 40.0)).glasses["0"]["model"]
        for _ in range(250)
    ]
    row = evaluate(classed(0, truth)).numbers["random"]
    for name in ("average_precision", "precision_at_2", "precision_at_10", "distance", "near"):
        values = [each[name] for each in drawn]
        error = np.std(values) / np.sqrt(len(values))
        assert row[name] == pytest.approx(np.mean(values), abs=4.0 * error + 1e-12), name
    assert row["average_precision"] > 2.0 * row["prevalence"]


def test_distances_are_to_the_nearest_atom_of_the_class_in_nearest_images():
    """Protects the place of the first of the ranking: the glass repeats after ten atoms."""
    likely = [0.9, *[0.1] * 9]
    row = evaluate(classed(0, [0, 0, 0, 1, 0, 0, 0, 0, 1, 0], likely), radius=1.5).numbers["model"]
    assert row["distance"] == pytest.approx(2.0) and row["near"] == 0.0
    near = evaluate(classed(0, [0, 0, 0, 1, 0, 0, 0, 0, 1, 0], likely), radius=2.5).numbers["model"]
    assert near["near"] == 1.0


def test_indicators_only_rank():
    """Protects indicators: their weak side ranks, and they call nothing."""
    one = classed(0, TRUTH, indicators={"rate": -np.array(TRUTH)})
    row = evaluate(one, weak_is={"rate": "low"}).numbers["rate"]
    assert row["average_precision"] == 1.0 and row["precision_at_2"] == 1.0
    assert row["sensitivity"] is None and row["pooled"]["true_positives"] is None


def test_without_probabilities_predicted_classes_rank():
    """Protects models that give classes alone: what they call comes first, in ties."""
    row = evaluate(classed(0, TRUTH, called=[0, 1, 1, 0, 0, 0, 0, 0, 0, 0])).numbers["model"]
    assert row["precision_at_2"] == 0.5
    assert row["average_precision"] == pytest.approx((0.5 + 0.2) / 2)


def test_any_class_can_be_the_positive_one():
    row = evaluate(classed(0, TRUTH, LIKELY), positive="intact").numbers["model"]
    assert (row["sensitivity"], row["prevalence"]) == (7 / 8, 0.8)
    with pytest.raises(VitreousError, match="positive is 'bends'; expected one of intact, breaks"):
        evaluate(classed(0, TRUTH, LIKELY), positive="bends")


def test_a_glass_of_one_class_has_a_prevalence_alone_and_is_left_out_of_the_means():
    found = evaluate(classed(0, TRUTH, LIKELY), classed(1, [0] * 10, LIKELY))
    assert found.glasses["1"]["model"]["prevalence"] == 0.0
    assert found.glasses["1"]["model"]["average_precision"] is None
    assert found.glasses["1"]["model"]["distance"] is None
    assert found.numbers["model"]["sensitivity"] == 0.5
    assert found.numbers["model"]["prevalence"] == pytest.approx(0.1)


def test_the_confusion_matrix_shows_shares_of_true_classes():
    """Protects Fig. 3A: rows are true classes, columns predicted ones."""
    figure = evaluate(classed(0, TRUTH, LIKELY)).figures["confusion"]()
    axes = figure.axes[0]
    shown = {
        (round(t.get_position()[1]), round(t.get_position()[0])): t.get_text() for t in axes.texts
    }
    assert shown[0, 0] == "87.50 %\n7" and shown[0, 1] == "12.50 %\n1"
    assert shown[1, 0] == "50.00 %\n1" and shown[1, 1] == "50.00 %\n1"
    for axis in (axes.xaxis, axes.yaxis):
        assert list(axis.get_ticklocs()) == [0, 1]
        assert [t.get_text() for t in axis.get_ticklabels()] == ["other", "breaks"]
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("predicted", "true")


@pytest.mark.parametrize("bad", [{"k": (0,)}, {"radius": 0.0}])
def test_impossible_fields_are_refused(bad):
    with pytest.raises(VitreousError, match="expected numbers of sites of at least 1"):
        Classes(**bad)
