"""The potential that was not named: which there are, and which the species of the file suggest."""

from __future__ import annotations

import argparse
from dataclasses import MISSING, fields

from vitreous.core.errors import VitreousError
from vitreous.core.registry import discover
from vitreous.io.read import read_configuration


def unnamed(options: argparse.Namespace) -> VitreousError:
    """The sentence for a command without ``--potential``. Raises VitreousError for a file that
    cannot be read.
    """
    glass = read_configuration(
        options.file,
        species=options.species,
        units="metal",  # any: nothing is computed
        dimension=options.dimension,
        frame=options.frame,
        minimum_distance=0.0,
        atom_style=options.atom_style,
    )
    installed = {
        each.component.name: discover().resolve("potential", each.component.name)
        for each in discover().all("potential")
    }
    fit = {
        name: target
        for name, target in installed.items()
        if glass.dimension in target.dimensions and set(glass.names) <= set(target.species)
    }
    # one that knows these species alone, before one that knows every element
    narrow = min((len(target.species) for target in fit.values()), default=0)
    likely = [name for name, target in fit.items() if len(target.species) == narrow]
    of = f"{', '.join(glass.names)} in {glass.dimension} dimensions"
    meant = " or ".join(f"--potential {name}{_needed(installed[name])}" for name in likely)
    what = f"its species, {of}, suggest {meant}" if likely else f"none is known for {of}"
    return VitreousError(
        f"no potential is named for {options.file}: {what}; --potential takes one of "
        f"{', '.join(sorted(installed))}"
    )


def _needed(target: type) -> str:
    """The fields without a default, as they are typed."""
    needed = [each.name for each in fields(target) if each.init and each.default is MISSING]
    return "".join(f" --set {name}=VALUE" for name in needed)
