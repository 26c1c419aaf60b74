"""The numbers of a run that matter first."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

#: paths in scores.json, the most telling first; of each evaluation the score of the model
FIRST = (
    "goodness.model.nearest.event_1",
    "correlation.model.pearson",
    "correlation.model.spearman",
    "regression.r2",
    "regression.rmse",
    "ranking.model.c_rank",
    "ranking.model.overlap",
    "classification.model.mcc",
    "classification.model.average_precision",
    "classes.model.mcc",
    "classes.model.average_precision",
    "classes.model.balanced_accuracy",
    "first_failure.strain.r2",
    "first_failure.model.inside_1",
    "prediction_area.model.area",
    "crack_path.model.mcc",
    "crack_path.model.overlap",
    "location.median",
    "location.error",
    "position_error.model.error",
    "predicted_fraction.model.pearson",
    "calibration.coverage",
)
FEW = 5


def flat_numbers(scores: Mapping[str, Any], prefix: str = "") -> dict[str, float]:
    """The finite numbers of nested scores by their path."""
    flat: dict[str, float] = {}
    for name, value in scores.items():
        if isinstance(value, Mapping):
            flat |= flat_numbers(value, f"{prefix}{name}.")
        elif isinstance(value, int | float):
            flat[f"{prefix}{name}"] = float(value)
    return flat


def undefined(scores: Mapping[str, Any], prefix: str = "") -> list[str]:
    """The paths of nested scores that are no number, such as the correlation of a constant."""
    found = []
    for name, value in scores.items():
        if isinstance(value, Mapping):
            found += undefined(value, f"{prefix}{name}.")
        elif value is None:
            found.append(f"{prefix}{name}")
    return found


def five(numbers: Mapping[str, float], objective: str | None = None) -> dict[str, float]:
    """Up to five of these numbers: the objective, the telling ones in their order, then others of
    the model as they come.
    """
    of_model = [name for name in numbers if ".model." in name and ".coverage." not in name]
    wanted = [*([objective] if objective else []), *FIRST, *of_model, *numbers]
    order: list[str] = list(dict.fromkeys(wanted))
    return {name: numbers[name] for name in [n for n in order if n in numbers][:FEW]}
