"""Density maps of the surroundings of atoms."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from vitreous.analysis.density_maps import surroundings
from vitreous.core.data import Loading
from vitreous.core.errors import MissingExtra, VitreousError
from vitreous.io.glasses import as_glass
from vitreous.plugins.descriptors.density_map import DensityMap

if TYPE_CHECKING:
    from vitreous.io.glasses import Given


def density_map(
    configuration: Given,
    loading: Loading | str = "simple_shear",
    *,
    atoms: Sequence[int] | None = None,
    radius: float = 5.0,
    width: float = 0.2,
    species: Sequence[str] | None = None,
    device: str | None = None,
) -> NDArray[np.float32]:
    """Gaussian-weighted density maps (M, species, [z,] y, x) around atoms, x along the shear and y
    along the normal of its planes (Fan & Ma 2021; ``descriptor=density_map``).

    Args:
        configuration: a Configuration, ASE Atoms, or the path of a file.
        loading: a Loading, or the name of a mode (sign +1, angle 0).
        atoms: M numbers of atoms, from 0; None: all.
        radius, width: half the side of the map, and the width of Gaussians and pixels, length.
        species: names of the channels; None: those of the glass, in its order.
        device: of torch, such as "cuda", which then draws the maps; None: the CPU, without torch.

    Raises:
        VitreousError: lengths out of range, species without a channel, or atoms that are not there.
        MissingExtra: a device, but no torch.
    """
    glass = as_glass(configuration)
    if isinstance(loading, str):
        loading = Loading(mode=loading, dimension=glass.dimension)
    present = tuple(glass.names[k] for k in np.unique(glass.species))
    names = present if species is None else tuple(species)
    component = DensityMap(species=names, radius=radius, width=width)
    chosen = np.arange(len(glass)) if atoms is None else np.asarray(atoms, dtype=np.int64)
    if len(chosen) and not (chosen.min() >= 0 and chosen.max() < len(glass)):
        raise VitreousError(
            f"density_map got atoms from {chosen.min()} to {chosen.max()}, but the glass has "
            f"{len(glass)}, numbered from 0"
        )
    described = component.describe(glass, loading, glass.positions[chosen], "atom")
    if device is None:
        return component.view(described).take(np.arange(len(chosen)))
    try:
        from vitreous.direct.density_by_torch import density_maps
    except ImportError as error:
        raise MissingExtra("density maps on a device", error.name or "torch", "ml") from error
    shared = described.shared
    around = surroundings(
        shared["atoms"], shared["channels"], shared["cell"], glass.periodic, radius
    )
    turns = np.broadcast_to(np.eye(glass.dimension), (len(chosen), *[glass.dimension] * 2))
    found = density_maps(described.values, around, len(names), radius, width, turns, device)
    return found.cpu().numpy()
