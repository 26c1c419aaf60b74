"""Training sets of a rare class: all of it, and a fair draw of the other."""

import numpy as np
import pytest

from vitreous.core.data import Features, Labels
from vitreous.core.errors import VitreousError
from vitreous.learning.drawn_sites import drawn_sites

CLASSES = ("intact", "breaks")


def example(number, sites=40, rare=(3, 8), masked=(), classes=CLASSES):
    """A glass whose feature is its own number and that of the site."""
    values = np.isin(np.arange(sites), rare).astype(float)
    values[list(masked)] = np.nan
    rows = np.column_stack([np.full(sites, float(number)), np.arange(sites)])
    labels = Labels(
        name="c",
        level="atom",
        unit="1",
        task="class",
        classes=classes,
        values=values,
        mask=np.isfinite(values),
        positions=np.zeros((sites, 2)),
    )
    return Features(form="vector", level="atom", names=("glass", "site"), values=rows), labels


def draw(examples, rows=0, seed=0):
    return drawn_sites(examples, "training", rows, np.random.default_rng(seed))


def test_a_balanced_set_has_all_of_the_rare_class_and_as_many_of_the_other():
    """Protects the paper's first training set, and that rows, classes and glasses stay together."""
    rows, classes, glass = draw([example(k) for k in range(5)])
    assert np.bincount(classes.astype(int)).tolist() == [10, 10]
    assert rows[classes == 1, 1].tolist() == [3.0, 8.0] * 5
    assert not np.isin(rows[classes == 0, 1], (3, 8)).any()
    np.testing.assert_array_equal(rows[:, 0], glass)


def test_a_set_of_n_rows_is_filled_from_the_other_class():
    """Protects the paper's second training set; beyond what there is, everything is taken."""
    examples = [example(k) for k in range(5)]
    _, classes, _ = draw(examples, rows=60)
    assert np.bincount(classes.astype(int)).tolist() == [50, 10]
    assert len(draw(examples, rows=10_000)[0]) == 200


def test_the_draw_is_from_all_glasses_alike_and_follows_the_generator():
    """Protects against negatives of the first glasses alone, and that a run can be repeated."""
    examples = [example(k) for k in range(20)]
    rows, classes, glass = draw(examples, rows=240)
    assert np.bincount(glass[classes == 0], minlength=20).min() >= 3
    np.testing.assert_array_equal(rows, draw(examples, rows=240)[0])
    assert not np.array_equal(rows, draw(examples, rows=240, seed=1)[0])


def test_masked_sites_are_never_drawn():
    """Protects glasses that hold: their atoms are no intact ones."""
    hidden = tuple(range(20, 40))
    rows, _, glass = draw([example(0, masked=hidden), example(1, masked=range(40))], rows=10_000)
    assert rows[:, 1].max() < 20 and not glass.any()


@pytest.mark.parametrize(
    ("change", "rows", "sentence"),
    [
        ({"rare": ()}, 0, "no site is of class 'breaks'"),
        ({"classes": ("a", "b", "c")}, 0, "tells two classes apart, but these labels have 3"),
        ({}, 2, "the training glasses hold 2 sites of the rare class alone; raise model.rows"),
    ],
)
def test_what_cannot_be_learnt_is_refused_in_a_sentence(change, rows, sentence):
    with pytest.raises(VitreousError, match=sentence):
        draw([example(0, **change)], rows=rows)
