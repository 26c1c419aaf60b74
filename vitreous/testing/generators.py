"""Checks of generators: the seed determines the glass, atoms do not overlap, and the rings of a
planar network have six sides on average.
"""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

import numpy as np

from vitreous.analysis.neighborhoods import pairs_within
from vitreous.analysis.rings import bridged, trace_rings
from vitreous.core.data import Configuration
from vitreous.core.network import described, network_change
from vitreous.testing.contract import CLOSEST, Skip, Subject, expect, expect_refusal, expect_subset


def _glass(subject: Subject, seed: int = 7) -> Configuration:
    return subject.make().generate(0, np.random.default_rng(seed))


def declares_itself(subject: Subject) -> None:
    """Dimensions, bonds and units are declared, and the glasses agree."""
    expect_subset(subject.cls.dimensions, {2, 3}, "dimensions")
    expect(
        isinstance(subject.cls.has_bonds, bool),
        f"has_bonds is {subject.cls.has_bonds!r}; expected True or False",
    )
    glass = _glass(subject)
    expect(
        glass.dimension in subject.cls.dimensions,
        f"the glass has {glass.dimension} dimensions, but {set(subject.cls.dimensions)} are "
        "declared",
    )
    expect(
        subject.cls.has_bonds or not len(glass.bonds), "the glass has bonds, but has_bonds is False"
    )
    expect(
        not subject.cls.has_bonds or len(glass.bonds), "has_bonds is True, but the glass has none"
    )
    units = subject.make().glass_units
    expect(
        units in ("", glass.units), f"glass_units is '{units}', but the glass is in {glass.units}"
    )


def reads_the_files_it_declares(subject: Subject) -> None:
    """``reads`` are the endings of the files that its glasses are read from, and empty where it
    makes them.
    """
    reads, generator = subject.cls.reads, subject.make()
    proper = isinstance(reads, tuple) and all(
        isinstance(end, str) and end == end.lower() and re.fullmatch(r"\.[^/]+", end)
        for end in reads
    )
    expect(proper, f"reads is {reads!r}; expected endings such as ('.extxyz', '.dump')")
    given = [getattr(generator, field.name) for field in fields(generator)]
    files = [
        Path(value).name
        for each in given
        for value in (each if isinstance(each, tuple | list) else [each])
        if isinstance(value, str | Path) and Path(value).is_file()
    ]
    if generator.available is None:
        expect(not reads, f"reads is {reads!r}, but it makes glasses, as many as asked for")
    elif files or reads:
        known = [name for name in files if name.lower().removesuffix(".gz").endswith(reads)]
        expect(
            known,
            f"the example reads {', '.join(files) or 'no file'}, but reads is {reads!r}; declare "
            "the endings of the files that it reads",
        )


def same_seed_same_glass(subject: Subject) -> None:
    """The same random stream gives the same glass, bit for bit."""
    expect(
        _glass(subject) == _glass(subject),
        "two generators with the same fields and seed give different glasses",
    )


def other_seed_other_glass(subject: Subject) -> None:
    """Another random stream gives another glass."""
    if subject.make().available is not None:
        raise Skip("its glasses are read, not generated")
    expect(
        _glass(subject, 7) != _glass(subject, 8),
        "seeds 7 and 8 give the same glass; draw from the generator that is passed in",
    )


def knows_how_many_there_are(subject: Subject) -> None:
    """``available`` is the number of glasses, and further ones are refused; None means any
    number.
    """
    generator = subject.make()
    count = generator.available
    if count is None:
        return
    expect(
        isinstance(count, int) and count > 0,
        f"available is {count!r}; expected a positive number or None",
    )
    expect_refusal(
        lambda: generator.generate(count, np.random.default_rng(0)),
        f"glass number {count} of {count} (counted from 0)",
    )


def atoms_do_not_overlap(subject: Subject) -> None:
    """No two atoms are closer than a quarter of the mean spacing."""
    glass = _glass(subject)
    least = CLOSEST * (glass.volume / len(glass)) ** (1 / glass.dimension)
    near = pairs_within(glass.positions, glass.positions, glass.cell, glass.periodic, least)
    clash = np.flatnonzero((near.site != near.atom) | (near.distance > 0))
    if len(clash):
        first = clash[0]
        gap = near.distance[first]
        expect(
            False,
            f"atoms {near.site[first]} and {near.atom[first]} are {gap:.3g} apart; expected at "
            f"least {least:.3g}",
        )


def bonds_join_neighbours(subject: Subject) -> None:
    """Each bond is listed once, joins two atoms, and is no longer than two mean spacings."""
    glass = _glass(subject)
    if not len(glass.bonds):
        raise Skip("its glasses have no bonds")
    ordered = np.sort(glass.bonds, axis=1)
    expect(np.all(ordered[:, 0] < ordered[:, 1]), "an atom is bonded to itself")
    expect(len(np.unique(ordered, axis=0)) == len(ordered), "a bond is listed twice")
    length = np.linalg.norm(
        glass.minimum_image(glass.positions[ordered[:, 1]] - glass.positions[ordered[:, 0]]), axis=1
    )
    longest = 2.0 * (glass.volume / len(glass)) ** (1 / glass.dimension)
    expect(
        length.max() <= longest,
        f"a bond is {length.max():.3g} long; expected at most {longest:.3g}",
    )


def bonds_are_those_within_the_limit(subject: Subject) -> None:
    """The bonds are the pairs of bonding species closer than the declared ``bond_limit``."""
    glass, limit = _glass(subject), subject.make().bond_limit
    expect(
        limit > 0.0,
        f"bond_limit is {limit!r}; expected a positive length, or infinity if unknown",
    )
    if not len(glass.bonds) or not np.isfinite(limit):
        raise Skip("its glasses have no bonds, or it declares no limit for them")
    change = network_change(glass, limit)
    expect(
        not change.any,
        "the bonds of a new glass are not those within bond_limit: "
        f"{described(glass, change, limit)}",
    )


def rings_have_six_sides_on_average(subject: Subject) -> None:
    """The mean ring of fully bonded planar silica has exactly six sides (Euler)."""
    glass = _glass(subject)
    if glass.dimension != 2 or set(glass.names) != {"Si", "O"} or not len(glass.bonds):
        raise Skip("its glasses are not bonded planar silica")
    if not all(glass.periodic):
        raise Skip("its glasses have a free boundary, where bonds are cut")
    silicon = glass.names.index("Si")
    count = np.bincount(glass.bonds.ravel(), minlength=len(glass))
    whole = np.where(glass.species == silicon, 3, 2)
    expect(
        np.array_equal(count, whole),
        f"{np.sum(count != whole)} atoms are not fully bonded (silicon 3, oxygen 2)",
    )
    pairs = bridged(_silicon_first(glass, silicon), glass.species, silicon)
    sizes = trace_rings(glass.positions, pairs, glass.cell).sizes
    expect(
        sizes.sum() == 6 * len(sizes),
        f"the mean ring size is {sizes.mean():.6g} over {len(sizes)} rings; expected exactly 6",
    )


def _silicon_first(glass: Configuration, silicon: int) -> np.ndarray:
    swapped = glass.species[glass.bonds[:, 0]] != silicon
    return np.where(swapped[:, None], glass.bonds[:, ::-1], glass.bonds)


def fingerprint_is_stable(subject: Subject) -> None:
    """``fingerprint``, a text for the dependencies besides the fields, is the same in every
    call.
    """
    first, second = subject.make().fingerprint(0), subject.make().fingerprint(0)
    expect(
        isinstance(first, str) and first == second,
        f"fingerprint(0) is {first!r}, then {second!r}; expected the same text",
    )


CHECKS = (
    declares_itself,
    reads_the_files_it_declares,
    same_seed_same_glass,
    other_seed_other_glass,
    knows_how_many_there_are,
    atoms_do_not_overlap,
    bonds_join_neighbours,
    bonds_are_those_within_the_limit,
    rings_have_six_sides_on_average,
    fingerprint_is_stable,
)
