"""Athermal quasistatic deformation of one glass, and its results as files."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from vitreous.core.build import construct
from vitreous.core.data import UNITS, Configuration, Loading, Trajectory
from vitreous.core.errors import VitreousError
from vitreous.core.interfaces import Potential, Simulator
from vitreous.core.registry import discover
from vitreous.core.underway import Underway
from vitreous.direct.rest import bring_to_rest, refuse_at_rest, refuse_unrelaxed
from vitreous.io.bonds import silica_bonds
from vitreous.io.glasses import as_glass
from vitreous.io.tables import VOIGT_NAMES, in_voigt_order, write_table
from vitreous.io.write import write_extxyz_frames
from vitreous.mechanics.linear import Preconditioner
from vitreous.mechanics.modes import SoftestMode
from vitreous.mechanics.quasistatic.fixed_steps import steps_within
from vitreous.mechanics.quasistatic.straining import refuse_deformation
from vitreous.mechanics.relax import AT_REST

if TYPE_CHECKING:
    from vitreous.io.glasses import Given

BREAK_FAR = (
    2.2  #: angstrom; further from silicon an oxygen has lost it: Font-Clos et al. (2022), Methods
)


def deform(
    configuration: Given,
    potential: Potential,
    loading: Loading | str = "pure_shear",
    *,
    strain_max: float,
    strain_step: float = 1e-4,
    engine: str = "aqs",
    stop_after_events: int | None = None,
    stop_at_first_break: bool = False,
    at_rest: float = AT_REST,
    relax: bool = False,
    underway: Underway | None = None,
    **fields: Any,
) -> Trajectory:
    """A relaxed glass taken along a loading in quasistatic steps; what is left of its forces
    relaxes first, in its own cell.

    An engine with a model of its own (``pair_commands`` of ``lammps_aqs``) brings the glass to rest
    itself: of ``potential`` only species and units count then, and the lowest eigenvalues are not
    known.

    Args:
        configuration: a Configuration, ASE Atoms, or the path of a file.
        loading: a Loading, or the name of a mode (sign +1, angle 0).
        strain_max, strain_step: dimensionless; events are reported on the grid of ``strain_step``,
        as far as ``strain_max``. engine: an installed simulator. fields: of it, e.g.
        ``minimiser="fire"``, ``frame_every=0.01``.
        stop_after_events: end after so many instabilities; None: only at ``strain_max``.
        stop_at_first_break: end when an oxygen loses a silicon and some atom's energy falls by more
        than 0.1 eV (or ``break_drop``). at_rest: largest force component allowed in the glass,
        energy per length.
        relax: bring the glass to rest in its cell, however large its forces are, instead of
        refusing it.
        underway: receives every state and says where to resume, of engines that resume.

    Raises:
        NotConverged: if a state does not come to rest; nothing is returned then.
        VitreousError: for a strain that the cell cannot bear or that meets a free boundary, a glass
            that is not at rest, one that the potential refuses, or ``relax`` for an engine that
            does so itself.
    """
    configuration = as_glass(configuration, potential)
    if isinstance(loading, str):
        loading = Loading(mode=loading, dimension=configuration.dimension)
    simulator = engine_for(
        configuration,
        potential,
        loading,
        strain_max=strain_max,
        strain_step=strain_step,
        engine=engine,
        stop_after_events=stop_after_events,
        stop_at_first_break=stop_at_first_break,
        at_rest=at_rest,
        relax=relax,
        **fields,
    )
    refuse_moving(configuration, potential, simulator, at_rest=at_rest, relax=relax)
    if not simulator.own_model:
        configuration = bring_to_rest(
            configuration, potential, at_rest=at_rest, hold_rim=False
        ).configuration
    if simulator.detects_breaks and _silica(configuration):
        configuration = configuration.with_(bonds=silica_bonds(configuration))
    more: dict[str, Any] = {"underway": underway} if simulator.resumes and underway else {}
    run = simulator.deform(configuration, potential, loading, **more)
    if simulator.own_model or np.isfinite(run.lowest_eigenvalue).any():
        return run
    return _with_eigenvalues(run, potential)


def engine_for(
    configuration: Configuration,
    potential: Potential,
    loading: Loading,
    *,
    strain_max: float,
    strain_step: float,
    engine: str,
    stop_after_events: int | None,
    stop_at_first_break: bool,
    at_rest: float,
    relax: bool,
    **fields: Any,
) -> Simulator:
    """The engine of ``deform``, once nothing but forces that are left may speak against the
    deformation (``refuse_moving``); arguments and errors are those of ``deform``.
    """
    if not (np.inf > strain_max >= strain_step > 0.0):
        raise VitreousError(
            f"strain_max is {strain_max:g} and strain_step {strain_step:g}; expected strain_max "
            ">= strain_step > 0, both finite"
        )
    if stop_after_events is not None and stop_after_events < 1:
        raise VitreousError(
            f"the run was to stop after {stop_after_events} events; expected at least 1"
        )
    twice = (
        "max_events"
        if stop_after_events is not None
        else "stop_at_break"
        if stop_at_first_break
        else ""
    )
    if twice in fields:
        raise VitreousError(
            f"where to stop is given twice, the second time by the engine's field {twice} "
            f"({fields[twice]!r}); leave one of them out"
        )
    events = (
        steps_within(strain_max, strain_step) if stop_after_events is None else stop_after_events
    )
    limits = {"strain_max": strain_max, "strain_step": strain_step, "max_events": events}
    simulator = _engine(configuration, engine, limits | fields, stop_at_first_break)
    refuse_deformation(
        configuration,
        loading,
        strain_max,
        None if simulator.own_model else potential.surface(configuration),
    )
    refuse_at_rest(at_rest)
    if simulator.own_model and relax:
        raise VitreousError(
            "the engine brings the glass to rest itself, in a model of its own (pair_commands); "
            "leave out --relax (in Python: relax=True)"
        )
    return simulator


def refuse_moving(
    configuration: Configuration,
    potential: Potential,
    simulator: Simulator,
    *,
    at_rest: float,
    relax: bool,
) -> None:
    """Raise VitreousError for a glass that is not at rest and that nobody is to bring to rest."""
    if not simulator.own_model and not relax:
        refuse_unrelaxed(configuration, potential, at_rest)


def _silica(configuration: Configuration) -> bool:
    return set(configuration.names) == {"Si", "O"} and UNITS[configuration.units][0] == "angstrom"


def _engine(
    configuration: Configuration, engine: str, fields: dict[str, Any], stop: bool
) -> Simulator:
    """The engine, looking for broken bonds where they are defined."""
    cls = discover().resolve("simulator", engine)
    known = {field.name for field in dataclasses.fields(cls)}
    silica = _silica(configuration)
    if stop and not {"break_far", "stop_at_break"} <= known:
        raise VitreousError(
            f"engine '{engine}' does not tell broken bonds from other events; use another, or "
            "stop after a number of events"
        )
    if stop and not (silica and (configuration.units == "metal" or "break_drop" in fields)):
        raise VitreousError(
            "a broken bond is defined for Si and O in eV, but the glass holds "
            f"{', '.join(configuration.names)} in {configuration.units} "
            "units; stop after a number of events, or for planar silica say which drop of an "
            "atom's energy counts: engine field break_drop"
        )
    if silica and "break_far" in known and (stop or configuration.units == "metal"):
        fields = {"break_far": BREAK_FAR, **({"stop_at_break": True} if stop else {}), **fields}
    return construct(cls, "engine", fields)


def _with_eigenvalues(run: Trajectory, potential: Potential) -> Trajectory:
    """The lowest eigenvalues of the states whose frames were saved, for an engine that does not
    find them itself.
    """
    surface = potential.surface(run.initial)
    softest = SoftestMode(surface, Preconditioner(surface.bond_range))
    lowest = np.full(len(run.strain), np.nan)
    for strain, positions, cell in zip(run.frame_strain, run.frames, run.cells, strict=True):
        at = int(np.abs(run.strain - strain).argmin())
        if np.isclose(run.strain[at], strain, rtol=0.0, atol=1e-12):
            lowest[at] = softest.at(np.array(positions), np.array(cell))
    return dataclasses.replace(run, lowest_eigenvalue=lowest)


def _event_of(run: Trajectory) -> np.ndarray:
    """(N,) number, from 1, of the first event that an atom moves most in; 0 without one."""
    number = np.zeros(len(run.initial), dtype=np.int64)
    for event, atom in reversed(list(enumerate(run.events.atom, start=1))):
        number[atom] = event
    return number


def write_frames(run: Trajectory, path: Path) -> Path:
    """The saved frames as extended XYZ, each with its strain; the column ``event`` is the number of
    the first event that an atom moves most in. Raises VitreousError if that cannot be written.
    """
    frames = [
        (run.initial.with_(positions=x, cell=cell), {"strain": float(strain)})
        for strain, x, cell in zip(run.frame_strain, run.frames, run.cells, strict=True)
    ]
    return write_extxyz_frames(path, frames, {"event": _event_of(run)})


FILES = ("curve.csv", "events.csv", "frames.extxyz", "curve.png")  #: that a deformation leaves


def write_deformation(run: Trajectory, folder: Path) -> list[Path]:
    """``FILES`` in ``folder``, which is made; their paths.

    Raises:
        VitreousError: if they cannot be written.
    """
    d = run.initial.dimension
    curve = {
        "strain": run.strain,
        "energy": run.energy,
        **{
            f"stress_{name}": column
            for name, column in zip(VOIGT_NAMES[d], in_voigt_order(run.stress).T, strict=True)
        },
        "largest_force": run.residual,
        "lowest_eigenvalue": run.lowest_eigenvalue,
    }
    events = {
        "strain": run.events.strain,
        "kind": np.array(run.events.kind),
        "atom": run.initial.ids[run.events.atom],
        **dict(zip("xyz", run.initial.in_file(run.events.position.reshape(-1, d)).T, strict=False)),
        "move": run.events.move,
        "places": run.events.places,
        "energy_drop": run.events.energy_drop,
        "stress_drop": run.events.stress_drop,
    }
    from vitreous.report.single import draw_curve

    curve_file, events_file, frames_file, picture = (folder / name for name in FILES)
    return [
        write_table(curve_file, curve),
        write_table(events_file, events),
        write_frames(run, frames_file),
        draw_curve(run, picture),
    ]
