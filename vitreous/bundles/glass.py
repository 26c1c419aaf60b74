"""Glasses read from files as a bundle takes them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from vitreous.bundles.bundle import Bundle
from vitreous.core.data import Configuration
from vitreous.core.errors import VitreousError
from vitreous.io.read import read_configuration

_CLOSEST = {"lj": 0.3}  # sigma; 0.5 angstrom elsewhere: nearer atoms are refused while reading


def read_glass_for(
    bundle: Bundle,
    file: str | Path,
    *,
    species: Sequence[str] | None = None,
    dimension: int | None = None,
    frame: int = -1,
    atom_style: str | None = None,
) -> Configuration:
    """One glass from a file, in the units of the bundle's glasses; the species of its types are
    those of the training, in their order, unless the file or ``species`` says otherwise. The other
    arguments are those of ``vitreous.direct.read_glass``.

    Raises:
        VitreousError: in one sentence, for a file that is missing, damaged, or not such a glass.
    """
    units = bundle.glasses["units"]
    known = (
        tuple(bundle.glasses["names"]) if bundle.potential is None else bundle.potential.elements
    )
    unknown = sorted(set(species or ()) - set(known))
    if unknown:
        raise VitreousError(
            f"species {', '.join(unknown)} were given, but the model was trained on "
            f"{' and '.join(known)}; name the species of types 1, 2, ... in this order"
        )
    return read_configuration(
        file,
        species=species,
        assumed=known,
        units=units,
        dimension=dimension,
        frame=frame,
        minimum_distance=_CLOSEST.get(units, 0.5),
        atom_style=atom_style,
    )
