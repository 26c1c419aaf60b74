"""``vitreous d2min``: non-affine motion between two states, or from frame to frame of a
trajectory.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from vitreous.app.direct_input import atoms_path, named, write_atoms
from vitreous.core.data import Configuration
from vitreous.core.errors import VitreousError
from vitreous.direct import D2minReport, d2min, read_glass, read_glasses, successive_d2min

Told = dict[str, Any]


def told(options: argparse.Namespace) -> Told:
    """Carry out the command; what it prints, by name."""
    out = atoms_path(options.out, options.file)
    return (
        _from_frame_to_frame(options, out)
        if options.reference is None
        else _between_two(options, out)
    )


def _between_two(options: argparse.Namespace, out: Path | None) -> Told:
    reference = read_glass(
        options.reference,
        species=options.species,
        dimension=options.dimension,
        frame=options.reference_frame,
        atom_style=options.atom_style,
    )
    glass = read_glass(
        options.file,
        species=options.species,
        dimension=options.dimension or reference.dimension,
        frame=options.frame,
        atom_style=options.atom_style,
    )
    report = d2min(glass, reference, options.cutoff)
    about = _about(report, reference, options.cutoff)
    if out is not None:
        moved = {
            f"u_{axis}": column for axis, column in zip("xyz", report.displacement.T, strict=False)
        }
        about["written"] = str(write_atoms(out, reference, {"d2min": report.d2min, **moved}))
    return {"atoms": len(report.d2min), **named(reference), **about}


def _from_frame_to_frame(options: argparse.Namespace, out: Path | None) -> Told:
    if (options.frame, options.reference_frame) != (-1, -1):
        raise VitreousError(
            "--frame and --reference-frame choose two states to compare; give REFERENCE, or leave "
            "them out for all frames"
        )
    glasses = read_glasses(
        options.file,
        species=options.species,
        dimension=options.dimension,
        atom_style=options.atom_style,
    )
    if len(glasses) < 2:
        raise VitreousError(
            f"{options.file} has one frame; give REFERENCE to compare it with, or a file with "
            "several frames"
        )
    reports = successive_d2min(glasses, options.cutoff)
    steps = [
        {"frame": k, **_strain(glasses[k]), **_about(r, glasses[k - 1], options.cutoff)}
        for k, r in enumerate(reports, start=1)
    ]
    result: Told = {"atoms": len(glasses[0]), **named(glasses[0]), "steps": steps}
    if out is not None:
        result["written"] = str(write_atoms(out, glasses[0], _by_atom(reports, glasses[0])))
    return result


def _about(report: D2minReport, reference: Configuration, cutoff: float) -> Told:
    """The comparison of two states in a few numbers."""
    values = report.d2min[np.isfinite(report.d2min)]
    if not len(values):
        raise VitreousError(f"no atom has enough neighbours within {cutoff:g}; raise --cutoff")
    worst = int(np.nanargmax(report.d2min))
    return {
        "without_neighbours": len(report.d2min) - len(values),
        "d2min": {
            "mean": float(values.mean()),
            "median": float(np.median(values)),
            "largest": float(values.max()),
        },
        "at_atom": int(report.ids[worst]),
        "at": reference.in_file(report.positions[worst]).tolist(),
        "largest_displacement": float(np.linalg.norm(report.displacement, axis=1).max()),
    }


def _strain(glass: Configuration) -> Told:
    """The strain that the file gives for a frame, if it does."""
    return {"strain": glass.info["strain"]} if "strain" in glass.info else {}


def _by_atom(reports: Sequence[D2minReport], first: Configuration) -> dict[str, Any]:
    """D2min of every later frame against the one before, by the atoms of the first frame."""
    place = np.argsort(np.argsort(first.ids))
    return {
        f"d2min_{k}": report.d2min[np.argsort(report.ids)][place]
        for k, report in enumerate(reports, start=1)
    }
