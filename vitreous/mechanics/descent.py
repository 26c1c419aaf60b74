"""Reference minimisers: the named descents that determine the basin in which an instability ends.

Each is a generator that yields its state after every step, without end. The caller can therefore
try Newton's method from any of these states without disturbing the descent. ``DESCENTS`` maps
names to descents.

========  ==========================================================================================
name      method
========  ==========================================================================================
cg        Polak-Ribiere conjugate gradients, secant line search on the force (no energy comparison,
          so no stall)
fire      FIRE 2.0, Guenole et al., Comput. Mater. Sci. 175, 109584 (2020)
damped    velocity Verlet with unit masses and viscous friction ``friction`` (kinetic energy decays
          as exp(-2 friction t))
steepest  steepest descent, secant line search
========  ==========================================================================================
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from vitreous.core.errors import VitreousError

Array = NDArray[Any]
Force = Callable[[Array], Array]  #: positions (N, D) -> forces (N, D); may reuse its buffer


class Stand(NamedTuple):
    """State of a descent: positions (N, D), which the next step overwrites; the largest force
    component ``residual``, energy per length; the number of force evaluations so far.
    """

    positions: Array
    residual: float
    evaluations: int


@dataclass(frozen=True)
class Pace:
    """Scales of a descent: largest ``curvature`` (energy per length squared), largest displacement
    of a component in one step ``max_step`` (length), ``friction`` (inverse time) for ``damped``.
    """

    curvature: float
    max_step: float
    friction: float = 0.1


Descent = Callable[[Force, Array, Pace], Iterator[Stand]]


def conjugate_gradient(force: Force, start: Array, pace: Pace) -> Iterator[Stand]:
    """Polak-Ribiere+ conjugate gradients. Along each direction the step is the secant estimate of
    the zero of the projected force.
    """
    return _line_descent(force, start, pace, conjugate=True)


def steepest_descent(force: Force, start: Array, pace: Pace) -> Iterator[Stand]:
    """As ``conjugate_gradient``, along the force in every step."""
    return _line_descent(force, start, pace, conjugate=False)


def _line_descent(force: Force, start: Array, pace: Pace, conjugate: bool) -> Iterator[Stand]:
    # x positions, f force, p search direction, used force evaluations
    x = start.copy()
    f = force(x).copy()
    p, used = f.copy(), 1
    yield Stand(x, _largest(f), used)
    while True:
        slope = np.vdot(f, p)
        if slope <= 0.0:  # not a descent direction: restart along the force
            p, slope = f.copy(), np.vdot(f, f)
        reach = pace.max_step / _largest(p)
        # secant: with s(t) = f(x + t p) . p, bend = (s(0) - s(trial)) / trial = -ds/dt and the zero
        # of s is at s(0) / bend; without positive curvature take the longest step
        trial = min(0.5 / pace.curvature, reach)
        bend = (slope - np.vdot(force(x + trial * p), p)) / trial
        step = min(slope / bend, reach) if bend > 0.0 else reach
        x += step * p
        new = force(x).copy()
        used += 2
        # Polak-Ribiere+: beta = max(0, f' . (f' - f) / f . f)
        beta = max(0.0, np.vdot(new, new - f) / np.vdot(f, f)) if conjugate else 0.0
        p = new + beta * p
        f = new
        yield Stand(x, _largest(f), used)


def fire(force: Force, start: Array, pace: Pace) -> Iterator[Stand]:
    """FIRE 2.0 with unit masses, semi-implicit Euler, and half a step back when moving uphill."""
    x, v = start.copy(), np.zeros_like(start)
    dt_max = 1.0 / np.sqrt(pace.curvature)
    dt, alpha, good, used = 0.2 * dt_max, 0.25, 0, 1
    f = force(x)
    yield Stand(x, _largest(f), used)
    while True:
        if np.vdot(f, v) > 0.0:
            good += 1
            if good > 20:
                dt, alpha = min(1.1 * dt, dt_max), 0.99 * alpha
        else:
            x -= 0.5 * dt * v
            v[:] = 0.0
            good, dt, alpha = 0, max(0.5 * dt, 0.02 * dt_max), 0.25
        # v <- (1 - alpha) v + alpha |v| f / |f|
        v += dt * f
        v *= 1.0 - alpha
        v += (alpha * np.linalg.norm(v) / (1.0 - alpha) / np.linalg.norm(f)) * f
        move = dt * v
        x += move * min(1.0, pace.max_step / _largest(move))
        f = force(x)
        used += 1
        yield Stand(x, _largest(f), used)


def damped_dynamics(force: Force, start: Array, pace: Pace) -> Iterator[Stand]:
    """Newtonian motion with unit masses and viscous friction (inverse time), integrated by velocity
    Verlet.
    """
    x, v = start.copy(), np.zeros_like(start)
    dt = 0.5 / np.sqrt(pace.curvature)
    decay = np.exp(-pace.friction * dt)
    f, used = force(x), 1
    yield Stand(x, _largest(f), used)
    while True:
        v += 0.5 * dt * f
        x += dt * v
        f = force(x)
        used += 1
        v = decay * (v + 0.5 * dt * f)
        yield Stand(x, _largest(f), used)


def _largest(vectors: Array) -> float:
    return float(np.abs(vectors).max())


DESCENTS: dict[str, Descent] = {
    "cg": conjugate_gradient,
    "fire": fire,
    "damped": damped_dynamics,
    "steepest": steepest_descent,
}


def descent_named(name: str) -> Descent:
    """The descent called ``name``. Raises VitreousError for an unknown name, listing the known
    ones.
    """
    if name not in DESCENTS:
        raise VitreousError(f"unknown minimiser '{name}'; expected one of {', '.join(DESCENTS)}")
    return DESCENTS[name]
