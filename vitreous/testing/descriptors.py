"""Checks of descriptors: features depend on the glass around a site, not on the numbering of atoms,
the origin, the periodic image or other sites.
"""

from __future__ import annotations

import inspect
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vitreous.core.data import Configuration, Features, Loading
from vitreous.core.errors import VitreousError
from vitreous.core.vocabulary import FORMS, LEVELS
from vitreous.testing.contract import (
    Skip,
    Subject,
    expect,
    expect_close,
    expect_member,
    expect_refusal,
    expect_subset,
)
from vitreous.testing.fingerprints import fingerprint
from vitreous.testing.materials import described, glass_of, loading_of, sites_of
from vitreous.testing.systems import shaken_honeycomb

Array = NDArray[Any]
ROTATIONS = ("invariant", "equivariant", "none")
_SAME = 1e-6  #: relative to the largest feature
_TURN = 40.0  #: degrees


@lru_cache
def _described(subject: Subject, level: str) -> Features:
    glass = glass_of(subject)
    return described(subject.make(), glass, loading_of(glass), sites_of(glass, level), level)


def _compare(
    subject: Subject,
    level: str,
    glass: Configuration,
    sites: Array,
    when: str,
    loading: Loading | None = None,
) -> None:
    found = described(subject.make(), glass, loading or loading_of(glass), sites, level)
    wanted = _described(subject, level)
    expect(found.names == wanted.names, f"the names of the features change {when}")
    expect_close(
        fingerprint(subject.make(), found),
        fingerprint(subject.make(), wanted),
        f"a feature at level {level} {when}",
        _SAME,
    )


def declares_itself(subject: Subject) -> None:
    """Form, levels, dimensions, bonds and behaviour under rotation are declared."""
    cls = subject.cls
    expect_member(cls.form, FORMS, "form")
    expect_subset(cls.levels, LEVELS, "levels")
    expect_subset(cls.dimensions, {2, 3}, "dimensions")
    expect_member(cls.rotation, ROTATIONS, "rotation")
    for name in ("needs_bonds", "needs_potential"):
        expect(
            isinstance(getattr(cls, name), bool),
            f"{name} is {getattr(cls, name)!r}; expected True or False",
        )
    expect(
        "potential" in inspect.signature(cls.describe).parameters,
        "describe has no argument 'potential'; end its signature with potential=None",
    )


def features_are_as_declared(subject: Subject) -> None:
    """One entry per site, of the declared form and the requested level, floating-point, with unique
    names.
    """
    for level in sorted(subject.cls.levels):
        features = _described(subject, level)
        count = len(sites_of(glass_of(subject), level))
        declared = subject.cls.stores or subject.cls.form
        expect(
            features.form == declared,
            f"the form is '{features.form}', but '{declared}' is declared",
        )
        expect(
            features.level == level,
            f"features are of level '{features.level}'; expected the requested '{level}'",
        )
        expect(len(features) == count, f"{len(features)} entries for {count} sites")
        expect(
            features.values.dtype.kind == "f",
            f"features are of type {features.values.dtype}; expected floating-point numbers",
        )
        expect(len(set(features.names)) == len(features.names), "two columns have the same name")
        if features.form == "graph":
            ends = np.searchsorted(features.offsets, features.edges, side="right") - 1
            place = np.repeat(np.arange(count), np.diff(features.edge_offsets))
            expect(
                np.array_equal(ends[0], place) and np.array_equal(ends[1], place),
                "an edge connects the graphs of two sites",
            )


def translation_changes_nothing(subject: Subject) -> None:
    """Translating glass and sites together leaves the features unchanged."""
    glass = glass_of(subject)
    shift = np.array([3.7, -1.3, 2.1])[: glass.dimension]
    for level in sorted(subject.cls.levels):
        sites = sites_of(glass, level)
        _compare(
            subject,
            level,
            glass.with_(positions=glass.positions + shift),
            sites + shift,
            "after a common translation",
        )


def lattice_vectors_change_nothing(subject: Subject) -> None:
    """Moving atoms and sites by lattice vectors leaves the features unchanged."""
    glass, rng = glass_of(subject), np.random.default_rng(5)
    moved = glass.with_(positions=glass.positions + _lattice(rng, glass, len(glass)))
    for level in sorted(subject.cls.levels):
        sites = sites_of(glass, level)
        _compare(
            subject,
            level,
            moved,
            sites + _lattice(rng, glass, len(sites)),
            "after moving atoms by lattice vectors",
        )


def _lattice(rng: np.random.Generator, glass: Configuration, count: int) -> Array:
    return (rng.integers(-1, 2, (count, glass.dimension)) * np.array(glass.periodic)) @ glass.cell


def order_of_atoms_does_not_matter(subject: Subject) -> None:
    """Permuting the atoms leaves the features unchanged."""
    glass = glass_of(subject)
    order = np.random.default_rng(6).permutation(len(glass))
    bonds = np.argsort(order)[glass.bonds]
    other = glass.with_(
        positions=glass.positions[order],
        species=glass.species[order],
        ids=glass.ids[order],
        bonds=bonds,
    )
    for level in sorted(subject.cls.levels):
        _compare(subject, level, other, sites_of(glass, level), "with the atoms in another order")


def rotation_is_as_declared(subject: Subject) -> None:
    """Rotating glass, sites and loading together leaves the features unchanged, if rotation is
    declared invariant.
    """
    if subject.cls.rotation != "invariant":
        raise Skip(
            f"it declares rotation = '{subject.cls.rotation}', which implies no invariance to check"
        )
    glass = glass_of(subject)
    turn = np.eye(glass.dimension)
    turn[:2, :2] = Loading(angle=-_TURN).frame[:2, :2]
    turned = glass.with_(positions=glass.positions @ turn.T, cell=glass.cell @ turn.T)
    loading = Loading(angle=loading_of(glass).angle + _TURN, dimension=glass.dimension)
    for level in sorted(subject.cls.levels):
        _compare(
            subject,
            level,
            turned,
            sites_of(glass, level) @ turn.T,
            "after a common rotation",
            loading,
        )


def repeated(glass: Configuration, times: int, axis: int) -> Configuration:
    """The same glass in a cell ``times`` as long along one lattice vector; bonds find their nearest
    image.
    """
    n, step = len(glass), glass.cell[axis]
    positions = np.concatenate([glass.positions + k * step for k in range(times)])
    cell = np.array(glass.cell)
    cell[axis] *= times
    reach = glass.positions[glass.bonds[:, 1]] - glass.positions[glass.bonds[:, 0]]
    crossing = np.rint((glass.minimum_image(reach) - reach) @ np.linalg.inv(glass.cell))[
        :, axis
    ].astype(int)
    bonds = [
        np.column_stack([glass.bonds[:, 0] + k * n, glass.bonds[:, 1] + (k + crossing) % times * n])
        for k in range(times)
    ]
    species, periodic = np.tile(glass.species, times), glass.periodic
    return Configuration(
        positions=positions,
        species=species,
        names=glass.names,
        cell=cell,
        periodic=periodic,
        units=glass.units,
        bonds=np.concatenate(bonds),
    )


def periodic_images_are_seen(subject: Subject) -> None:
    """Repeating a glass along a lattice vector leaves the features of the same sites unchanged,
    unless they are features of the whole glass or declared ``bound_to_cell``.
    """
    bound = subject.make().bound_to_cell
    if bound:
        raise Skip(f"it declares bound_to_cell: {bound}")
    glass = glass_of(subject)
    for level in _local(subject):
        _compare(
            subject,
            level,
            repeated(glass, 2, 0),
            sites_of(glass, level),
            "in a glass repeated twice",
        )


def _local(subject: Subject) -> list[str]:
    """Its levels but that of the whole glass. Raises Skip where there is no other."""
    levels = sorted(subject.cls.levels - {"sample"})
    if not levels:
        raise Skip("it describes whole glasses, of which a repeated one is another")
    return levels


def small_cells_are_right_or_refused(subject: Subject) -> None:
    """In a cell smaller than twice the cutoff every image counts, or a VitreousError refuses the
    glass.
    """
    if subject.own_glass() is not None or 2 not in subject.cls.dimensions:
        raise Skip("the kit has no small glass for it")
    if subject.cls.form == "glass_image":
        raise Skip("it shows the whole cell in one image; a repeated glass is another")
    small = shaken_honeycomb(2, 2)
    large = repeated(repeated(small, 3, 0), 3, 1)
    for level in _local(subject):
        sites = sites_of(small, level, 3)
        try:
            found = described(subject.make(), small, loading_of(small), sites, level)
        except VitreousError:
            continue
        wanted = described(subject.make(), large, loading_of(large), sites, level)
        expect_close(
            fingerprint(subject.make(), found),
            fingerprint(subject.make(), wanted),
            "a feature in a small cell, compared with the cell repeated 3 x 3,",
            _SAME,
        )


def company_does_not_matter(subject: Subject) -> None:
    """The features of a site do not depend on the other sites described."""
    glass, component = glass_of(subject), subject.make()
    for level in sorted(subject.cls.levels):
        sites = sites_of(glass, level)
        alone = [
            fingerprint(
                component, described(component, glass, loading_of(glass), site[None], level)
            )[0]
            for site in sites
        ]
        width = max(map(len, alone))
        together = fingerprint(component, _described(subject, level))[:, :width]
        expect_close(
            np.stack([np.pad(row, (0, width - len(row))) for row in alone]),
            together,
            "a feature of a site alone",
            _SAME,
        )


def sites_that_are_not_numbers_are_refused(subject: Subject) -> None:
    """NaN among the sites raises a VitreousError."""
    glass, level = glass_of(subject), max(subject.cls.levels)
    sites = sites_of(glass, level)
    sites[0, 0] = np.nan
    expect_refusal(
        lambda: described(subject.make(), glass, loading_of(glass), sites, level), "a site at NaN"
    )


def missing_bonds_are_refused(subject: Subject) -> None:
    """A descriptor that needs bonds refuses a glass without them; for any other, bonds do not
    matter.
    """
    glass, level = glass_of(subject), max(subject.cls.levels)
    bare = glass.with_(bonds=np.zeros((0, 2), dtype=int))
    if subject.cls.needs_bonds:
        expect_refusal(
            lambda: described(subject.make(), bare, loading_of(bare), sites_of(bare, level), level),
            "a glass without bonds",
        )
    else:
        _compare(
            subject,
            level,
            bare,
            sites_of(bare, level),
            "without bonds, although needs_bonds is False",
        )


CHECKS = (
    declares_itself,
    features_are_as_declared,
    translation_changes_nothing,
    lattice_vectors_change_nothing,
    order_of_atoms_does_not_matter,
    rotation_is_as_declared,
    periodic_images_are_seen,
    small_cells_are_right_or_refused,
    company_does_not_matter,
    sites_that_are_not_numbers_are_refused,
    missing_bonds_are_refused,
)
