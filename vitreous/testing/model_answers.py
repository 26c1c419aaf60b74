"""Checks of what models answer beside a number: probabilities of classes, hazards of failures."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np

from vitreous.core.vocabulary import HAZARD_STRAINS
from vitreous.testing.contract import CheckFailed, Subject, expect, expect_close
from vitreous.testing.fits import brief, fitted_on, unseen
from vitreous.testing.synthetic import examples


def probabilities_are_those_of_the_classes(subject: Subject) -> None:
    """A model that learns classes gives each site the class that is likeliest, by probabilities
    that sum to 1 and that saving preserves; of values it gives none.
    """
    if "class" not in subject.cls.tasks:
        return
    form = min(subject.cls.forms)
    glass = examples(subject.cls, 1, 0, form, task="class")
    fitted, features = brief(subject, glass, glass), glass[0][0]
    given = fitted.probabilities(features)
    if given is None:
        raise CheckFailed("it learns classes, but gives no probabilities")
    expect_close(np.sum(given, axis=1), np.ones(len(features)), "a sum of probabilities", 1e-6)
    expect(np.min(given) >= 0.0, "a probability is negative")
    found = fitted.predict(features)
    expect(
        np.array_equal(np.argmax(given, axis=1), found),
        "a predicted class is not the likeliest one",
    )
    with tempfile.TemporaryDirectory() as folder:
        fitted.save(Path(folder))
        again = subject.make().load(Path(folder)).probabilities(features)
    expect_close(again, given, "a probability of the loaded model", 1e-12)
    if "value" in subject.cls.tasks:
        of_values = fitted_on(subject, form).probabilities(unseen(subject, form))
        expect(of_values is None, "trained on values, it gives probabilities of classes")


def hazards_are_those_of_the_sites(subject: Subject) -> None:
    """A model that learns failures gives each site a cumulative hazard that rises with the strain,
    is 1 at the predicted one, and that saving preserves; what it says that each column adds to the
    logarithm of a hazard is that, but for a constant. Of other labels it gives none.
    """
    form = min(subject.cls.forms)
    if "survival" in subject.cls.tasks:
        glass = examples(subject.cls, 1, 0, form, task="survival")
        fitted, features = brief(subject, glass, glass), glass[0][0]
        given = fitted.hazards(features, HAZARD_STRAINS)
        if given is None:
            raise CheckFailed("it learns failures, but gives no hazards")
        expect(np.all(given > 0.0), "a hazard is not positive")
        expect(np.all(np.diff(given, axis=1) >= 0.0), "a hazard falls as the strain grows")
        strains = fitted.predict(features)
        there = fitted.hazards(features, strains)
        assert there is not None
        expect_close(np.diag(there), np.ones(len(features)), "a hazard at its strain", 1e-6)
        parts = fitted.contributions(features)
        told = parts is not None
        expect(told == subject.cls.knows_contributions, "contributions are not as declared")
        if parts is not None:
            left = np.log(given[:, -1]) - parts.sum(axis=1)
            constant = np.full(len(left), left.mean())
            expect_close(left, constant, "what contributions leave of a hazard's logarithm", 1e-6)
        with tempfile.TemporaryDirectory() as folder:
            fitted.save(Path(folder))
            again = subject.make().load(Path(folder)).hazards(features, HAZARD_STRAINS)
        expect_close(again, given, "a hazard of the loaded model", 1e-12)
    if subject.cls.tasks - {"survival"}:
        of_others = fitted_on(subject, form).hazards(unseen(subject, form), HAZARD_STRAINS)
        expect(of_others is None, "trained on other labels, it gives hazards")
