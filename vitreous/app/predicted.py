"""A prediction in words: what ``vitreous predict`` prints of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from vitreous.app.results import Answers
from vitreous.bundles import Prediction
from vitreous.bundles.columns import answers, bounds, probabilities, uncertainties
from vitreous.core.data import in_units

_WEAKEST = 5  # places that are printed
_SURE = 90  # per cent, of the interval in words


def summary(found: Prediction) -> Answers:
    """What was predicted, by name: of a whole glass the answer, of its places their range."""
    labels = found.labels
    whole = labels.level == "sample" and len(labels) == 1
    answer = (_ONE if whole else _SEVERAL)[labels.task](found)
    return {
        **({} if whole else _places(found)),
        **answer,
        "expected_correlation": found.correlation,
    }


def _places(found: Prediction) -> Answers:
    masked = {"masked_because": found.masked} if found.masked else {}
    return {"places": len(found.labels), "masked": sum(found.masked.values()), **masked}


def _value(found: Prediction) -> Answers:
    """A number (or several components) with uncertainty and intervals, as far as they are known."""
    labels, ends = found.labels, {name: float(v[0]) for name, v in bounds(found).items()}
    numbers = {name: float(of.values[0]) for name, of in answers(found).items()}
    deviations = {name: float(of.values[0]) for name, of in uncertainties(found).items()}
    return {
        **_in_words(numbers, ends),
        **numbers,
        "unit": in_units(labels.unit, found.configuration.units) or "none",
        **(deviations or {"uncertainty": None}),
        "intervals": ends or None,
    }


def _in_words(numbers: Mapping[str, float], ends: Mapping[str, float]) -> Answers:
    """The number with an interval in one line; nothing without intervals, or of several numbers."""
    low, high = (ends.get(f"{side}_{_SURE}") for side in ("low", "high"))
    if len(numbers) != 1 or low is None or high is None:
        return {}
    ((name, value),) = numbers.items()
    shown = name.replace("_", " ")
    return {"answer": f"{shown} {value:.3g} ({_SURE} %: {low:.3g} to {high:.3g})"}


def _class(found: Prediction) -> Answers:
    labels = found.labels
    return {
        labels.name: labels.classes[int(labels.values[0])],
        "probabilities": {
            name.removeprefix("probability_"): float(of.values[0])
            for name, of in probabilities(found).items()
        }
        or None,
    }


def _position(found: Prediction) -> Answers:
    """In fractions of the cell, and in the coordinates of the file where each axis is known."""
    values, glass = found.labels.values, found.configuration
    place = (
        {"at": [float(f"{x:.6g}") for x in glass.in_file(values @ glass.cell)[0]]}
        if values.shape[1] == glass.dimension
        else {}
    )
    return {**_value(found), "unit": "fractions of the cell", **place}


def _values(found: Prediction) -> Answers:
    """The range of each column over the places, and the weakest of them."""
    labels, known = found.labels, found.reasons == ""
    ranges = {
        name: {
            "least": float(of.values[known].min()),
            "median": float(np.median(of.values[known])),
            "largest": float(of.values[known].max()),
        }
        for name, of in answers(found).items()
    }
    deviations = {
        name: {"median": float(np.nanmedian(of.values))}
        for name, of in uncertainties(found).items()
    }
    weakest = {} if labels.components else {"weakest_at": _weakest(found)}
    return {**ranges, **(deviations or {"uncertainty": None}), **weakest}


def _classes(found: Prediction) -> Answers:
    """How many places are of each class, and how sure the model is of them."""
    labels = found.labels
    counts = np.bincount(labels.values[labels.mask].astype(int), minlength=len(labels.classes))
    sure = found.probabilities
    return {
        labels.name: dict(zip(labels.classes, counts.tolist(), strict=True)),
        "probability_of_the_class": None
        if sure is None
        else {"median": float(np.nanmedian(sure.max(axis=1)))},
        **_likeliest(found),
    }


def _likeliest(found: Prediction) -> Answers:
    """The places of the second of two classes, where that marks weak ones, the likeliest first."""
    labels, sure = found.labels, found.probabilities
    if sure is None or len(labels.classes) != 2 or labels.weak_is != "high":
        return {}
    second = np.where(labels.mask, sure[:, 1], -np.inf)
    order = np.argsort(-second, kind="stable")[: min(_WEAKEST, labels.mask.sum())]
    glass, places = found.configuration, found.places
    atom = labels.level == "atom"
    return {
        f"likeliest_{labels.classes[1]}": [
            {
                **({"id": int(glass.ids[k])} if atom else {}),
                **({"species": glass.names[glass.species[k]]} if atom else {}),
                "at": [float(f"{x:.2f}") for x in places[k]],
                "probability": float(f"{second[k]:.3g}"),
            }
            for k in order
        ]
    }


_ONE: Mapping[str, Callable[[Prediction], Answers]] = {
    "value": _value,
    "image": _value,
    "class": _class,
    "position": _position,
}  #: of a whole glass, by task
_SEVERAL: Mapping[str, Callable[[Prediction], Answers]] = {
    "value": _values,
    "image": _values,
    "class": _classes,
    "position": _values,
}


def _weakest(found: Prediction) -> list[list[float]]:
    """The weakest places, in the coordinates of the file, the very weakest first."""
    labels, known = found.labels, found.labels.mask
    sign = 1.0 if labels.weak_is == "low" else -1.0
    order = np.argsort(np.where(known, sign * labels.values, np.inf))
    places = found.configuration.in_file(labels.positions)
    return [[float(f"{x:.2f}") for x in places[k]] for k in order[: min(_WEAKEST, known.sum())]]
