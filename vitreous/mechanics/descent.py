"""Reference minimisers: the named descents that decide in which basin an instability ends.

Each starts from given positions and stops when the largest force component falls below ``force_tolerance`` or the budget of force
evaluations is spent. They share the signature of ``Descent``; ``DESCENTS`` holds them by name.

========  ==================================================================================================
name      method
========  ==================================================================================================
cg        Polak-Ribiere conjugate gradients, secant line search on the force (no energy comparison, so no stall)
fire      FIRE 2.0, Guenole et al., Comput. Mater. Sci. 175, 109584 (2020)
damped    velocity Verlet with unit masses and viscous friction ``friction`` (kinetic energy decays as exp(-2 friction t))
steepest  steepest descent, secant line search
========  ==================================================================================================
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vitreous.core.errors import VitreousError

Array = NDArray[Any]
Force = Callable[[Array], Array]  #: positions (N, D) -> forces (N, D); may reuse its buffer


@dataclass(frozen=True)
class Descended:
    """Where a descent stopped: positions (N, D), largest force component left, force evaluations used."""

    positions: Array
    residual: float
    evaluations: int


@dataclass(frozen=True)
class Pace:
    """What a descent needs to know of the landscape: its stiffest curvature (energy per length squared) and the largest step (length)."""

    curvature: float
    max_step: float
    friction: float = 0.1


Descent = Callable[[Force, Array, Pace, float, int], Descended]


def conjugate_gradient(force: Force, start: Array, pace: Pace, force_tolerance: float, budget: int) -> Descended:
    """Polak-Ribiere+ directions; the step along each is the secant estimate of where the force along it vanishes."""
    return _line_descent(force, start, pace, force_tolerance, budget, conjugate=True)


def steepest_descent(force: Force, start: Array, pace: Pace, force_tolerance: float, budget: int) -> Descended:
    """As ``conjugate_gradient`` with every direction the force itself."""
    return _line_descent(force, start, pace, force_tolerance, budget, conjugate=False)


def _line_descent(force: Force, start: Array, pace: Pace, force_tolerance: float, budget: int, conjugate: bool) -> Descended:
    x = start.copy()
    f = force(x).copy()
    p, used = f.copy(), 1
    while np.abs(f).max() > force_tolerance and used < budget:
        slope = np.vdot(f, p)
        if slope <= 0.0:
            p, slope = f.copy(), np.vdot(f, f)
        reach = pace.max_step / np.abs(p).max()
        trial = min(0.5 / pace.curvature, reach)
        bend = (slope - np.vdot(force(x + trial * p), p)) / trial
        step = min(slope / bend, reach) if bend > 0.0 else reach
        x += step * p
        new = force(x).copy()
        used += 2
        beta = max(0.0, np.vdot(new, new - f) / np.vdot(f, f)) if conjugate else 0.0
        p = new + beta * p
        f = new
    return Descended(x, float(np.abs(f).max()), used)


def fire(force: Force, start: Array, pace: Pace, force_tolerance: float, budget: int) -> Descended:
    """FIRE 2.0 with unit masses, semi-implicit Euler, and half a step back uphill."""
    x, v = start.copy(), np.zeros_like(start)
    dt_max = 1.0 / np.sqrt(pace.curvature)
    dt, alpha, good, used = 0.2 * dt_max, 0.25, 0, 1
    f = force(x)
    while np.abs(f).max() > force_tolerance and used < budget:
        if np.vdot(f, v) > 0.0:
            good += 1
            if good > 20:
                dt, alpha = min(1.1 * dt, dt_max), 0.99 * alpha
        else:
            x -= 0.5 * dt * v
            v[:] = 0.0
            good, dt, alpha = 0, max(0.5 * dt, 0.02 * dt_max), 0.25
        v += dt * f
        v *= 1.0 - alpha
        v += (alpha * np.linalg.norm(v) / (1.0 - alpha) / np.linalg.norm(f)) * f
        move = dt * v
        x += move * min(1.0, pace.max_step / np.abs(move).max())
        f = force(x)
        used += 1
    return Descended(x, float(np.abs(f).max()), used)


def damped_dynamics(force: Force, start: Array, pace: Pace, force_tolerance: float, budget: int) -> Descended:
    """Newtonian motion with unit masses and viscous friction (inverse time), integrated by velocity Verlet."""
    x, v = start.copy(), np.zeros_like(start)
    dt = 0.5 / np.sqrt(pace.curvature)
    decay = np.exp(-pace.friction * dt)
    f, used = force(x), 1
    while np.abs(f).max() > force_tolerance and used < budget:
        v += 0.5 * dt * f
        x += dt * v
        f = force(x)
        used += 1
        v = decay * (v + 0.5 * dt * f)
    return Descended(x, float(np.abs(f).max()), used)


DESCENTS: dict[str, Descent] = {"cg": conjugate_gradient, "fire": fire, "damped": damped_dynamics, "steepest": steepest_descent}


def descent_named(name: str) -> Descent:
    """The descent called ``name``. Raises VitreousError naming those that exist."""
    if name not in DESCENTS:
        raise VitreousError(f"unknown minimiser '{name}'; expected one of {', '.join(DESCENTS)}")
    return DESCENTS[name]
