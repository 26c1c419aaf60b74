"""Artifacts of the store in formats that other programs read."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

import numpy as np

from vitreous.core.data import Configuration, Events, Features, Labels, Trajectory
from vitreous.core.errors import VitreousError
from vitreous.io.tables import write_table
from vitreous.io.write import write_configuration


def write_structure(value: Any, out: Path, form: str) -> None:
    """A glass, or the saved frames of its deformation one after the other (LAMMPS: a dump, also of
    a glass with a free boundary).
    """
    if isinstance(value, Configuration):
        lammps = ".data" if all(value.periodic) else ".dump"
        frames, suffix = [value], lammps if form == "lammps" else ".extxyz"
    elif isinstance(value, Trajectory):
        frames = [
            value.initial.with_(positions=x, cell=cell)
            for x, cell in zip(value.frames, value.cells, strict=True)
        ]
        suffix = ".dump" if form == "lammps" else ".extxyz"
    else:
        raise VitreousError(f"a {type(value).__name__} is no structure; export it with --to csv")
    with tempfile.TemporaryDirectory() as name, _writing(out) as stream:
        for frame in frames:
            stream.write(write_configuration(Path(name) / f"frame{suffix}", frame).read_text())


@contextmanager
def _writing(out: Path) -> Iterator[TextIO]:
    try:
        with open(out, "w", newline="") as stream:
            yield stream
    except OSError as error:
        raise VitreousError(f"{out} cannot be written: {error.strerror or error}") from error


def write_values(value: Any, out: Path) -> None:
    """One row per atom, site, strain or event."""
    write_table(out, _columns(value))


def _columns(value: Any) -> dict[str, np.ndarray]:
    def split(name: str, array: np.ndarray) -> dict[str, np.ndarray]:
        return {f"{name}_{axis}": column for axis, column in zip("xyz", array.T, strict=False)}

    if isinstance(value, Configuration):
        return {
            "id": value.ids,
            "species": np.array(value.names)[value.species],
            **split("position", value.positions),
        }
    if isinstance(value, Trajectory):
        return {
            "strain": value.strain,
            "energy": value.energy,
            "stress": value.scalar_stress,
            "residual": value.residual,
        }
    if isinstance(value, Labels):
        return {
            **split("position", value.positions),
            value.name: value.values,
            **dict(value.columns),
        }
    if isinstance(value, Features) and value.form == "vector":
        return dict(zip(value.names, value.values.T, strict=True))
    if isinstance(value, Events):
        return {
            "strain": value.strain,
            "energy_drop": value.energy_drop,
            "stress_drop": value.stress_drop,
            "atom": value.atom,
            "move": np.asarray(value.move),
            "places": np.asarray(value.places),
        }
    what = (
        f"{value.form} features"
        if isinstance(value, Features)
        else "a fitted model"
        if isinstance(value, dict)
        else type(value).__name__
    )
    raise VitreousError(
        f"{what} cannot be written as a table; export glasses, trajectories, labels or vector "
        "features"
    )
