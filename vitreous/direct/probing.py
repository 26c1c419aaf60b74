"""The map of local stress thresholds of one glass."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from vitreous.analysis.neighborhoods import nearest_site
from vitreous.core.build import construct
from vitreous.core.data import Configuration, Labels, Loading
from vitreous.core.executor import cores
from vitreous.core.interfaces import Potential
from vitreous.direct.rest import bring_to_rest, refuse_unrelaxed
from vitreous.io.glasses import as_glass, in_given
from vitreous.io.tables import write_table
from vitreous.io.write import write_configuration
from vitreous.mechanics.boundary import clearance
from vitreous.mechanics.relax import AT_REST
from vitreous.plugins.labelers.local_probing import LocalProbing
from vitreous.plugins.labelers.local_yield_stress import LocalYieldStress

if TYPE_CHECKING:
    from vitreous.io.glasses import Given

_SIZES = {
    "lj": {"free_radius": 5.0, "frozen_ring": 5.0}
}  # sigma: Patinet et al., Phys. Rev. Lett. 117, 045501 (2016); else the labeler's own


def probe(
    configuration: Given,
    potential: Potential,
    loading: Loading | str = "pure_shear",
    *,
    grid: int | tuple[int, ...] = 50,
    angle_step: float | None = None,
    workers: int | None = None,
    at_rest: float = AT_REST,
    relax: bool = False,
    **fields: Any,
) -> Labels:
    """Delta tau = tau_critical - tau_initial at ``grid`` sites along each side: how much more
    stress a disc (ball) bears before it yields.

    Args:
        configuration: a Configuration, ASE Atoms, or the path of a file.
        grid: sites along each lattice vector; a tuple gives each its own number, e.g. (50, 50, 1)
        for the middle plane of a bilayer. loading: a Loading, or the name of a mode (sign +1, angle
        0).
        angle_step: degrees; probe along every multiple of it less than 45 off the loading, and take
            the least threshold projected on the loading (Patinet et al. 2016). None: along the
            loading alone.
        workers: threads; None: all cores. at_rest: largest force component allowed in the glass,
            energy per length; within the frozen ring's width of a free boundary, where no disc has
            its free atoms, forces do not count.
        relax: bring the glass to rest in its cell instead of refusing it; atoms within the reach of
        forces from a free boundary stay put. fields: of
        ``vitreous.plugins.labelers.local_probing.LocalProbing``: free_radius, frozen_ring,
        strain_step, strain_max, ...

    Returns:
        Labels: ``values`` Delta tau (NaN where not ``mask``: no drop, or a disc that leaves the
        glass), ``positions`` the sites, in the coordinates of what was given, ``columns``
        tau_initial, tau_critical, strain_critical and residual, stresses in energy per area or
        volume, and with ``angle_step`` angle, the weakest direction's, degrees off the loading.

    Raises:
        NotConverged: the glass does not come to rest.
        VitreousError: a glass that is not at rest or smaller than a probe, or directions asked for
        under uniaxial loading.
    """
    glass = as_glass(configuration, potential)
    if isinstance(loading, str):
        loading = Loading(mode=loading, dimension=glass.dimension)
    labeler = labeler_for(glass, grid=grid, angle_step=angle_step, workers=workers, **fields)
    rested = glass
    if relax:
        rested = bring_to_rest(glass, potential, at_rest=at_rest).configuration
    refuse_unrelaxed(rested, potential, at_rest, labeler.frozen_ring)
    labels = labeler.label(rested, potential, loading, None)
    return replace(labels, positions=in_given(labels.positions, glass, configuration))


def labeler_for(
    configuration: Configuration,
    *,
    grid: int | tuple[int, ...],
    angle_step: float | None,
    workers: int | None,
    **fields: Any,
) -> LocalProbing:
    """What ``probe`` probes with, once its fields are found right; arguments and errors are those
    of ``probe``.
    """
    values = {
        **_SIZES.get(configuration.units, {}),
        "grid": grid,
        "workers": cores() if workers is None else workers,
        **fields,
    }
    if angle_step is None:
        return construct(LocalProbing, "probe", values)
    return construct(LocalYieldStress, "probe", {**values, "angle_step": angle_step})


def why_masked(labels: Labels, glass: Configuration, reach: float) -> dict[str, int]:
    """The number of masked sites of a map by reason; ``reach`` (length) of a probe with its frozen
    annulus.
    """
    room = clearance(glass.positions, glass.cell, glass.periodic, labels.positions)
    initial, critical = (np.asarray(labels.columns[f"tau_{of}"]) for of in ("initial", "critical"))
    at_the_end = labels.columns["strain_critical"][~labels.mask & np.isfinite(critical)]
    undropped = f"stress does not drop up to a strain of {at_the_end.max(initial=0.0):g}"
    reason = np.select(
        [room < reach, np.isnan(initial), np.isnan(critical)],
        [
            "disc extends beyond the glass",
            "disc holds no atom or is at no minimum",
            "disc comes to no rest under strain",
        ],
        undropped,
    )
    names, counts = np.unique(reason[~labels.mask], return_counts=True)
    return dict(zip(names.tolist(), counts.tolist(), strict=True))


def write_map(
    labels: Labels, path: Path, glass: Configuration | None = None, *, reach: float = 0.0
) -> Path:
    """One row per site: x, y(, z), tau_initial, tau_critical, delta_tau, strain_critical,
    converged, residual(, angle); sites in the coordinates of the file that ``glass`` came from.
    A picture (.png) shows delta_tau of a plane glass, and why sites are hatched (``why_masked``).
    Extended XYZ and dumps hold ``glass``
    instead, with these columns of the nearest site on every atom.
    """
    if path.suffix == ".png" and glass is not None:
        from vitreous.report.single import draw_sites

        return draw_sites(glass, labels, path, why_masked(labels, glass, reach))
    sites = labels.positions if glass is None else glass.in_file(labels.positions)
    columns = {name: column for name, column in labels.columns.items() if name != "residual"}
    known = {
        name: column if name == "tau_initial" else np.where(labels.mask, column, np.nan)
        for name, column in columns.items()
    }
    angle = {"angle": known.pop("angle")} if "angle" in known else {}
    table = {
        "tau_initial": known["tau_initial"],
        "tau_critical": known["tau_critical"],
        "delta_tau": np.where(labels.mask, labels.values, np.nan),
        "strain_critical": known["strain_critical"],
        "converged": labels.mask,
        "residual": labels.columns["residual"],
        **angle,
    }
    if glass is not None and not path.name.endswith(".csv"):
        site = nearest_site(labels.positions, glass.positions, glass.cell, glass.periodic)
        return write_configuration(path, glass, {name: of[site] for name, of in table.items()})
    return write_table(path, {**dict(zip("xyz", sites.T, strict=False)), **table})
