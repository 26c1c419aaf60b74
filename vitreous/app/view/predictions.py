"""Maps of trained models, kept for each direction of the loading."""

from __future__ import annotations

import warnings
from collections import OrderedDict
from typing import Any

from vitreous.app.view.structure import column, listed, sites
from vitreous.app.view.work import recorded
from vitreous.core.data import Configuration, in_units
from vitreous.core.watching import tell

_KEPT = 64  # maps
Answer = dict[str, Any]
_TO_REST = "'at rest first'"


class Predictions:
    """Answers of bundles about the glass that is open; ``last`` is the one that was asked for
    last, for files.
    """

    def __init__(self) -> None:
        self._known: OrderedDict[tuple[Any, ...], tuple[Any, Answer, list[str]]] = OrderedDict()
        self._rested: dict[tuple[str, bool], tuple[Configuration, list[str]]] = {}
        self._bundles: dict[str, Any] = {}
        self.last: Any = None

    def ask(self, opened: Any, name: str, angle: float | None, relax: bool) -> Answer:
        """What the bundle ``name`` says of the open glass, loaded along ``angle``, degrees (None:
        the direction of the training); brought to rest first if ``relax``. What was warned of when
        it was computed is warned of again.

        Raises:
            VitreousError: as ``vitreous.bundles.predict``.
        """
        key = (name, angle, relax)
        if key not in self._known:
            bundle = self._bundle(name)
            with recorded() as sentences:
                found = self._found(opened, name, bundle, angle, relax)
            self._known[key] = found, _shown(found, bundle, angle, relax), sentences
            if len(self._known) > _KEPT:
                self._known.popitem(last=False)
        self.last, answer, sentences = self._known[key]
        _warn_again(sentences)
        return answer

    def _bundle(self, name: str) -> Any:
        from vitreous.bundles import find_bundle

        if name not in self._bundles:
            tell(f"loading the model {name}")
            self._bundles[name] = find_bundle(name)
        return self._bundles[name]

    def _found(self, opened: Any, name: str, bundle: Any, angle: float | None, relax: bool) -> Any:
        from vitreous.bundles import predict
        from vitreous.direct.rest import rested

        if (name, relax) not in self._rested:
            with recorded() as sentences:
                glass = opened.glass_for(bundle)
                if relax:
                    tell("bringing the glass to rest")
                    glass = rested(glass, bundle).configuration
            self._rested[name, relax] = glass, sentences
        glass, sentences = self._rested[name, relax]
        _warn_again(sentences)
        tell("asking the model")
        return predict(glass, bundle, angle=angle)


def _warn_again(sentences: list[str]) -> None:
    for sentence in sentences:
        warnings.warn(sentence, stacklevel=2)


def _shown(found: Any, bundle: Any, angle: float | None, relax: bool) -> Answer:
    """A prediction as the page shows it."""
    from vitreous.app.predicted_words import in_words
    from vitreous.app.results import in_rows
    from vitreous.bundles.columns import answers, probabilities, uncertainties
    from vitreous.direct.prediction_warnings import warn

    labels, units = found.labels, found.configuration.units
    with recorded() as remarks:
        warn(found, bundle, relax=None if relax else _TO_REST)
    columns = {**probabilities(found), **answers(found)}
    if labels.task == "survival":  # as the command's picture: strains, which all sites have
        columns = {**answers(found), **probabilities(found)}
    if len(labels.classes) == 2:  # one probability is what the other leaves
        columns.pop(f"probability_{labels.classes[0]}", None)
    unsure = uncertainties(found)
    return {
        "model": bundle.label["name"],
        "level": labels.level,
        "angle": bundle.loading.angle if angle is None else angle,
        "loading": bundle.loading.mode.replace("_", " "),
        "turns": not bundle.descriptor.bound_to_axes,
        "sites": sites(labels.positions, labels.grid, found.configuration),
        "columns": {
            name: column(of.values, in_units(of.unit, units), of.weak_is)
            for name, of in columns.items()
        },
        "uncertainty": {
            name: column(of.values, in_units(of.unit, units)) for name, of in unsure.items()
        },
        "reasons": found.reasons.tolist() if (found.reasons != "").any() else [],
        "spots": _spots(found),
        "words": in_rows(in_words(found)),
        "doubtful": found.doubtful,
        "remarks": remarks,
    }


def _spots(found: Any) -> list[Answer]:
    """The likeliest places of the first failure, of models that know them."""
    from vitreous.bundles.failing import first_failure

    failure = first_failure(found)
    if failure is None:
        return []
    return [
        {
            "at": listed(found.labels.positions[spot.site]),
            "label": f"{100 * spot.probability:.0f} %",
        }
        for spot in failure.spots
    ]
