"""The map that a trained model gives of one glass, with what speaks against trusting it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vitreous.bundles.bundle import Bundle
from vitreous.bundles.likeness import Oddity
from vitreous.bundles.places import obstacles, places, places_of_judgement, window
from vitreous.core.data import Configuration, Labels, Loading
from vitreous.core.errors import VitreousError
from vitreous.core.executor import cores
from vitreous.io.bonds import bonded
from vitreous.mechanics.boundary import moving
from vitreous.mechanics.relax import AT_REST

Array = NDArray[np.float64]
CONFIDENCES = (0.5, 0.95)  #: of the intervals that are given
_ENOUGH = 40  # places below which it is not
_SHARE = (
    0.002  # by which the composition of a periodic glass may differ; 0.1 of one with a boundary
)


@dataclass(frozen=True, kw_only=True)
class Prediction:
    """What ``predict`` found.

    Fields:
        configuration: the glass, with its bonds.
        labels: one value per place, in the label's unit; NaN and masked where the window meets a
        broken bond or leaves the glass.
        reasons: (M,) why: one of those of ``vitreous.bundles.places``; empty where there is a
        value.
        uncertainty: (M,) deviation of each value, within which 68 % of the true values lie on
        glasses like those of the training; None from a model that does not know.
        bounds: lower and upper end (M,) of the intervals that hold 50 and 95 % of the true values
        there, by confidence; empty where no validation glasses set them.
        correlation: with the true map, as the model's own deviations lead to expect; None from a
        model that does not know, or with too few places.
        odd: what of the glass stands out among the training glasses: (quantity, unit, value,
        training mean), the worst first; None where that cannot be told.
        doubtful: whether the map is not to be trusted; None where that cannot be told.
        largest_force: on an atom that the potential sees whole, energy per length; NaN where a free
        boundary leaves none.
        by_number: whether the model reads atoms in the order of their numbers in the file.
    """

    configuration: Configuration
    labels: Labels
    reasons: NDArray[np.str_]
    uncertainty: Array | None
    bounds: Mapping[float, tuple[Array, Array]]
    correlation: float | None
    odd: list[Oddity] | None
    doubtful: bool | None
    largest_force: float
    by_number: bool

    @property
    def masked(self) -> dict[str, int]:
        """How many places have no value, by the reason."""
        found, counts = np.unique(self.reasons[self.reasons != ""], return_counts=True)
        return dict(zip(found.tolist(), counts.tolist(), strict=True))

    @property
    def places(self) -> Array:
        """(M, D) in the coordinates of the file or Atoms that the glass came from."""
        return self.configuration.in_file(self.labels.positions)

    @property
    def at_rest(self) -> bool:
        """Whether forces are as small as in the glasses of the training; True where they are not
        known.
        """
        return not self.largest_force > AT_REST


def predict(
    glass: Configuration, bundle: Bundle, *, grid: int | None = None, angle: float | None = None
) -> Prediction:
    """The map of ``glass`` at ``grid`` places along each side (None: as dense as in training),
    loaded along ``angle`` degrees.

    Raises:
        VitreousError: a glass of another dimension, unit or composition than the bundle's, smaller
            than its window, or without any place whose window holds whole, fully bonded glass;
            another direction for a model that knows its own alone.
    """
    _refuse_foreign(glass, bundle)
    if any(bundle.glasses["coordination"]) and not len(glass.bonds):
        glass = bonded(
            glass
        )  # atoms with an unusual number of bonds are masked later, place by place
    loading = bundle.loading if angle is None else _along(angle, bundle)
    sites, counts = (
        (glass.positions, ())
        if bundle.label["level"] == "atom"
        else places(glass, bundle.spacing, grid)
    )
    reasons = obstacles(glass, bundle, sites)
    known = reasons == ""
    if not known.any():
        raise VitreousError(
            f"none of the {len(sites)} places has a window (radius {window(bundle):g}) of whole, "
            "fully bonded glass; "
            "give a larger patch, or mend its bonds"
        )
    values, spread = np.full(len(sites), np.nan), np.full(len(sites), np.nan)
    values[known], deviations = _at(glass, bundle, loading, sites[known])
    labels = Labels(
        name=bundle.label["name"],
        level=bundle.label["level"],
        unit=bundle.label["unit"],
        values=values,
        mask=known,
        positions=sites,
        weak_is=bundle.label["weak_is"],
        grid=counts,
    )
    spread[known] = np.nan if deviations is None else deviations
    bounds: dict[float, tuple[Array, Array]] = {}
    if bundle.intervals is not None:
        widths = {p: bundle.intervals.half_width(spread, p) for p in CONFIDENCES}
        bounds = {p: (values - width, values + width) for p, width in widths.items()}
        spread = bundle.intervals.deviation(spread)
    return Prediction(
        configuration=glass,
        labels=labels,
        reasons=reasons,
        uncertainty=None if deviations is None else spread,
        bounds=bounds,
        **_judged(glass, bundle, loading),
        largest_force=_largest_force(glass, bundle),
        by_number=bundle.descriptor.reads_atom_order,
    )


def _at(
    glass: Configuration, bundle: Bundle, loading: Loading, sites: Array
) -> tuple[Array, Array | None]:
    """Values and deviations (M,) at places whose windows are whole; no deviations from a model that
    does not know.
    """
    descriptor = _on_all_cores(bundle.descriptor)
    potential = bundle.potential if descriptor.needs_potential else None
    level = bundle.label["level"]
    features = descriptor.view(descriptor.describe(glass, loading, sites, level, potential))
    return bundle.fitted.predict(features), bundle.fitted.uncertainty(features)


def _judged(glass: Configuration, bundle: Bundle, loading: Loading) -> dict[str, Any]:
    """The fields of Prediction that say whether to trust a map of this glass, whatever its grid."""
    odd = None if bundle.likeness is None else bundle.likeness.odd(glass, bundle.potential)
    if bundle.trust is None:
        return {"correlation": None, "odd": odd, "doubtful": None if odd is None else bool(odd)}
    sites = places_of_judgement(glass, bundle)
    values, deviations = (
        _at(glass, bundle, loading, sites) if len(sites) >= _ENOUGH else (np.zeros(0), None)
    )
    if deviations is None:
        return {"correlation": None, "odd": odd, "doubtful": None}
    correlation = bundle.trust.correlation(values, deviations)
    return {
        "correlation": correlation,
        "odd": odd,
        "doubtful": not correlation >= bundle.trust.least,
    }


def _along(angle: float, bundle: Bundle) -> Loading:
    """The bundle's loading along another direction, degrees."""
    bound = bundle.descriptor.bound_to_axes
    if bound and (angle - bundle.loading.angle) % 360.0 != 0.0:
        raise VitreousError(
            f"the angle is {angle:g}, but this model learnt along {bundle.loading.angle:g} "
            f"degrees and knows no other direction: {bound}"
        )
    return replace(bundle.loading, angle=angle)


def _refuse_foreign(glass: Configuration, bundle: Bundle) -> None:
    known = bundle.glasses
    for what, got, wanted in (
        ("dimensions", glass.dimension, known["dimension"]),
        ("units", glass.units, known["units"]),
    ):
        if got != wanted:
            raise VitreousError(
                f"the glass has {what} {got}, but the model was trained on {what} {wanted}; it "
                "says nothing about this glass"
            )
    present = {glass.names[k]: float((glass.species == k).mean()) for k in np.unique(glass.species)}
    trained = {
        name: share
        for name, share in zip(known["names"], known["shares"], strict=True)
        if share > 0.0
    }
    slack = _SHARE if all(glass.periodic) else 0.1
    if present.keys() != trained.keys() or any(
        abs(present[name] - trained[name]) > slack for name in trained
    ):
        raise VitreousError(
            f"the glass is {_shares(present)}, but the model was trained on {_shares(trained)}; "
            "it says nothing about another composition"
        )


def _shares(of: dict[str, float]) -> str:
    return ", ".join(f"{100 * share:.3g} % {name}" for name, share in of.items())


def _on_all_cores(descriptor: Any) -> Any:
    """The descriptor with as many threads as this process has cores, where it has use for them."""
    return (
        replace(descriptor, workers=cores())
        if "workers" in descriptor.__dataclass_fields__
        else descriptor
    )


def _largest_force(glass: Configuration, bundle: Bundle) -> float:
    """NaN where no atom of a glass with a free boundary lies so deep that its force is as it was in
    the glass that it was cut from.
    """
    surface = bundle.potential.surface(glass)
    deep = moving(glass, surface.force_range)
    if deep is not None and not deep.any():
        return float("nan")
    forces = surface.energy_forces(glass.positions, glass.cell)[1]
    return float(np.abs(forces if deep is None else forces * deep).max())
