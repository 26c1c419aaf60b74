"""A prediction as a person reads it: the lines that ``vitreous predict`` prints without ``--json``.

Numbers have the digits that their intervals leave them, and what the model does not tell of such an
answer has no line.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import floor, log10
from typing import Any

import numpy as np

from vitreous.analysis.causes import in_digits
from vitreous.app.predicted import counted, likeliest, position_in_file, weakest
from vitreous.app.results import Answers
from vitreous.bundles import Prediction
from vitreous.bundles.columns import answers, bounds, probabilities, uncertainties
from vitreous.bundles.failing import first_failure
from vitreous.core.data import in_units

_SURE = 90  # per cent, of the interval beside the number
_DIGITS = 4  # significant ones of a number that has no interval
_DIMENSIONLESS = ("", "1")  # units that are not printed
_DOUBTFUL = {True: "yes", False: "no", None: "unknown"}


def in_words(found: Prediction) -> Answers:
    """What was predicted and whether to trust it, by name."""
    labels, r = found.labels, found.correlation
    whole = labels.level == "sample" and len(labels) == 1
    force = found.largest_force
    return {
        **({} if whole else {name: value for name, value in counted(found).items() if value}),
        **(_ONE if whole else _SEVERAL)[labels.task](found),
        **({} if r is None else {"expected_correlation": f"{r:.2f}"}),
        "doubtful": _DOUBTFUL[found.doubtful],
        **({} if np.isnan(force) else {"largest_force": f"{force:.2g}"}),
    }


def rounded(value: float, width: float | None) -> str:
    """``value`` to the decimal at which ``width``, of an interval, has two significant digits; to
    four significant digits where there is none, or one of no width.
    """
    if width is None or not 0.0 < width < np.inf:
        return f"{value:.{_DIGITS}g}"
    decimals = 1 - floor(log10(width))
    shown = round(value, decimals)
    return f"{shown:.{max(decimals, 0)}f}" if decimals <= 6 else f"{shown:.{_DIGITS}g}"


def _value(found: Prediction) -> Answers:
    """Each number with an interval and its unit, its uncertainty, and all of its intervals."""
    ends = {name: float(of[0]) for name, of in bounds(found).items()}
    lines: Answers = {}
    for name, column in answers(found).items():
        part = name.removeprefix(found.labels.name)  # "_COMPONENT", or nothing
        spans = {
            round(100 * p): (ends[f"low_{100 * p:.0f}{part}"], ends[f"high_{100 * p:.0f}{part}"])
            for p in found.bounds
        }
        deviation = uncertainties(found).get(f"uncertainty{part}")
        width = None if deviation is None else 2.0 * float(deviation.values[0])
        if _SURE in spans:
            width = spans[_SURE][1] - spans[_SURE][0]
        shown = _with_unit(rounded(float(column.values[0]), width), found)
        sure = f" ({_SURE} %: {_span(spans[_SURE])})" if _SURE in spans else ""
        lines[name] = f"{shown}{sure}"
        if deviation is not None:
            lines[f"uncertainty{part}"] = f"{float(deviation.values[0]):.2g}"
        if spans:
            lines[f"intervals{part}"] = "; ".join(f"{p} %: {_span(of)}" for p, of in spans.items())
    return lines


def _span(ends: tuple[float, float]) -> str:
    low, high = ends
    return f"{rounded(low, high - low)} to {rounded(high, high - low)}"


def _with_unit(shown: str, found: Prediction) -> str:
    labels = found.labels
    fractions = labels.task == "position"
    unit = "of the cell" if fractions else in_units(labels.unit, found.configuration.units)
    return shown if unit in _DIMENSIONLESS else f"{shown} {unit}"


def _class(found: Prediction) -> Answers:
    labels = found.labels
    chances = {
        name.removeprefix("probability_"): f"{of.values[0]:.3f}"
        for name, of in probabilities(found).items()
    }
    return {
        labels.name: labels.classes[int(labels.values[0])],
        **({"probabilities": chances} if chances else {}),
    }


def _position(found: Prediction) -> Answers:
    return {**_value(found), **position_in_file(found)}


def _values(found: Prediction) -> Answers:
    """The range of each column over the sites, its usual uncertainty, and the weakest sites."""
    known = found.reasons == ""
    ranges = {
        name: _with_unit(
            "least {:.4g}, median {:.4g}, largest {:.4g}".format(
                *np.quantile(column.values[known], [0.0, 0.5, 1.0])
            ),
            found,
        )
        for name, column in answers(found).items()
    }
    deviations = {
        name: f"median {np.nanmedian(column.values):.2g}"
        for name, column in uncertainties(found).items()
    }
    return {**ranges, **deviations, **weakest(found)}


def _classes(found: Prediction) -> Answers:
    """The atoms or sites likeliest to be of the weak class; of other classes how many there are."""
    lines = {name: [_chance(row) for row in rows] for name, rows in likeliest(found).items()}
    if lines:
        return lines
    labels, sure = found.labels, found.probabilities
    counts = np.bincount(labels.values[labels.mask].astype(int), minlength=len(labels.classes))
    chance = {} if sure is None else {"usual": f"{np.nanmedian(sure.max(axis=1)):.3f}"}
    return {
        labels.name: dict(zip(labels.classes, counts.tolist(), strict=True)),
        **({"probability_of_the_class": chance} if chance else {}),
    }


def _chance(row: Mapping[str, Any]) -> Answers:
    """One of the likeliest as a line: probability 0.782, atom 151 (Si), at (52.96, 17.61, 1.62)."""
    atom = {"atom": f"{row['id']} ({row['species']})"} if "id" in row else {}
    return {"probability": f"{row['probability']:.3f}", **atom, "at": [row["at"]]}


def _failures(found: Prediction) -> Answers:
    """Strain of the first failure with its interval, and the likeliest spots."""
    failure = first_failure(found)
    assert failure is not None
    span = failure.bounds[_SURE / 100]
    sites = found.sites
    spots = [
        {
            "probability": f"{spot.probability:.2f}",
            "at": [[float(f"{x:.1f}") for x in sites[spot.site]]],
            **({"because of": _because(spot.causes)} if spot.causes else {}),
        }
        for spot in failure.spots
    ]
    together = sum(spot.probability for spot in failure.spots)
    when = f"at strain {rounded(failure.strain, span[1] - span[0])} ({_SURE} %: {_span(span)})"
    if failure.beyond is not None:
        when = f"beyond strain {failure.beyond:.3g}, up to which was learnt: when is not known"
    where = f"in one of {len(spots)} spots" if len(spots) > 1 else "in one spot"
    return {
        "first_failure": f"{when}; {where} with probability {together:.2f}",
        "likeliest_spots": spots,
    }


def _because(causes: Sequence[tuple[str, float]]) -> str:
    """Each with the factor by which it raises the hazard."""
    return " and ".join(f"{meaning} (hazard × {in_digits(factor)})" for meaning, factor in causes)


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
