"""The direct commands carried out: arguments in, ``vitreous.direct`` called, results printed and
written.
"""

from __future__ import annotations

import argparse
import json
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from vitreous.app.comparing import told as compared
from vitreous.app.direct_input import (
    about,
    atoms_path,
    fields,
    made_folder,
    named,
    refuse_unwritable,
    relaxing,
    write_atoms,
)
from vitreous.app.predicting import told as predicted
from vitreous.app.progress import bar
from vitreous.core.data import Configuration, Loading, Trajectory
from vitreous.core.errors import NotConverged
from vitreous.core.interfaces import Potential
from vitreous.direct import deform, energy, potential, probe, read_glass, relax, rings
from vitreous.direct.deformation import engine_for, write_deformation
from vitreous.direct.glasses import read_silica
from vitreous.direct.probing import labeler_for, write_map
from vitreous.direct.rest import AT_REST, EnergyReport, bring_to_rest
from vitreous.direct.tables import VOIGT_NAMES, in_voigt_order
from vitreous.io.write import FORMATS, refuse_format, write_configuration

NOT_CONVERGED = 3  #: exit status
Told = dict[str, Any]  #: what a command prints: by name, plain values


def main(options: argparse.Namespace) -> int:
    """Carry out one command; status 3 and nothing written if a state did not come to rest."""
    run: dict[str, Callable[[argparse.Namespace], Told]] = {
        "energy": _energy,
        "relax": _relax,
        "deform": _deform,
        "probe": _probe,
        "d2min": compared,
        "rings": _rings,
        "predict": predicted,
    }
    with warnings.catch_warnings():
        warnings.showwarning = lambda message, *_: (
            sys.stderr.write(f"vitreous: note: {message}\n") and None
        )
        try:
            told = run[options.command](options)
        except NotConverged as error:
            sys.stderr.write(f"vitreous: not converged: {error}\n")
            return NOT_CONVERGED
    sys.stdout.write(json.dumps(told, indent=1) + "\n" if options.json else _lines(told))
    return 0


def _lines(told: Told) -> str:
    """``name  value``, one per line; of a list of results each on a line of its own."""
    width = max(len(name) for name in told)
    each = (
        (name, item)
        for name, value in told.items()
        for item in (value if _results(value) else [value])
    )
    return "".join(f"{name.replace('_', ' '):{width}}  {_words(value)}\n" for name, value in each)


def _results(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and isinstance(value[0], dict)


def _words(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(
            f"{name.replace('_', ' ')} {_words(inner)}" for name, inner in value.items()
        )
    if isinstance(value, list):
        return ", ".join(
            f"({_words(inner)})" if isinstance(inner, list) else _words(inner) for inner in value
        )
    return f"{value:.10g}" if isinstance(value, float) else "-" if value is None else str(value)


def _model_and_glass(options: argparse.Namespace) -> tuple[Potential, Configuration]:
    model = potential(options.potential, **fields(options.set, "--set", potential))
    return model, read_glass(
        options.file,
        model,
        species=options.species,
        dimension=options.dimension,
        frame=options.frame,
        atom_style=options.atom_style,
    )


def _loading(options: argparse.Namespace, glass: Configuration) -> Loading:
    return Loading(
        mode=options.loading,
        sign=options.sign,
        angle=options.angle,
        plane=options.plane,
        dimension=glass.dimension,
        contraction=options.contraction,
    )


def _at_rest(options: argparse.Namespace) -> float:
    return AT_REST if options.at_rest is None else options.at_rest


def _rested(
    options: argparse.Namespace, model: Potential, glass: Configuration, *, hold_rim: bool
) -> tuple[Configuration, Told]:
    """The glass, with --relax at rest and what that changed."""
    if not options.relax:
        return glass, {}
    with bar("relaxing", None):
        report = bring_to_rest(glass, model, at_rest=_at_rest(options), hold_rim=hold_rim)
    return report.configuration, relaxing(report)


def _stress(report: EnergyReport) -> dict[str, float]:
    d = len(report.stress)
    return dict(zip(VOIGT_NAMES[d], in_voigt_order(report.stress).tolist(), strict=True))


def _energy(options: argparse.Namespace) -> Told:
    out = atoms_path(options.per_atom, options.file)
    model, glass = _model_and_glass(options)
    report = energy(glass, model)
    told: Told = {
        **about(glass),
        "energy": report.energy,
        "energy_per_atom": report.energy_per_atom,
        "largest_force": report.largest_force,
        "at_atom": report.at_atom,
        "stress": _stress(report),
    }
    if out is not None:
        # ASE takes a column energy for the energy of the whole
        name = "energy" if out.suffix == ".csv" else "atom_energy"
        told["written"] = str(write_atoms(out, glass, {name: report.atom_energies}))
    return told


def _relax(options: argparse.Namespace) -> Told:
    out = refuse_unwritable(Path(options.out), FORMATS, source=options.file)
    model, glass = _model_and_glass(options)
    refuse_format(out, glass)
    with bar("relaxing", None):
        report = relax(
            glass,
            model,
            cell=options.cell,
            freeze_rim=options.freeze_rim,
            force_tolerance=options.force_tolerance,
            stress_tolerance=options.stress_tolerance,
            minimiser=options.minimiser,
        )
    write_configuration(out, report.configuration)
    if report.network.any:
        warnings.warn(f"{report.network_told}; the file holds what is left of it", stacklevel=2)
    return {
        **about(glass),
        "energy": [report.before.energy, report.after.energy],
        "largest_force": [report.before.largest_force, report.after.largest_force],
        "largest_move": report.largest_move,
        **({"frozen_atoms": report.frozen} if options.freeze_rim else {}),
        **(
            {"bonds_broken": len(report.network.broken), "bonds_formed": len(report.network.formed)}
            if report.network.any
            else {}
        ),
        "cell_lengths": np.linalg.norm(report.configuration.cell, axis=1).tolist(),
        "stress": _stress(report.after),
        "written": str(out),
    }


def _deform(options: argparse.Namespace) -> Told:
    model, glass = _model_and_glass(options)
    loading = _loading(options, glass)
    how = {
        "strain_max": options.strain_max,
        "strain_step": options.strain_step,
        "engine": options.engine,
        "stop_after_events": options.stop_after_events,
        "stop_at_first_break": options.stop_at_first_break,
        "at_rest": _at_rest(options),
        **fields(options.engine_set, "--engine-set", deform),
    }
    engine_for(glass, model, loading, relax=options.relax, **how)
    folder = made_folder(Path(options.out))
    glass, relaxed = _rested(options, model, glass, hold_rim=False)
    with bar(f"deforming to {options.strain_max:g}", None):
        run = deform(glass, model, loading, **how)
    files = write_deformation(run, folder)
    return {
        **about(glass),
        **relaxed,
        "states": len(run.strain),
        "last_strain": float(run.strain[-1]),
        "largest_stress": float(run.scalar_stress.max()),
        "events": len(run.events),
        "first_event": _first_event(run, glass),
        "lowest_eigenvalue": _known(run.lowest_eigenvalue),
        "largest_force": float(run.residual.max()),
        "written": [str(path) for path in files],
    }


def _first_event(run: Trajectory, glass: Configuration) -> Told | None:
    events = run.events
    return (
        {
            "strain": float(events.strain[0]),
            "kind": events.kind[0],
            "atom": int(glass.ids[events.atom[0]]),
        }
        if len(events)
        else None
    )


def _known(values: np.ndarray) -> float | None:
    """The least of the numbers that are known."""
    finite = values[np.isfinite(values)]
    return float(finite.min()) if len(finite) else None


def _probe(options: argparse.Namespace) -> Told:
    out = refuse_unwritable(Path(options.out), (".csv",))
    model, glass = _model_and_glass(options)
    loading = _loading(options, glass)
    how = {
        "grid": options.grid,
        "angle_step": options.angle_step,
        "workers": options.workers,
        **fields(options.probe_set, "--probe-set", probe),
    }
    labeler_for(glass, **how)  # refuses a wrong field before the work
    glass, relaxed = _rested(options, model, glass, hold_rim=True)
    with bar(f"probing {_places(options.grid, glass.dimension)} places", None):
        labels = probe(glass, model, loading, at_rest=_at_rest(options), **how)
    if not labels.mask.any():
        raise NotConverged(
            f"none of the {len(labels.mask)} probes met a drop of stress; "
            "raise --probe-set strain_max=X or free_radius=X, or relax the glass"
        )
    write_map(labels, out, glass)
    values, weakest = labels.values[labels.mask], int(np.nanargmin(labels.values))
    return {
        **about(glass),
        **relaxed,
        "sites": len(labels.mask),
        "converged": int(labels.mask.sum()),
        "delta_tau": {
            "least": float(values.min()),
            "median": float(np.median(values)),
            "largest": float(values.max()),
        },
        "weakest_at": glass.in_file(labels.positions[weakest]).tolist(),
        **(
            {"weakest_angle": float(labels.columns["angle"][weakest])}
            if "angle" in labels.columns
            else {}
        ),
        "written": str(out),
    }


def _places(grid: int | tuple[int, ...], dimension: int) -> str:
    return " x ".join(str(n) for n in ((grid,) * dimension if isinstance(grid, int) else grid))


def _rings(options: argparse.Namespace) -> Told:
    glass = read_silica(
        options.file,
        species=options.species,
        dimension=options.dimension,
        frame=options.frame,
        atom_style=options.atom_style,
    )
    report = rings(glass, options.bond_cutoff)
    found = report.statistics
    return {
        "atoms": len(glass),
        **named(glass),
        "layers": len(report.layers),
        "rings": sum(found.counts.values()),
        "sizes": {str(size): count for size, count in found.counts.items()},
        "mean": found.mean,
        "variance": found.variance,
        "aboav_weaire": {
            "unweighted": _or_none(found.alpha_unweighted),
            "weighted": _or_none(found.alpha_weighted),
        },
    }


def _or_none(value: float) -> float | None:
    return value if np.isfinite(value) else None
