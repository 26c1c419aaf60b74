"""Why glasses fail where they do: factors by hand, and what a real network's failure is put down
to.
"""

from dataclasses import replace

import numpy as np
import pytest
from glasses import glass, run

from vitreous.core.data import Features
from vitreous.core.errors import VitreousError
from vitreous.core.interfaces import Fitted
from vitreous.core.vocabulary import HAZARD_STRAINS
from vitreous.plugins.evaluations._cause_figures import _looks
from vitreous.plugins.evaluations.failure_causes import FailureCauses

SITES = 9
LENGTH, LOAD = np.log([1, 1, 1, 1, 1, 2, 3, 20, 5.0]), np.log([1, 1, 1, 1, 1, 1, 7, 1, 2.0])


class Sums(Fitted):
    """Contributions are the features themselves."""

    def predict(self, features):
        return np.exp(-features.values.sum(axis=1))

    def contributions(self, features):
        return features.values

    def save(self, folder):
        raise NotImplementedError


def failed(index, around, **changed):
    """A glass whose first event came around these sites; two columns speak for hazards."""
    columns = np.column_stack([LENGTH, LOAD])
    sample = glass(index, -np.ones(SITES), np.ones(SITES), level="atom", events=[float(around[0])])
    values = np.full(SITES, -0.2)
    values[list(around)] = 0.1
    hazards = np.exp(columns.sum(axis=1))[:, None] * HAZARD_STRAINS**4
    return sample.with_(
        labels=replace(sample.labels, task="survival", unit="strain", values=values),
        events=replace(sample.events, values=[0.1], columns={"strain": np.array([0.1])}),
        features=Features(form="vector", level="atom", names=("length", "load"), values=columns),
        predicted={"prediction": np.ones(SITES), "uncertainty": None, "hazards": hazards},
        **changed,
    )


def found(*samples, **fields):
    return FailureCauses(**fields).evaluate(replace(run(*samples), fitted=Sums()))


def test_factors_are_those_over_the_median_site():
    """The event is around sites 5 and 6; the likelier of them is 6, of all sites it is 6, too."""
    numbers = found(failed(0, (5, 6))).numbers
    assert numbers["length"] == pytest.approx({"factor": 3.0, "likeliest": 3.0, "strongest": 0.0})
    assert numbers["load"] == pytest.approx({"factor": 7.0, "likeliest": 7.0, "strongest": 1.0})


def test_a_miss_is_explained_by_what_spoke_for_each_site():
    """Where it failed two meanings make 10; the site expected has 21 by both."""
    evaluated = found(failed(0, (8,)), failed(1, (6,)))
    miss = evaluated.tables[1].rows[0]
    assert miss[0].startswith("glass 0") and miss[1] == pytest.approx(200 / 9)
    assert miss[2] == pytest.approx(2.0)
    assert miss[5:] == ["length (× 5.0), load (× 2.0)", "load (× 7.0), length (× 3.0)"]
    assert evaluated.numbers["length"]["factor"] == pytest.approx(np.sqrt(15.0))
    assert evaluated.numbers["load"]["strongest"] == 0.5


def test_failures_of_test_glasses_alone_are_explained():
    train = failed(1, (8,))
    train = replace(train, case=replace(train.case, role="train"))
    assert list(found(failed(0, (6,)), train).glasses) == ["0"]


def test_glasses_without_an_event_are_left_out():
    quiet = glass(1, -np.ones(SITES), np.ones(SITES), level="atom", events=[])
    assert list(found(failed(0, (6,)), quiet).glasses) == ["0"]
    assert not found(quiet).numbers


def test_glasses_whose_events_are_not_those_of_the_labels_are_left_out():
    """As with labeler.kind=flip, where bonds broke and none flipped."""
    other = failed(1, (6,))
    other = other.with_(labels=replace(other.labels, values=np.full(SITES, -0.2)))
    assert list(found(failed(0, (6,)), other).glasses) == ["0"]


def test_each_failure_is_drawn_around_its_event_with_a_bar_per_meaning():
    figure = found(failed(0, (8,)), failed(1, (6,)), shown=1).figures["failure_causes"]()
    structure, bars = figure.axes[:2]
    crosses = [line for line in structure.lines if line.get_marker() == "x"]
    circles = [line for line in structure.lines if line.get_marker() == "o"]
    assert crosses[0].get_xydata().tolist() == [[0.0, 0.0]]
    assert circles[0].get_xydata() == pytest.approx(np.array([[-2.0, 0.0]]))
    assert [bar.get_width() + 1.0 for bar in bars.patches] == pytest.approx([5.0, 2.0])


def test_a_negative_number_of_pictures_is_refused():
    with pytest.raises(VitreousError, match="shown=-1; expected zero or more"):
        FailureCauses(shown=-1)


def test_no_two_meanings_look_alike():
    looks = _looks([f"meaning {k}" for k in range(20)])
    assert len({(look["facecolor"], look["hatch"]) for look in looks.values()}) == 20
