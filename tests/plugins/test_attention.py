"""Attention maps of a run: their spread, what they follow, and how far their peak is off."""

from dataclasses import replace

import numpy as np
import pytest

from vitreous.analysis.attention import defects
from vitreous.core.data import Attention, Features, Labels, Loading
from vitreous.core.errors import VitreousError
from vitreous.core.interfaces import Fitted
from vitreous.core.run import Run
from vitreous.core.sample import Sample
from vitreous.plugins.evaluations.attention import AttentionMaps
from vitreous.testing.systems import silica_glass

PIXELS = 40
GLASS = silica_glass()


class Looks(Fitted):
    """At the picture itself, as far as asked."""

    def predict(self, features):
        return features.values[:, 0].mean(axis=(1, 2))

    def attention(self, features, copies):
        assert copies == 7
        weight = features.values[:, :1]
        return (Attention(resolution=8, weight=weight, signed=-weight),)

    def save(self, folder):
        raise NotImplementedError


def run_of(picture, fitted, task="value", **targets):
    position = task == "position"
    middle = GLASS.cell.sum(axis=0, keepdims=True) / 2.0
    labels = Labels(
        name="place" if position else "strain",
        level="sample",
        task=task,
        unit="1",
        components=("x", "y") if position else (),
        values=np.array([[0.2, 0.4]]) if position else np.array([0.3]),
        mask=np.ones((1, 2) if position else 1, dtype=bool),
        positions=middle,
    )
    features = Features(
        form="image", level="sample", names=("grey",), values=np.asarray(picture)[None, None]
    )
    sample = Sample.of(
        index=3,
        configuration=GLASS,
        labels=labels,
        features=features,
        prediction=labels.values.copy(),
    )
    sample = replace(
        sample, values={**sample.values, **{f"label:{n}": of for n, of in targets.items()}}
    )
    return Run(loadings=(Loading(),), samples=(sample,), fitted=fitted)


def energies(values):
    return Labels(
        name="atom_energy",
        level="atom",
        unit="eV",
        values=values,
        mask=np.ones(len(values), dtype=bool),
        positions=GLASS.positions,
    )


def spot(column, row):
    picture = np.zeros((PIXELS, PIXELS))
    picture[row, column] = 1.0
    return picture


def test_maps_that_show_the_defects_are_fully_correlated_with_them():
    run = run_of(defects(GLASS, PIXELS, PIXELS), Looks())
    found = AttentionMaps(copies=7).evaluate(run)
    assert list(found.numbers) == ["8"]
    assert found.numbers["8"]["defects"] == pytest.approx(1.0)
    assert found.numbers["8"]["energy"] is None and found.numbers["8"]["peak_error"] is None
    assert found.glasses["3"]["8"] == found.numbers["8"]


def test_energies_are_compared_at_the_atoms_within_their_species():
    x, _ = (GLASS.positions @ np.linalg.inv(GLASS.cell) % 1.0).T
    columns = (np.arange(PIXELS) + 0.5) / PIXELS
    picture = np.broadcast_to(np.sin(2 * np.pi * columns) + 1.0, (PIXELS, PIXELS))
    run = run_of(picture, Looks(), energy=energies(100.0 * GLASS.species - np.sin(2 * np.pi * x)))
    found = AttentionMaps(copies=7, energy="energy").evaluate(run)
    assert found.numbers["8"]["energy"] == pytest.approx(-1.0, abs=1e-3)


def test_the_peak_is_as_far_from_the_location_as_the_nearest_image_is():
    run = run_of(spot(39, 16), Looks(), "position")  # x = 0.9875: 0.2125 through the boundary
    found = AttentionMaps(copies=7).evaluate(run).numbers["8"]
    off = np.array([0.2125, 0.0125]) @ GLASS.cell
    assert found["peak_error"] == pytest.approx(np.linalg.norm(off), rel=1e-9)
    width = np.linalg.norm(GLASS.cell[0])
    assert 0.3 * width < found["chance"] < 0.5 * width
    assert found["participation"] == pytest.approx(PIXELS**-2)


def test_a_location_may_be_another_target():
    place = run_of(spot(0, 0), Looks(), "position").samples[0].labels
    run = run_of(spot(8, 16), Looks(), place=place)
    found = AttentionMaps(copies=7, location="place").evaluate(run)
    assert found.numbers["8"]["peak_error"] < 0.02 * np.linalg.norm(GLASS.cell[0])


def test_a_target_that_is_not_there_is_named():
    with pytest.raises(VitreousError, match="no target 'energies'"):
        AttentionMaps(copies=7, energy="energies").evaluate(run_of(spot(0, 0), Looks()))


def test_a_model_that_does_not_tell_is_refused():
    class Blind(Looks):
        def attention(self, features, copies):
            return ()

    with pytest.raises(VitreousError, match="resnet or cnn"):
        AttentionMaps().evaluate(run_of(spot(0, 0), Blind()))


@pytest.mark.parametrize(
    ("task", "names"),
    [("value", {"attention", "attention_glasses"}), ("position", {"attention", "attention_field"})],
)
def test_figures_are_those_of_the_task(task, names):
    run = run_of(spot(3, 3), Looks(), task)
    run = Run(**{**{f: getattr(run, f) for f in ("loadings", "samples")}, "fitted": Twice()})
    found = AttentionMaps().evaluate(run)
    assert set(found.figures) == names
    for name, draw in found.figures.items():
        scales = [axes for axes in draw().axes if axes.get_label() == "<colorbar>"]
        assert len(scales) == (name != "attention_glasses")  # that one has a legend


class Twice(Looks):
    """Two numbers."""

    def attention(self, features, copies):
        weight = np.repeat(features.values[:, :1], 2, axis=1)
        return (Attention(resolution=8, weight=weight, signed=-weight),)


def test_no_copies_are_refused():
    with pytest.raises(VitreousError, match="copies=0"):
        AttentionMaps(copies=0)
