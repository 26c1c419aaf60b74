"""What leads the page of a run: the predicted map of a test glass, and what to think of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from vitreous.analysis.run_maps import MODEL
from vitreous.core.evaluated import Evaluated, mean
from vitreous.core.run import Run
from vitreous.core.training import MEANINGLESS, only_tried
from vitreous.report.page import Section


def lead(result: Run, found: Mapping[str, Evaluated], pictures: Mapping[str, str]) -> Section:
    """The predicted map of the first test case that has one (without a model its true map), and
    the sentences of the evaluations, one a line; the title is the caption of the map.
    """
    warning = [f"{MEANINGLESS}."] if only_tried(result.about.get("config") or {}) else []
    text = "\n".join([*warning, *(each.headline for each in found.values() if each.headline)])
    for what in ("predicted", "true"):
        for sample in result.role("test"):
            name = f"test_{sample.name}_{what}"
            if name in pictures:
                caption = f"The {what} map of test glass {sample.index}: the darker, the weaker."
                return Section(title=caption, text=text, maps=(name,))
    return Section(title="", text=text)


def best_indicator(result: Run, found: Mapping[str, Evaluated]) -> str:
    """The indicator with the best map by goodness at the events or, without events, by correlation
    with the true map; the first where neither was evaluated, empty where there is none.
    """
    names = [name for name in result.weak_is if name != MODEL]
    for evaluation, number in (("goodness", "nearest"), ("correlation", "pearson")):
        numbers = found[evaluation].numbers if evaluation in found else {}
        scores = {name: _score(numbers.get(name), number) for name in names}
        known = {name: score for name, score in scores.items() if score is not None}
        if known:
            return max(known, key=lambda name: known[name])
    return names[0] if names else ""


def _score(numbers: Any, name: str) -> float | None:
    """The number of that name, of several by event their mean; None where there is none: what an
    evaluation of a third party holds is its own.
    """
    found = numbers.get(name) if isinstance(numbers, Mapping) else None
    each = list(found.values()) if isinstance(found, Mapping) else [found]
    return mean([number for number in each if isinstance(number, int | float)])
