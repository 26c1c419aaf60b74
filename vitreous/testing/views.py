"""Checks of what descriptors declare of their view: how far it reaches, and what is drawn of it."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from vitreous.core.data import Configuration, Drawn
from vitreous.testing.contract import Skip, Subject, expect, expect_close
from vitreous.testing.descriptors import fingerprint, repeated
from vitreous.testing.materials import described, glass_of, loading_of, sites_of

Array = NDArray[Any]
_BEYOND = 1.2  #: reaches from a site: further out lie no neighbours of an atom within reach
_SHAKEN = 0.02  #: length
#: of the spread of a feature from site to site; what averages over the kit's glass may change by
_LITTLE = 0.3


def reach_is_as_declared(subject: Subject) -> None:
    """Moving atoms beyond ``reach`` of a site changes its features by little, compared with how
    they differ from site to site (averages over the whole glass may change).
    """
    component, own = subject.make(), glass_of(subject)
    glass = own
    for axis in range(own.dimension):
        glass = repeated(glass, 2, axis)
    expect(component.reach > 0, f"reach is {component.reach:g}; expected a positive length")
    for level in sorted(subject.cls.levels):
        sites = sites_of(own, level, 12)
        away = np.linalg.norm(glass.minimum_image(glass.positions - sites[0]), axis=1)
        far = away > _BEYOND * component.reach
        if not far.any():
            raise Skip(f"no atom of the kit's glass lies beyond its reach of {component.reach:g}")
        seen = [
            fingerprint(component, described(component, glass, loading_of(glass), sites, level)),
            fingerprint(
                component,
                described(component, _shaken(glass, far), loading_of(glass), sites[:1], level),
            ),
        ]
        width = min(rows.shape[1] for rows in seen)
        spread = seen[0].std(axis=0)[:width]
        change = np.abs(seen[1][0, :width] - seen[0][0, :width])
        share = float((change[spread > 0] / spread[spread > 0]).max(initial=0.0))
        expect(
            share <= _LITTLE,
            f"features at level {level} change by {share:.2g} of their spread when atoms beyond "
            f"the declared reach of {component.reach:g} move",
        )


def _shaken(glass: Configuration, moved: NDArray[np.bool_]) -> Configuration:
    step = np.random.default_rng(11).normal(scale=_SHAKEN, size=glass.positions.shape)
    return glass.with_(positions=glass.positions + step * moved[:, None])


def what_is_drawn_is_as_declared(subject: Subject) -> None:
    """Features drawn on demand have the declared form and shape, do not depend on the sites they
    are drawn with, and come with the symmetry of each copy; stored ones are seen as they are.
    """
    component, glass, level = subject.make(), glass_of(subject), max(subject.cls.levels)
    sites = sites_of(glass, level)
    stored = described(component, glass, loading_of(glass), sites, level)
    view = component.view(stored)
    if not subject.cls.stores:
        expect(view is stored, "view changes features that are stored; declare what it stores")
        return
    expect(isinstance(view, Drawn), f"view gives {type(view).__name__}; expected Drawn features")
    expect(view.form == subject.cls.form, f"it draws {view.form}; {subject.cls.form} is declared")
    each = np.arange(len(sites))
    copies = each % view.copies
    together, plain = view.take(each, copies), view.take(each)
    expect(np.isfinite(together).all(), "a drawn feature is not finite")
    for m in each[::-1]:
        alone = view.take(each[m : m + 1], copies[m : m + 1])[0]
        expect_close(alone, together[m], "a feature drawn alone", 1e-6)
    first = copies == 0
    expect_close(together[first], plain[first], "copy number 0", 1e-12)
    places = np.random.default_rng(2).uniform(-1, 1, (len(each), glass.dimension))
    symmetry = view.symmetry(each, copies)
    there = symmetry.moved(places)
    expect_close(there[first], places[first], "a position in copy number 0", 1e-12)
    expect_close(symmetry.undone(there), places, "a position carried to a copy and back", 1e-12)


CHECKS = (reach_is_as_declared, what_is_drawn_is_as_declared)
