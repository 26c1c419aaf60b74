"""Models fitted to synthetic glasses, which checks of models share."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from vitreous.core.data import Features
from vitreous.core.interfaces import Fitted
from vitreous.testing.contract import Subject
from vitreous.testing.synthetic import examples


def fit(component: Any, train: Any, validation: Any, log: Any = lambda *_: None) -> Fitted:
    """A model of ``component``, by one stream of random numbers."""
    return component.fit(train, validation, np.random.default_rng(3), log)


def brief(subject: Subject, train: Any, validation: Any, log: Any = lambda *_: None) -> Fitted:
    """A fit of the component's ``brief``, for checks that need no good one."""
    return fit(subject.cls.brief(), train, validation, log)


@lru_cache
def fitted_on(subject: Subject, form: str) -> Fitted:
    """A brief fit to synthetic glasses of one form."""
    return brief(subject, examples(subject.cls, 2, 0, form), examples(subject.cls, 1, 5, form))


def unseen(subject: Subject, form: str) -> Features:
    """A glass that was not learnt from."""
    return examples(subject.cls, 1, 9, form)[0][0]
