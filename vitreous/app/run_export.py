"""A run as files for other programs: atoms with columns for OVITO and ASE, tables, chemiscope."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vitreous.analysis.neighborhoods import nearest_site
from vitreous.app.run_columns import columns_of
from vitreous.core.errors import VitreousError
from vitreous.core.run import Run
from vitreous.core.sample import Sample
from vitreous.direct.deformation import write_frames
from vitreous.io.solid import solid
from vitreous.io.tables import write_table
from vitreous.io.text import write_whole
from vitreous.io.write import safe_name, write_configuration

Columns = Mapping[str, NDArray[np.float64]]
_REACH = 3.5  # angstrom or sigma: the neighbourhood that chemiscope shows of an atom
_TITLE = "Vitreous"


def of_atoms(sample: Sample, weak_is: Mapping[str, str]) -> dict[str, NDArray[np.float64]]:
    """Columns (N,) of every atom: its own, or those of the nearest site; of labels of the whole
    glass the same for all.
    """
    labels, glass = sample.labels, sample.configuration
    known = columns_of(sample, weak_is)
    if labels.level == "sample":
        return {name: np.full(len(glass), of.values[0]) for name, of in known.items()}
    if labels.level == "atom":
        return {name: of.values for name, of in known.items()}
    site = nearest_site(labels.positions, glass.positions, glass.cell, glass.periodic)
    return {name: of.values[site] for name, of in known.items()}


def _extxyz(run: Run, samples: Sequence[Sample], folder: Path) -> list[Path]:
    return [
        write_configuration(
            folder / f"glass_{s.name}.extxyz", s.configuration, of_atoms(s, run.weak_is)
        )
        for s in samples
    ]


def _ovito(run: Run, samples: Sequence[Sample], folder: Path) -> list[Path]:
    """As ``_extxyz``, and the frames of each deformation, with the number of the first event that
    moved an atom most.
    """
    written = _extxyz(run, samples, folder)
    for sample in samples:
        track = sample.trajectory
        if track is None or not len(track.frames):
            continue
        written.append(write_frames(track, folder / f"frames_{sample.name}.extxyz"))
    return written


def _csv(run: Run, samples: Sequence[Sample], folder: Path) -> list[Path]:
    """A row for each atom or site, with its place in the file that the glass came from."""
    written = []
    for sample in samples:
        labels, glass = sample.labels, sample.configuration
        columns: dict[str, NDArray[Any]] = {}
        if labels.level == "atom":
            columns["id"] = glass.ids
            columns["species"] = np.array(glass.names)[glass.species]
        if labels.level != "sample":
            columns |= dict(zip("xyz", glass.in_file(labels.positions).T, strict=False))
        columns |= {name: of.values for name, of in columns_of(sample, run.weak_is).items()}
        written.append(write_table(folder / f"glass_{sample.name}.csv", columns))
    return written


def _chemiscope(run: Run, samples: Sequence[Sample], folder: Path) -> list[Path]:
    """One file with all glasses. Chemiscope knows no missing numbers, so that atoms without one of
    the values are left out of its map.
    """
    structures, environments = [], []
    values: dict[str, list[float]] = {}
    units: dict[str, str] = {}
    for number, sample in enumerate(samples):
        glass = sample.configuration
        positions, cell, _, _ = solid(glass)
        structures.append(
            {
                "size": len(glass),
                "names": [glass.names[s] for s in glass.species],
                **{axis: of.tolist() for axis, of in zip("xyz", positions.T, strict=True)},
                "cell": cell.ravel().tolist(),
            }
        )
        columns = of_atoms(sample, run.weak_is)
        units |= {name: of.unit for name, of in columns_of(sample, run.weak_is).items()}
        columns = {name: of for name, of in columns.items() if np.isfinite(of).any()}
        whole = np.isfinite(np.array(list(columns.values()))).all(axis=0)
        for atom in np.flatnonzero(whole).tolist():
            environments.append({"structure": number, "center": atom, "cutoff": _REACH})
        for name, of in columns.items():
            values.setdefault(name, []).extend(of[whole].tolist())
    uneven = [name for name, of in values.items() if len(of) != len(environments)]
    if uneven or not environments:
        raise VitreousError(
            "these glasses share no value that is known of the same atoms of each"
            f"{f' (not {uneven[0]})' if uneven else ''}; export them with --to extxyz, or one by "
            "one with --glass"
        )
    content = {
        "meta": {"name": _TITLE, "description": run.about.get("command", "")},
        "structures": structures,
        "environments": environments,
        "properties": {
            safe_name(name): {
                "target": "atom",
                "values": of,
                "description": name,
                **({"units": units[name]} if units[name] else {}),
            }
            for name, of in values.items()
        },
    }
    return [write_whole(folder / "chemiscope.json", json.dumps(content).encode())]


FORMS: Mapping[str, Callable[[Run, Sequence[Sample], Path], list[Path]]] = {
    "chemiscope": _chemiscope,
    "csv": _csv,
    "extxyz": _extxyz,
    "ovito": _ovito,
}
