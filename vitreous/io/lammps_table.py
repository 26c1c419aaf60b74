"""A pair table in LAMMPS's own format, for ``pair_style table``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

#: r (n,), table row -> U (n,), U' (n,)
_POINTS = 8000


def write_pair_table(
    path: Path, coefficients: NDArray[Any], r_min: float, cutoff: float, kinds: tuple[int, ...]
) -> tuple[str, ...]:
    """Write ``path`` and return the commands that use it.

    ``coefficients`` (S*S, n, 6) are quintics on n equal intervals from ``r_min`` to ``cutoff`` (see
    ``vitreous.mechanics.pair.table``); ``kinds`` gives, for each LAMMPS type in order, its species
    there. Lengths and energies stay in the model's units.
    """
    species = int(np.sqrt(len(coefficients)))
    r = np.linspace(r_min, cutoff, _POINTS)
    step = (cutoff - r_min) / coefficients.shape[1]
    interval = np.minimum(((r - r_min) / step).astype(int), coefficients.shape[1] - 1)
    t = (r - r_min) / step - interval
    powers = t[:, None] ** np.arange(6)
    commands = [f"pair_style table spline {_POINTS}"]
    with path.open("w") as file:
        for a, kind_a in enumerate(kinds):
            for b in range(a, len(kinds)):
                c = coefficients[kind_a * species + kinds[b], interval]
                u, slope = (
                    (c * powers).sum(axis=1),
                    (c[:, 1:] * np.arange(1, 6) * powers[:, :5]).sum(axis=1) / step,
                )
                file.write(f"\nPAIR_{a}_{b}\nN {_POINTS} R {r_min!r} {cutoff!r}\n\n")
                file.writelines(
                    f"{k + 1} {r[k]:.15g} {u[k]:.16e} {-slope[k]:.16e}\n" for k in range(_POINTS)
                )
                commands.append(f"pair_coeff {a + 1} {b + 1} {path} PAIR_{a}_{b}")
    return tuple(commands)
