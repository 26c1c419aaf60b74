"""The map of local stress thresholds of one glass."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from vitreous.core.build import construct
from vitreous.core.data import Configuration, Labels, Loading
from vitreous.core.errors import VitreousError
from vitreous.core.executor import cores
from vitreous.core.interfaces import Potential
from vitreous.direct.rest import AT_REST, refuse_unrelaxed
from vitreous.direct.tables import write_table
from vitreous.plugins.labelers.local_probing import LocalProbing

_SIZES = {
    "lj": {"free_radius": 5.0, "frozen_ring": 5.0}
}  # sigma: Patinet et al., Phys. Rev. Lett. 117, 045501 (2016); else the labeler's own


def probe(
    configuration: Configuration,
    potential: Potential,
    loading: Loading | str = "pure_shear",
    *,
    grid: int = 50,
    workers: int | None = None,
    at_rest: float = AT_REST,
    **fields: Any,
) -> Labels:
    """Delta tau = tau_critical - tau_initial at ``grid`` x ``grid`` places: how much more stress a small disc bears before it yields.

    Args:
        loading: a Loading, or the name of a mode (sign +1, angle 0).
        workers: threads; None: all cores. at_rest: largest force component allowed in the glass, energy per length.
        fields: of ``vitreous.plugins.labelers.local_probing.LocalProbing``: free_radius, frozen_ring, strain_step, strain_max, ...

    Returns:
        Labels: ``values`` Delta tau (NaN where not ``mask``), ``positions`` the places, ``columns`` tau_initial, tau_critical,
        strain_critical and residual, stresses in energy per area.

    Raises:
        VitreousError: a glass that is not at rest or smaller than a probe, or a potential without pair tables.
    """
    if isinstance(loading, str):
        loading = Loading(mode=loading, dimension=configuration.dimension)
    if configuration.dimension != 2:
        raise VitreousError("local probing works on plane glasses, but this one has three dimensions; if it is flat, give --dimension 2")
    refuse_unrelaxed(configuration, potential, at_rest)
    values = {**_SIZES.get(configuration.units, {}), "grid": grid, "workers": cores() if workers is None else workers, **fields}
    labeler: LocalProbing = construct(LocalProbing, "probe", values)
    return labeler.label(configuration, potential, loading, None)


def write_map(labels: Labels, path: Path) -> Path:
    """One row per site: x, y, tau_initial, tau_critical, delta_tau, strain_critical, converged, residual."""
    names = ("tau_initial", "tau_critical", "delta_tau", "strain_critical")
    columns = {**dict(labels.columns), "delta_tau": labels.values}
    table = {
        **dict(zip("xy", labels.positions.T, strict=True)),
        **{name: np.where(labels.mask, columns[name], np.nan) if name != "tau_initial" else columns[name] for name in names},
        "converged": labels.mask,
        "residual": columns["residual"],
    }
    return write_table(path, table)
