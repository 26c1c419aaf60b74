"""Samples with chosen values at places on a line, for evaluations whose numbers are checked by
hand.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from vitreous.core.data import Configuration, Features, Labels, Loading
from vitreous.core.run import Run
from vitreous.core.sample import Sample

SIDE = 10.0  #: of the square cell


def glass(
    index: int,
    truth: Sequence[float],
    prediction: Sequence[float] | None = None,
    *,
    role: str = "test",
    level: str = "site",
    weak_is: str = "low",
    events: Sequence[float] | None = None,
    uncertainty: Sequence[float] | None = None,
    indicators: Mapping[str, Sequence[float]] | None = None,
) -> Sample:
    """Values at x = 0, 1, 2, ... (NaN: not labelled), events at the x given, in a periodic square
    of side 10.
    """
    values = np.asarray(truth, dtype=float)
    places = np.column_stack([np.arange(len(values), dtype=float), np.full(len(values), 5.0)])
    at = None if events is None else np.array([[x, 5.0] for x in events]).reshape(-1, 2)
    return Sample.of(
        index=index,
        role=role,
        configuration=Configuration(
            positions=places,
            species=[0] * len(places),
            names=("A",),
            cell=SIDE * np.eye(2),
            periodic=(True, True),
            units="lj",
        ),
        trajectory=None,
        labels=Labels(
            name="gap",
            level=level,
            unit="sigma",
            values=values,
            mask=np.isfinite(values),
            positions=places,
            weak_is=weak_is,
        ),
        events=None
        if at is None
        else Labels(
            name="events",
            level="event",
            unit="strain",
            values=np.arange(len(at)),
            mask=np.ones(len(at), dtype=bool),
            positions=at,
            columns={"strain": np.arange(len(at)) / 100.0},
        ),
        features=None,
        indicators=None
        if indicators is None
        else Features(
            form="vector",
            level=level,
            names=tuple(indicators),
            values=np.column_stack(list(indicators.values())),
        ),
        prediction=None if prediction is None else np.asarray(prediction, dtype=float),
        uncertainty=None if uncertainty is None else np.asarray(uncertainty, dtype=float),
    )


def run(*samples: Sample, weak_is: Mapping[str, str] | None = None) -> Run:
    return Run(loadings=(Loading(),), samples=samples, weak_is=weak_is or {})


def shuffled_glasses(count: int = 20, places: int = 60) -> Run:
    """Test glasses of which a model knows how weak each is on the whole, and nothing of
    its places.
    """
    made = []
    for index in range(count):
        rng = np.random.default_rng(index)
        truth = 10.0 * index + rng.normal(size=places)
        made.append(
            glass(index, truth, rng.permutation(truth), events=[float(np.argmin(truth[:10]))])
        )
    return run(*made)
