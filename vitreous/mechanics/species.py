"""Match the atoms of a glass to the species of a potential."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from vitreous.core.data import Configuration
from vitreous.core.errors import VitreousError

_WORDS = {2: "two", 3: "three"}


def species_of(
    configuration: Configuration, model: str, species: Sequence[str], dimension: int, units: str
) -> NDArray[np.int64]:
    """Indices (N,) of the atoms' species in ``species``, the names that ``model`` supports.

    Raises:
        VitreousError: for a glass of another dimension, in other units, or with unsupported
        species.
    """
    if configuration.dimension != dimension:
        raise VitreousError(
            f"{model} is a {_WORDS[dimension]}-dimensional model, but the glass has "
            f"{_WORDS[configuration.dimension]} dimensions; "
            "use another potential"
        )
    present = [configuration.names[k] for k in np.unique(configuration.species)]
    unknown = sorted(set(present) - set(species))
    if unknown:
        raise VitreousError(
            f"{model} knows {' and '.join(species)}, but the glass contains {', '.join(unknown)}; "
            "name its species or use another potential"
        )
    if configuration.units != units:
        raise VitreousError(
            f"{model} works in {units} units, but the glass is in {configuration.units}; use "
            "another potential"
        )
    index = np.array(
        [species.index(name) if name in species else -1 for name in configuration.names]
    )
    return index[configuration.species].astype(np.int64)
