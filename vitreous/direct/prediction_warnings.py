"""What speaks against a prediction: of ``vitreous predict`` and ``Model.predict`` alike."""

from __future__ import annotations

import warnings

from vitreous.bundles import Bundle, Prediction
from vitreous.bundles.failing import first_failure
from vitreous.bundles.levels import noun_of, sites_of

_SHOWN = 3  # quantities named in a warning


def warn(found: Prediction, bundle: Bundle, *, relax: str | None) -> None:
    """What speaks against the prediction, as warnings at the line that asked for it.

    Args:
        relax: what brings the glass to rest first, e.g. ``--relax``; None where that was done.
    """
    answer = noun_of(bundle)
    if found.masked:
        because = ", ".join(f"{count} whose {reason}" for reason, count in found.masked.items())
        count = sum(found.masked.values())
        warnings.warn(f"{count} {sites_of(bundle)} are left out: {because}", stacklevel=3)
    if not found.at_rest and relax is not None:
        warnings.warn(
            f"the glass is not at rest (largest force {found.largest_force:.3g}), but the model "
            f"learnt from relaxed glasses; try {relax}",
            stacklevel=3,
        )
    if bundle.potential is None:
        warnings.warn(
            "whether the glass is at rest is not known, since the bundle holds no potential; the "
            f"model learnt from glasses at rest under {bundle.at_rest_under}",
            stacklevel=3,
        )
    if found.by_number:
        warnings.warn(
            f"the model reads atoms in the order of their numbers in the file: the {answer} can "
            "only be true of a glass numbered along rows, as those of its training",
            stacklevel=3,
        )
    failure = first_failure(found)
    if failure is not None and failure.beyond is not None:
        warnings.warn(
            f"the first failure is expected at a strain of {failure.strain:.3g}, beyond the "
            f"{failure.beyond:.3g} at which the last of the training glasses failed: "
            "when this glass fails is not known",
            stacklevel=3,
        )
    if found.doubtful is None:
        warnings.warn(
            f"whether to trust the {answer} is unknown: too little of the glass is "
            "whole and fully bonded, or the model was bundled with too few glasses",
            stacklevel=3,
        )
    elif found.doubtful:
        warnings.warn(
            f"{_expected(found, bundle)}{_oddities(found)}: do not trust the {answer}",
            stacklevel=3,
        )


def _expected(found: Prediction, bundle: Bundle) -> str:
    """Why not to trust it, in words."""
    if found.correlation is None or bundle.trust is None:
        return "this glass lies outside those that the model was trained on"
    return (
        f"the {noun_of(bundle)} should correlate with the truth by {found.correlation:.2f}, less "
        f"than the {bundle.trust.least:.2f} that is asked for (on glasses like those of the "
        f"training {bundle.trust.usual:.2f})"
    )


def _oddities(found: Prediction) -> str:
    """What of the glass is unusual among those of the training, with units."""
    worst = "; ".join(
        f"{name} is {' '.join([f'{value:.4g}', unit]).strip()}, in training {mean:.4g}"
        for name, unit, value, mean in (found.odd or [])[:_SHOWN]
    )
    return f" ({worst})" if worst else ""
