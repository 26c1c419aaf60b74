"""What ``vitreous predict --json`` says of a prediction."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from vitreous.app.results import Answers
from vitreous.bundles import Prediction
from vitreous.bundles.columns import DOUBTFUL, answers, bounds, probabilities, uncertainties
from vitreous.bundles.failing import first_failure
from vitreous.core.data import in_units

_WEAKEST = 5  # spots or sites that are printed
_APART = 3.0  # mean distances of sites: closer ones see much of the same window


def summary(found: Prediction) -> Answers:
    """What was predicted, by name, of a whole glass the answer, of its sites their range; and
    whether to trust it.
    """
    labels = found.labels
    whole = labels.level == "sample" and len(labels) == 1
    answer = (_ONE if whole else _SEVERAL)[labels.task](found)
    return {
        **({} if whole else counted(found)),
        **answer,
        "expected_correlation": found.correlation,
        DOUBTFUL: found.doubtful,
        "largest_force": None if np.isnan(found.largest_force) else found.largest_force,
    }


def counted(found: Prediction) -> Answers:
    """How many answers there are, unless there is one per atom, and how many of them are masked."""
    masked = {"masked_because": found.masked} if found.masked else {}
    sites = {} if found.labels.level == "atom" else {"sites": len(found.labels)}
    return {**sites, "masked": sum(found.masked.values()), **masked}


def _value(found: Prediction) -> Answers:
    """A number (or several components) with uncertainty and intervals, as far as they are known."""
    labels, ends = found.labels, {name: float(v[0]) for name, v in bounds(found).items()}
    numbers = {name: float(of.values[0]) for name, of in answers(found).items()}
    deviations = {name: float(of.values[0]) for name, of in uncertainties(found).items()}
    return {
        **numbers,
        "unit": in_units(labels.unit, found.configuration.units) or "none",
        **(deviations or {"uncertainty": None}),
        "intervals": ends or None,
    }


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
    return {**_value(found), "unit": "fractions of the cell", **position_in_file(found)}


def position_in_file(found: Prediction) -> Answers:
    """A predicted position in the coordinates of the file, where each axis is known."""
    values, glass = found.labels.values, found.configuration
    if values.shape[1] != glass.dimension:
        return {}
    return {"at": [float(f"{x:.6g}") for x in glass.in_file(values @ glass.cell)[0]]}


def _values(found: Prediction) -> Answers:
    """The range of each column over the sites, and the weakest of them."""
    known = found.reasons == ""
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
    return {**ranges, **(deviations or {"uncertainty": None}), **weakest(found)}


def _classes(found: Prediction) -> Answers:
    """How many sites are of each class, and how sure the model is of them."""
    labels = found.labels
    counts = np.bincount(labels.values[labels.mask].astype(int), minlength=len(labels.classes))
    sure = found.probabilities
    return {
        labels.name: dict(zip(labels.classes, counts.tolist(), strict=True)),
        "probability_of_the_class": None
        if sure is None
        else {"median": float(np.nanmedian(sure.max(axis=1)))},
        **likeliest(found),
    }


def likeliest(found: Prediction) -> Answers:
    """The sites of the second of two classes, where that marks weak ones, the likeliest first."""
    labels, sure = found.labels, found.probabilities
    if sure is None or len(labels.classes) != 2 or labels.weak_is != "high":
        return {}
    second = np.where(labels.mask, sure[:, 1], -np.inf)
    order = np.argsort(-second, kind="stable")[: min(_WEAKEST, labels.mask.sum())]
    glass, sites = found.configuration, found.sites
    atom = labels.level == "atom"
    return {
        f"likeliest_{labels.classes[1]}": [
            {
                **({"id": int(glass.ids[k])} if atom else {}),
                **({"species": glass.names[glass.species[k]]} if atom else {}),
                "at": [float(f"{x:.2f}") for x in sites[k]],
                "probability": float(f"{second[k]:.3g}"),
            }
            for k in order
        ]
    }


def _failures(found: Prediction) -> Answers:
    """Strain and position of the first failure."""
    failure = first_failure(found)
    assert failure is not None
    sites = found.sites
    return {
        "first_failure": {
            "strain": failure.strain,
            "known": failure.beyond is None,
            "intervals": {
                f"{side}_{100 * p:.0f}": end
                for p, ends in failure.bounds.items()
                for side, end in zip(("low", "high"), ends, strict=True)
            },
            "spots": [
                {
                    "at": [float(f"{x:.2f}") for x in sites[spot.site]],
                    "probability": float(f"{spot.probability:.3g}"),
                    "hazard_factors": {m: float(f"{f:.3g}") for m, f in spot.causes},
                }
                for spot in failure.spots
            ],
        }
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
    "survival": _failures,
}


def weakest(found: Prediction) -> Answers:
    """The weakest spots, in the coordinates of the file, the very weakest first; nothing of
    several components. Sites closer than ``_APART`` spacings to a weaker one are of its spot.
    """
    labels, known, glass = found.labels, found.labels.mask, found.configuration
    if labels.components:
        return {}
    sign = 1.0 if labels.weak_is == "low" else -1.0
    order = np.argsort(np.where(known, sign * labels.values, np.inf), kind="stable")
    area = abs(float(np.linalg.det(glass.cell)))
    apart = _APART * (area / len(labels)) ** (1.0 / glass.dimension)
    spots: list[int] = []
    for site in order[: int(known.sum())]:
        off = glass.minimum_image(labels.positions[spots] - labels.positions[site])
        if len(spots) < _WEAKEST and (np.linalg.norm(off, axis=1) >= apart).all():
            spots.append(int(site))
    sites = glass.in_file(labels.positions[spots])
    return {"weakest_at": [[float(f"{x:.2f}") for x in site] for site in sites]}
