"""What a trained model says of one glass, with what speaks against trusting it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from vitreous.analysis.causes import causes
from vitreous.analysis.first_passage import quantile
from vitreous.bundles.bundle import Bundle
from vitreous.bundles.domain import prepared
from vitreous.bundles.judging import largest_force, verdict
from vitreous.bundles.levels import level_of, sites_of
from vitreous.bundles.likeness import Oddity
from vitreous.bundles.sites import REASON, obstacles, window
from vitreous.core.data import Configuration, Labels, Loading
from vitreous.core.errors import NotConverged, VitreousError
from vitreous.core.executor import cores
from vitreous.core.learning import hazards_of
from vitreous.core.vocabulary import HAZARD_STRAINS
from vitreous.mechanics.relax import AT_REST

Array = NDArray[np.float64]
CONFIDENCES = (0.5, 0.9, 0.95)  #: of the intervals that are given


@dataclass(frozen=True, kw_only=True)
class Prediction:
    """What ``predict`` found.

    Fields:
        configuration: the glass, with its bonds. seen, seen_sites: glass and sites (M, 2) or
        (M, D) as the descriptor saw them, in the bundle's projection.
        labels: one answer per site, of the level, task, unit and components that the model learnt;
        NaN and masked where the window meets a broken bond or leaves the glass.
        reasons: (M,) why: one of those of ``vitreous.bundles.sites``; empty where there is a
        value.
        probabilities: (M, classes) of labels of task "class"; None of other tasks, or from a model
        that does not know.
        hazards: (M, S) cumulative, at ``HAZARD_STRAINS``, NaN where masked, of labels of task
        "survival"; None of other tasks.
        beyond: of failures the largest strain that the training saw, where the median of the first
        lies beyond it, so that when it comes is not known; else None.
        causes: (M,) by what it is, how much of the logarithm of its hazard sets a site apart from
        the median site, NaN where masked; empty from a model or descriptor that does not know.
        uncertainty: deviation of each value, as they are shaped, within which 68 % of the true
        values lie on glasses like those of the training; None from a model that does not know,
        where validation glasses set no intervals either.
        bounds: lower and upper ends of the intervals that hold 50, 90 and 95 % of the true values
        there, by confidence; empty where no glasses set them.
        correlation: with the true map, as the model's own deviations lead to expect; None from a
        model that does not know, with too few sites, or of what is no map.
        odd: what of the glass is unusual among the training glasses: (quantity, unit, value,
        training mean), the worst first; None where that is unknown.
        doubtful: whether the answer is not to be trusted; None where that is unknown.
        largest_force: on an atom that the potential sees whole, energy per length; NaN where the
        bundle has no potential, or a free boundary leaves no such atom.
        by_number: whether the model reads atoms in the order of their numbers in the file.
    """

    configuration: Configuration
    seen: Configuration
    seen_sites: Array
    labels: Labels
    reasons: NDArray[np.str_]
    probabilities: Array | None
    hazards: Array | None
    beyond: float | None
    causes: Mapping[str, Array]
    uncertainty: Array | None
    bounds: Mapping[float, tuple[Array, Array]]
    correlation: float | None
    odd: list[Oddity] | None
    doubtful: bool | None
    largest_force: float
    by_number: bool

    @property
    def masked(self) -> dict[str, int]:
        """How many sites have no value, by the reason."""
        found, counts = np.unique(self.reasons[self.reasons != ""], return_counts=True)
        return dict(zip(found.tolist(), counts.tolist(), strict=True))

    @property
    def sites(self) -> Array:
        """(M, D) in the coordinates of the file or Atoms that the glass came from."""
        return self.configuration.in_file(self.labels.positions)

    @property
    def at_rest(self) -> bool:
        """Whether forces are as small as in the glasses of the training; True where they are not
        known.
        """
        return not self.largest_force > AT_REST


class _Answers(NamedTuple):
    """Of a model at sites; None for what it does not know."""

    values: Array
    deviations: Array | None
    probabilities: Array | None
    hazards: Array | None
    causes: Mapping[str, Array]


def predict(
    glass: Configuration, bundle: Bundle, *, grid: int | None = None, angle: float | None = None
) -> Prediction:
    """What the model says of ``glass``, loaded along ``angle`` degrees: a number of the glass, one
    per atom, a picture, or a map at ``grid`` sites along each side (None: as dense as in
    training).

    Raises:
        VitreousError: a glass of another dimension, unit, composition or boundary than the
            bundle's, without bonds that are needed, smaller than the model's window, or without any
            site whose window holds whole, fully bonded glass; a grid for what is no map; another
            direction for a model that knows its own alone; a glass that is not at rest, where the
            descriptor needs one.
    """
    glass = prepared(glass, bundle)
    loading = bundle.loading if angle is None else _along(angle, bundle)
    level = level_of(bundle)
    sites, counts = level.sites(glass, bundle, grid)
    reasons = (
        obstacles(glass, bundle, sites) if level.windowed else np.full(len(sites), "", dtype=REASON)
    )
    known = reasons == ""
    if not known.any():
        raise VitreousError(
            f"none of the {len(sites)} {sites_of(bundle)} has a window (radius {window(bundle):g}) "
            "of whole, fully bonded glass; give a larger patch, or mend its bonds"
        )
    ask = partial(_ask, glass, bundle, loading)
    answers = ask(sites[known])
    values, deviations, probabilities, hazards = (_spread(of, known) for of in answers[:4])

    def judged(at: Array) -> tuple[Array, Array | None]:
        """The answers that the verdict asks for, which may be those that are known already."""
        found = answers if np.array_equal(at, sites[known]) else ask(at)
        return found.values, found.deviations

    assert values is not None
    bounds: dict[float, tuple[Array, Array]] = {}
    if bundle.intervals is not None:
        if deviations is None:  # intervals of a model without deviations are equally wide
            deviations = np.where(np.isfinite(values), 1.0, np.nan)
        widths = {p: bundle.intervals.half_width(deviations, p) for p in CONFIDENCES}
        bounds = {p: (values - width, values + width) for p, width in widths.items()}
        deviations = bundle.intervals.deviation(deviations)
    return Prediction(
        configuration=glass,
        seen=bundle.seen(glass),
        seen_sites=bundle.seen_sites(sites),
        labels=_labels(bundle, values, known, sites, counts),
        reasons=reasons,
        probabilities=probabilities,
        hazards=hazards,
        beyond=_beyond(answers.hazards, bundle),
        causes={name: _everywhere(of, known) for name, of in answers.causes.items()},
        uncertainty=deviations,
        bounds=bounds,
        **verdict(glass, bundle, judged)._asdict(),
        largest_force=largest_force(glass, bundle),
        by_number=bundle.descriptor.reads_atom_order,
    )


def _beyond(hazards: Array | None, bundle: Bundle) -> float | None:
    """The largest strain that the training saw, where the first failure is expected later."""
    if hazards is None:
        return None
    watched = float(bundle.glasses["watched"])
    return watched if quantile(hazards, HAZARD_STRAINS, 0.5) > watched else None


def _ask(glass: Configuration, bundle: Bundle, loading: Loading, sites: Array) -> _Answers:
    """Answers at sites whose windows are whole."""
    descriptor = _on_all_cores(bundle.descriptor)
    try:
        described = descriptor.describe(
            bundle.seen(glass),
            bundle.seen_loading(loading),
            bundle.seen_sites(sites),
            bundle.label["level"],
            bundle.potential if descriptor.needs_potential else None,
        )
    except NotConverged as error:  # nothing was minimised: it is the glass that was given
        raise VitreousError(str(error)) from error
    features, fitted = descriptor.view(described), bundle.fitted
    probabilities = fitted.probabilities(features) if bundle.label["task"] == "class" else None
    hazards, why = None, {}
    if bundle.label["task"] == "survival":
        hazards = hazards_of(fitted, features)
        given = fitted.contributions(features)
        if given is not None:
            why = causes(given, described.names, descriptor.meanings)
    return _Answers(
        fitted.predict(features), fitted.uncertainty(features), probabilities, hazards, why
    )


def _spread(answers: Array | None, known: NDArray[np.bool_]) -> Array | None:
    """The same of answers that may be missing."""
    return None if answers is None else _everywhere(answers, known)


def _everywhere(answers: Array, known: NDArray[np.bool_]) -> Array:
    """Answers at the ``known`` sites, among NaN at the others."""
    everywhere = np.full((len(known), *np.shape(answers)[1:]), np.nan)
    everywhere[known] = answers
    return everywhere


def _labels(
    bundle: Bundle,
    values: Array,
    known: NDArray[np.bool_],
    sites: Array,
    grid: tuple[int, ...],
) -> Labels:
    label, each = bundle.label, known if values.ndim == 1 else known[:, None]
    return Labels(
        name=label["name"],
        level=label["level"],
        unit=label["unit"],
        values=values,
        mask=np.broadcast_to(each, values.shape),
        positions=sites,
        weak_is=label["weak_is"],
        grid=grid,
        task=label["task"],
        components=tuple(label["components"]),
        classes=tuple(label["classes"]),
    )


def _along(angle: float, bundle: Bundle) -> Loading:
    """The bundle's loading along another direction, degrees."""
    bound = bundle.descriptor.bound_to_axes
    if bound and (angle - bundle.loading.angle) % 360.0 != 0.0:
        raise VitreousError(
            f"the angle is {angle:g}, but this model learnt along {bundle.loading.angle:g} "
            f"degrees and knows no other direction: {bound}"
        )
    return replace(bundle.loading, angle=angle)


def _on_all_cores(descriptor: Any) -> Any:
    """The descriptor with as many threads as this process has cores, where it has use for them."""
    return (
        replace(descriptor, workers=cores())
        if "workers" in descriptor.__dataclass_fields__
        else descriptor
    )
