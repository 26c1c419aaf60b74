"""How the response of a glass itself changes along the loading: to second order in the strain.

Atoms of a glass at rest follow x(g) = A(g) x(0) + w(g) under a deformation gradient A(g) of strain
g, with no force on them at any g. The derivatives at g = 0 give the linear response u = w' and the
second one, v = w'':

    H u = dF/dg at w = 0                    (``vitreous.mechanics.linear``)
    H v = d^2 F / dg^2 along A(g) x(0) + g u

Where an instability lies ahead at a strain g_c, w goes as -(g_c - g)^(1/2), so that

    (u . v) / (u . u) = 1 / 2 (g_c - g)

of the atoms that take part: positive where the response grows towards an instability, negative
where it came from one. Reversing the loading reverses u, but not v: unlike all that follows from u
alone, this ratio tells a shear from its reverse.

======  ============  =======  ==================================
symbol  variable      shape    unit
======  ============  =======  ==================================
u       ``first``     (N, D)   length per unit of strain
v       ``second``    (N, D)   length per unit of strain squared
F       ``force``     (N, D)   energy / length
======  ============  =======  ==================================

The second derivative of the force is a central difference over strains in which no atom moves by
more than ``STEP`` of the distance between atoms beside the affine motion.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from vitreous.core.data import Configuration, Loading
from vitreous.core.errors import NotConverged
from vitreous.core.surface import EnergySurface
from vitreous.mechanics.linear import Preconditioner, solve

Array = NDArray[np.float64]
STEP = 3e-4
TOLERANCE = 1e-8  #: of solutions, relative


def second_response(
    surface: EnergySurface, glass: Configuration, loading: Loading, first: Array
) -> Array:
    """v (N, D), from the linear response ``first``, u.

    Raises:
        NotConverged: the energy falls in some direction.
    """
    largest = float(np.linalg.norm(first, axis=1).max(initial=0.0))
    spacing = (abs(np.linalg.det(glass.cell)) / len(glass)) ** (1.0 / glass.dimension)
    h = STEP * spacing / max(largest, spacing)

    def force(strain: float) -> Array:
        gradient = loading.deformation_gradient(strain)
        where = glass.positions @ gradient.T + strain * first
        return surface.energy_forces(where, glass.cell @ gradient.T)[1]

    curved = (force(h) - 2.0 * force(0.0) + force(-h)) / h**2
    lin = surface.linearise(glass.positions, glass.cell)
    found, positive = solve(lin, curved, Preconditioner(surface.bond_range), TOLERANCE)
    if not positive:
        raise NotConverged(
            "the glass is at no minimum of the potential, but the change of its response needs one"
        )
    return found
