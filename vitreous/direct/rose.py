"""How one atom answers shear of any direction, measured on a circular cut of its glass, beside what
a trained model says of it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from vitreous import bundles
from vitreous.bundles import Bundle
from vitreous.core.build import construct
from vitreous.core.data import Configuration, Loading
from vitreous.core.errors import VitreousError
from vitreous.core.executor import cores
from vitreous.core.interfaces import Potential
from vitreous.direct.rest import refuse_unrelaxed
from vitreous.io.glasses import as_glass
from vitreous.mechanics.d2min import d2min
from vitreous.mechanics.neighbours import heights
from vitreous.mechanics.quasistatic.cut import Cut, cut_out, sheared
from vitreous.mechanics.quasistatic.fixed_steps import Protocol
from vitreous.mechanics.relax import AT_REST

if TYPE_CHECKING:
    from vitreous.io.glasses import Given

Array = NDArray[Any]
STRAINS = (0.005, 0.01, 0.02, 0.03)  #: those of Fan & Ma (2021)
_CUTOFF = 2.5  # sigma
_WALL = 2.0  # ranges of the forces: 5 sigma in Fan & Ma (2021)
_FIXED = {"stride": 50, "minimiser": "cg", "jump": 0.1, "force_tolerance": 1e-8}


@dataclass(frozen=True, kw_only=True)
class Rose:
    """D2min of the free atoms of a cut, by direction and strain.

    Fields:
        atom: the central one, numbered from 0. angles: (A,) of the loading from x, degrees, half a
        turn: the other half repeats it. strains: (S,).
        d2min: (A, S) of the central atom, length squared. atoms: (F,) numbers of the free atoms,
        the central one first; d2min_of_free: (A, S, F).
        radius, wall: of the cut, length. units: a key of ``vitreous.core.data.UNITS``.
        predicted: (A,) what the model says of the central atom, or None; of classes the probability
        of the last. predicted_name: what that is.
    """

    atom: int
    angles: Array
    strains: tuple[float, ...]
    atoms: NDArray[np.int64]
    d2min_of_free: Array
    radius: float
    wall: float
    units: str
    predicted: Array | None = None
    predicted_name: str = ""

    @property
    def d2min(self) -> Array:
        return self.d2min_of_free[:, :, 0]


def rose(
    configuration: Given,
    potential: Potential,
    atom: int,
    loading: Loading | str = "simple_shear",
    *,
    angles: int = 24,
    strains: Sequence[float] = STRAINS,
    strain_step: float = 1e-5,
    radius: float | None = None,
    wall: float | None = None,
    cutoff: float | None = None,
    bundle: Bundle | None = None,
    workers: int | None = None,
    at_rest: float = AT_REST,
    done: Callable[[], None] = lambda: None,
    **fields: Any,
) -> Rose:
    """D2min of atom number ``atom`` along ``angles`` directions, evenly over a full turn: the glass
    within ``radius`` of it is cut out and sheared quasistatically, its outer ``wall`` held to the
    affine deformation (Fan & Ma 2021, Fig. 4).

    Args:
        configuration: a two-dimensional Configuration, ASE Atoms, or the path of a file.
        loading: a Loading, whose angle is where the directions begin, or the name of a mode.
        angles: even; half of them are deformed, since a turn by 180 degrees gives the same shear.
        strains: where D2min is taken, multiples of ``strain_step``.
        radius: length, wall included; None: half the least height of the cell. wall: length; None:
            twice the range of the forces.
        cutoff: of the neighbours of D2min, length; None: 2.5 sigma.
        bundle: a model of atoms that is asked of the same atom and directions.
        workers: threads; None: all cores. done: called after each direction.
        fields: of ``Protocol``: smallest_event, force_tolerance, minimiser, jump, stride.

    Raises:
        NotConverged: a state does not come to rest.
        VitreousError: in one sentence, for an atom, angles, strains or lengths that cannot be, a
            glass that is not at rest, or a bundle that knows nothing of atoms.
    """
    glass = as_glass(configuration, potential)
    if isinstance(loading, str):
        loading = Loading(mode=loading, dimension=glass.dimension)
    refuse_rose(glass, loading, atom, angles, strains, strain_step, bundle)
    radius, wall, cutoff = _lengths(glass, potential, radius, wall, cutoff)
    refuse_unrelaxed(glass, potential, at_rest)
    asked = {"strain_step": strain_step, "strain_max": max(strains), "max_events": 1}
    protocol = construct(Protocol, "rose", {**_FIXED, **asked, **fields})
    directions = loading.angle + 360.0 / angles * np.arange(angles // 2)
    predicted, name = (
        (None, "")
        if bundle is None
        else (_said(glass, atom, directions.tolist(), bundle), _name_of(bundle))
    )
    cut = cut_out(glass, glass.positions[atom], radius, wall)
    along = partial(_d2min_of_free, cut, potential, loading, protocol, strains, cutoff)
    return Rose(
        atom=atom,
        angles=directions,
        strains=tuple(strains),
        atoms=cut.atoms[: cut.free],
        d2min_of_free=_each(along, directions.tolist(), workers, done),
        radius=radius,
        wall=wall,
        units=glass.units,
        predicted=predicted,
        predicted_name=name,
    )


def _lengths(
    glass: Configuration,
    potential: Potential,
    radius: float | None,
    wall: float | None,
    cutoff: float | None,
) -> tuple[float, float, float]:
    """Radius, wall and cutoff, those not given as ``rose`` says; raises VitreousError for a cut
    that is not whole, or a wall thinner than what atoms see.
    """
    force_range = potential.surface(glass).force_range
    thin = float(heights(glass.cell).min())
    wall = _WALL * force_range if wall is None else wall
    radius = 0.5 * thin if radius is None else radius
    cutoff = _cutoff(glass) if cutoff is None else cutoff
    if not 0.0 < radius <= 0.5 * thin * (1.0 + 1e-12):
        raise VitreousError(
            f"a cut of radius {radius:.4g} does not fit into a glass {thin:.4g} across; give a "
            f"radius of at most {0.5 * thin:.4g}"
        )
    least = max(cutoff, force_range)
    if not least <= wall < radius:
        raise VitreousError(
            f"the wall is {wall:.4g} wide in a cut of radius {radius:.4g}; expected at least "
            f"{least:.4g}, the range of the forces and of D2min, and less than the radius"
        )
    return radius, wall, cutoff


def _cutoff(glass: Configuration) -> float:
    if glass.units != "lj":
        raise VitreousError(
            f"the neighbours of D2min are not known for a glass in {glass.units} units; give "
            "cutoff, a length, such as the first minimum of its pair distribution (--cutoff)"
        )
    return _CUTOFF


def refuse_rose(
    glass: Configuration,
    loading: Loading,
    atom: int,
    angles: int,
    strains: Sequence[float],
    strain_step: float,
    bundle: Bundle | None,
) -> None:
    """Raise VitreousError for what no rose can be drawn of; arguments are those of ``rose``."""
    if glass.dimension != 2 or loading.dimension != 2:
        raise VitreousError(
            f"a circular cut is of a glass in two dimensions, but this one has {glass.dimension}; "
            "deform the whole glass along its planes instead (vitreous deform --plane)"
        )
    if not 0 <= atom < len(glass):
        raise VitreousError(
            f"there is no atom number {atom}: the glass has {len(glass)}, numbered from 0"
        )
    if angles < 2 or angles % 2:
        raise VitreousError(
            f"the rose was to have {angles} angles; expected an even number, such as 24: opposite "
            "directions are the same shear"
        )
    steps = np.array(strains, dtype=float) / strain_step if strain_step > 0.0 else np.array([])
    if not len(steps) or not (
        np.isfinite(steps).all() and (steps > 0.5).all() and np.allclose(steps, np.rint(steps))
    ):
        raise VitreousError(
            f"strains are {list(strains)} in steps of {strain_step:g}; expected positive multiples "
            "of a positive step"
        )
    if bundle is not None and bundle.label["level"] != "atom":
        raise VitreousError(
            f"the bundle answers for each {bundle.label['level']}, but a rose is of one atom; use "
            "a model of atoms such as plastic_susceptibility"
        )
    if bundle is not None and (bundle.loading.mode, bundle.loading.sign) != (
        loading.mode,
        loading.sign,
    ):
        raise VitreousError(
            f"the model knows {bundle.loading.mode} of sign {bundle.loading.sign:+d}, but the rose "
            f"is of {loading.mode} of sign {loading.sign:+d}; shear it as the model was trained"
        )


def _d2min_of_free(
    cut: Cut,
    potential: Potential,
    loading: Loading,
    protocol: Protocol,
    strains: Sequence[float],
    cutoff: float,
    angle: float,
) -> Array:
    """(S, F) D2min of the free atoms along ``angle``, length squared."""
    glass = cut.configuration
    turned = replace(loading, angle=angle)
    states = sheared(cut, potential.surface(glass), turned, protocol, strains)
    found = [
        d2min(glass.positions, glass.cell, state, glass.cell, glass.periodic, cutoff)[0][: cut.free]
        for state in states
    ]
    if np.isnan(found).any():
        lonely = glass.ids[int(np.flatnonzero(np.isnan(found).any(axis=0))[0])]
        raise VitreousError(
            f"atom {lonely} has too few neighbours within {cutoff:g} for D2min; give a larger "
            "cutoff (--cutoff)"
        )
    return np.stack(found)


def _each(
    along: Callable[[float], Array],
    angles: Sequence[float],
    workers: int | None,
    done: Callable[[], None],
) -> Array:
    """(A, S, F) what ``along`` gives for each angle, by threads; ``done`` after each."""

    def one(angle: float) -> Array:
        found = along(angle)
        done()
        return found

    with ThreadPoolExecutor(cores() if workers is None else workers) as pool:
        return np.stack(list(pool.map(one, angles)))


def _said(glass: Configuration, atom: int, angles: Sequence[float], bundle: Bundle) -> Array:
    """(A,) what the model says of the atom along ``angles``; of classes the last one's chance."""
    values = []
    for angle in angles:
        said = bundles.predict(glass, bundle, angle=angle)
        column = said.labels.values if said.probabilities is None else said.probabilities[:, -1]
        values.append(float(np.reshape(column, len(glass))[atom]))
    return np.array(values)


def _name_of(bundle: Bundle) -> str:
    classes = bundle.label.get("classes") or ()
    return f"probability_{classes[-1]}" if classes else str(bundle.label["name"])
