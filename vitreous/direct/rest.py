"""The energy of a glass as it is, and the glass at rest."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from vitreous.bundles import Bundle
from vitreous.core.data import UNITS, Configuration
from vitreous.core.errors import VitreousError
from vitreous.core.interfaces import Potential
from vitreous.core.network import Change, described, network_change
from vitreous.io.bonds import BOND_CUTOFF, bonded
from vitreous.io.glasses import as_glass
from vitreous.mechanics.boundary import moving
from vitreous.mechanics.descent import descent_named
from vitreous.mechanics.linear import Preconditioner
from vitreous.mechanics.quasistatic.fixed_steps import Protocol
from vitreous.mechanics.quasistatic.straining import refuse_lengths
from vitreous.mechanics.relax import AT_REST, relax_lengths
from vitreous.mechanics.relax import relax as relax_atoms

if TYPE_CHECKING:
    from vitreous.io.glasses import Given

Array = NDArray[Any]

_LEFT = 1e-8  # of a force when a glass was relaxed


@dataclass(frozen=True, kw_only=True)
class EnergyReport:
    """A glass under a potential, in the potential's units.

    Fields:
        energy: of the whole glass. atom_energies: (N,) shares of it.
        largest_force: largest component of a force; at_atom: the id, as in the file, of the atom it
        acts on.
        stress: (D, D) Cauchy stress, energy per area or volume, tension positive. atom_virials: (N,
        D, D) stress times volume of each atom, energy, as LAMMPS's ``compute stress/atom``; they
        add up to the stress times the area or volume of the cell.
        units: a key of ``vitreous.core.data.UNITS``.
    """

    energy: float
    atom_energies: Array
    largest_force: float
    at_atom: int
    stress: Array
    atom_virials: Array
    units: str

    @property
    def energy_per_atom(self) -> float:
        """In ``energy_unit``."""
        return self.energy / len(self.atom_energies)

    @property
    def length_unit(self) -> str:
        return UNITS[self.units][0]

    @property
    def energy_unit(self) -> str:
        return UNITS[self.units][1]


def energy(configuration: Given, potential: Potential) -> EnergyReport:
    """Energy, largest force and stress of a glass as it is, with the energies and stresses of its
    atoms.

    Args:
        configuration: a Configuration, ASE Atoms, or the path of a file.

    Raises:
        VitreousError: the potential refuses the glass: species, units, dimension, a cell too small,
        atoms on top of each other.
    """
    return _report(as_glass(configuration, potential), potential, None)


def _report(configuration: Configuration, potential: Potential, free: Array | None) -> EnergyReport:
    """As ``energy``; the largest force is sought where ``free`` (N, 1) is not zero."""
    surface = potential.surface(configuration)
    state = (configuration.positions, configuration.cell)
    total, forces = surface.energy_forces(*state)
    if not (np.isfinite(total) and np.isfinite(forces).all()):
        raise VitreousError(
            "the energy or a force of the glass is not a finite number; check the potential's "
            "fields and tables, and the file's units"
        )
    forces = forces if free is None else forces * free
    worst = int(np.abs(forces).max(axis=1).argmax())
    return EnergyReport(
        energy=float(total),
        atom_energies=np.array(surface.atom_energies(*state)),
        largest_force=float(np.abs(forces).max()),
        at_atom=int(configuration.ids[worst]),
        stress=np.array(surface.stress(*state)),
        atom_virials=np.array(surface.atom_virials(*state)),
        units=configuration.units,
    )


def refuse_unrelaxed(
    configuration: Configuration, potential: Potential, at_rest: float = AT_REST, rim: float = 0.0
) -> EnergyReport:
    """The state of a glass, if no force component in it, rim left out, exceeds ``at_rest``, energy
    per length; else a VitreousError.
    """
    refuse_at_rest(at_rest)
    found = _report(configuration, potential, moving(configuration, rim))
    if not found.largest_force <= at_rest:
        raise VitreousError(
            f"the glass is not at rest: a force of {found.largest_force:.3g} "
            f"{found.energy_unit}/{found.length_unit} acts on atom "
            f"{found.at_atom}, expected at most {at_rest:g}; add --relax (in Python: relax=True) "
            "to bring it to rest first"
        )
    return found


def refuse_at_rest(at_rest: float) -> None:
    """Raise VitreousError unless ``at_rest``, the largest force of a glass at rest, is a positive
    number.
    """
    if not at_rest > 0.0:
        raise VitreousError(
            f"at rest was to mean forces up to {at_rest:g}; expected a positive number"
        )


@dataclass(frozen=True, kw_only=True)
class RelaxReport:
    """A glass brought to rest, and its state before and after."""

    configuration: Configuration
    before: EnergyReport
    after: EnergyReport
    largest_move: float  #: of an atom beyond the change of the cell, length
    #: bonds that broke or formed, of a glass that lists bonds of silicon and oxygen, or of silica
    #: that lists none
    network: Change
    frozen: int  #: atoms that stayed put; their forces do not count in ``before`` and ``after``

    @property
    def changed_network(self) -> str:
        """How the network changed, in words; empty where it did not."""
        if not self.network.any:
            return ""
        change = described(self.configuration, self.network, BOND_CUTOFF)
        return f"relaxing changed the network: {change}"


def relax(
    configuration: Given,
    potential: Potential,
    *,
    cell: str = "",
    freeze_rim: float = 0.0,
    force_tolerance: float = _LEFT,
    stress_tolerance: float = 1e-8,
    minimiser: str = "cg",
    jump: float = 0.1,
) -> RelaxReport:
    """The glass in the minimum that it falls into.

    Args:
        configuration: a Configuration, ASE Atoms, or the path of a file.
        cell: the cell lengths that relax along, until their normal stress vanishes: "", "x", "xy",
        "xyz", ...
        freeze_rim: atoms within this length of a free boundary (of a cut-out patch, a slab) stay
        where they are. force_tolerance: largest force component left, energy per length.
        stress_tolerance: normal stress left, energy per area or volume. minimiser: of the descent,
        where Newton's method cannot go at once: cg, fire, damped or steepest.
        jump: length over which Newton is trusted.

    Raises:
        NotConverged: naming the force or stress that is left; nothing is returned then.
        VitreousError: the potential refuses the glass, the cell has no such direction, or there is
        no boundary to freeze.
    """
    configuration = as_glass(configuration, potential)
    free, axes = _free(configuration, freeze_rim, cell), _axes(cell, configuration)
    _refuse_protocol(minimiser, force_tolerance, stress_tolerance, jump)
    before = _report(configuration, potential, free)
    protocol = Protocol(
        strain_step=1.0,
        strain_max=0.0,
        max_events=0,
        stride=1,
        force_tolerance=force_tolerance,
        minimiser=minimiser,
        jump=jump,
    )
    with threadpool_limits(1):
        surface = potential.surface(configuration)
        preconditioner = Preconditioner(surface.bond_range)
        state = relax_atoms(
            surface, configuration.positions, configuration.cell, preconditioner, protocol, free
        )
        if axes:
            state = relax_lengths(
                surface, state, preconditioner, protocol, stress_tolerance, axes=axes
            )
    relaxed = configuration.with_(positions=state.positions, cell=state.cell)
    return RelaxReport(
        configuration=relaxed,
        before=before,
        after=_report(relaxed, potential, free),
        largest_move=_largest_move(configuration, relaxed, held=free is not None),
        network=_network(configuration, relaxed),
        frozen=0 if free is None else int((free == 0.0).sum()),
    )


def _refuse_protocol(
    minimiser: str, force_tolerance: float, stress_tolerance: float, jump: float
) -> None:
    """Raise VitreousError for arguments of ``relax`` that no descent can have."""
    for name, value in (
        ("force_tolerance", force_tolerance),
        ("stress_tolerance", stress_tolerance),
        ("jump", jump),
    ):
        if not 0.0 < value < np.inf:
            raise VitreousError(f"{name} is {value:g}; expected a positive number")
    descent_named(minimiser)


def _largest_move(before: Configuration, after: Configuration, held: bool) -> float:
    """The largest move of an atom beyond that of the cell, length; of the whole glass only where
    some atoms are ``held``.
    """
    moved = after.positions - before.positions @ np.linalg.solve(before.cell, after.cell)
    if not held:
        moved -= moved.mean(axis=0)
    return float(np.linalg.norm(moved, axis=1).max())


def bring_to_rest(
    configuration: Configuration,
    potential: Potential,
    *,
    at_rest: float = AT_REST,
    hold_rim: bool = True,
) -> RelaxReport:
    """The glass in the minimum that it falls into at fixed cell, before something else is done to
    it: what ``--relax`` does.

    Args:
        at_rest: the largest force component that will be allowed, energy per length; what is left
        is smaller.
        hold_rim: whether atoms within the reach of forces from a free boundary stay put, since they
        lack neighbours that they had.

    Raises:
        NotConverged: the forces do not become so small.
        VitreousError: the potential refuses the glass, ``at_rest`` is not positive, or the rim is
        the whole glass.
    """
    refuse_at_rest(at_rest)
    rim = potential.surface(configuration).force_range if hold_rim else 0.0
    free = moving(configuration, rim)
    if free is not None and not free.any():
        raise VitreousError(
            f"no atom lies further than {rim:g} from the free boundary, so relaxing would move "
            "none; give a larger patch"
        )
    report = relax(
        configuration,
        potential,
        freeze_rim=0.0 if free is None else rim,
        force_tolerance=min(_LEFT, at_rest),
    )
    if report.network.any:
        change = report.changed_network
        warnings.warn(f"{change}: what follows is of the relaxed glass", stacklevel=2)
    return report


def rested(glass: Configuration, bundle: Bundle) -> RelaxReport:
    """The glass at rest under the potential of the bundle's glasses; atoms that do not see all of
    their neighbours, at the rim of a glass that was cut out, stay where they are. A network
    that changes on the way is a warning, and its bond list dropped.

    Raises:
        VitreousError: the bundle holds no potential; and as ``bring_to_rest``.
    """
    if bundle.potential is None:
        raise VitreousError(
            "the bundle holds no potential to relax the glass under, since its model reads none; "
            f"relax it first under that of the training glasses, {bundle.at_rest_under}: vitreous "
            "relax FILE --potential NAME --out relaxed.extxyz, with --cell x,y if those were "
            "relaxed with their cell"
        )
    bundle.descriptor.refuse(glass, bundle.potential)
    report = bring_to_rest(glass, bundle.potential, hold_rim=not bundle.uncut(glass))
    if not report.network.any:
        return report
    return replace(
        report, configuration=report.configuration.with_(bonds=np.zeros((0, 2), dtype=np.int64))
    )


def _network(before: Configuration, after: Configuration) -> Change:
    """The Si-O bonds that broke or formed; nothing in another glass, or in one without bonds."""
    if set(before.names) != {"Si", "O"}:
        return network_change(after, np.inf)
    try:
        listed = before if len(before.bonds) else bonded(before)
    except VitreousError:  # too small a cell, or no bond: there is no network to change
        return network_change(after, np.inf)
    return network_change(after.with_(bonds=listed.bonds), BOND_CUTOFF)


def _free(configuration: Configuration, rim: float, cell: str) -> Array | None:
    """The atoms that move while the rim is frozen; None where no rim was asked for."""
    if rim == 0.0:
        return None
    if not 0.0 < rim < np.inf:
        raise VitreousError(f"the frozen rim is {rim:g} wide; expected a positive length")
    if cell:
        raise VitreousError(
            f"a rim was to stay put while the cell relaxes along {cell}; ask for one of the two"
        )
    free = moving(configuration, rim)
    if free is None:
        raise VitreousError(
            "a rim was to stay put, but the glass is periodic all round; leave the rim out"
        )
    if not free.any():
        raise VitreousError(
            f"no atom lies further than {rim:g} from the free boundary, so none could relax; "
            "freeze a narrower rim"
        )
    return free


def _axes(cell: str, configuration: Configuration) -> tuple[int, ...]:
    names = "xyz"[: configuration.dimension]
    asked = cell.replace(",", "").replace(" ", "")
    if set(asked) - set(names) or len(set(asked)) != len(asked):
        raise VitreousError(
            f"cell directions '{cell}' were given; expected some of {', '.join(names)}, each "
            "once, such as x,y"
        )
    axes = tuple(names.index(axis) for axis in sorted(asked))
    refuse_lengths(configuration, axes)
    return axes
