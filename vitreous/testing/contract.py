"""Checks: their input, their outcome, and helpers that raise failures."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from vitreous.core.data import Configuration
from vitreous.core.errors import VitreousError
from vitreous.core.plugin import Component

ROUNDING = 1e-9  #: relative: rounding of the same sums in another order
DIFFERENCES = 2e-5  #: relative: central finite differences
AT_REST = 1e-6  #: relative to the typical force of a bond
STRESS_WORK = 0.02  #: relative: work of the stress, integrated over coarse strains
PREDICTION = 1e-6  #: relative: predictions in other batches, possibly in single precision
CLOSEST = 0.25  #: of the mean spacing: closer atoms overlap
OVERFIT = 0.9  #: least fraction of the variance of eight labels that a model must reproduce


class CheckFailed(AssertionError):
    """A check failed; the message states what was found and what was expected."""


class Skip(Exception):
    """The check does not apply; the message gives the reason."""


@dataclass(frozen=True, kw_only=True)
class Subject:
    """A component under test.

    Fields:
        component: its declaration. cls: its class. provider: the distribution that provides it,
        with version.
        declared_in: the module of the entry point. config_folder: folder of the package's
        configurations.
    """

    component: Component
    cls: type[Any]
    provider: str = ""
    declared_in: str = ""
    config_folder: Path | None = None

    @property
    def id(self) -> str:
        """KIND/NAME."""
        return f"{self.component.kind}/{self.component.name}"

    @property
    def kind(self) -> str:
        """The kind of the component."""
        return self.component.kind

    def make(self) -> Any:
        """A new small instance."""
        return self.cls.example()

    def own_glass(self) -> Configuration | None:
        """The glass that the component provides for the checks, if any."""
        return self.cls.example_glass()


@dataclass(frozen=True, kw_only=True)
class Check:
    """One property that every component of a kind must have: ``function(subject)`` raises
    CheckFailed, or Skip with a reason.
    """

    name: str
    function: Callable[[Subject], None]
    tags: frozenset[str]

    @property
    def says(self) -> str:
        """The property in one sentence."""
        return " ".join((self.function.__doc__ or self.name).split("\n\n")[0].split())


def expect(holds: object, message: str) -> None:
    """Raise CheckFailed with ``message`` unless ``holds``."""
    if not holds:
        raise CheckFailed(message)


def expect_close(
    have: Any, want: Any, what: str, tolerance: float, scale: float | None = None
) -> None:
    """Raise CheckFailed unless the arrays agree within ``tolerance`` times ``scale`` (default: the
    largest expected magnitude).
    """
    have, want = np.asarray(have, dtype=float), np.asarray(want, dtype=float)
    expect(have.shape == want.shape, f"{what} has shape {have.shape}; expected {want.shape}")
    expect(np.isfinite(have).all() or not np.isfinite(want).all(), f"{what} is not finite")
    if not have.size:
        return
    size = float(np.nanmax(np.abs(want))) if scale is None else scale
    off = float(np.nanmax(np.abs(have - want)))
    expect(
        off <= tolerance * max(size, 1e-12),
        f"{what} differs by {off:.3g} (values up to {size:.3g}, tolerance {tolerance:g} of that)",
    )


def expect_refusal(call: Callable[[], Any], what: str) -> None:
    """Raise CheckFailed unless ``call`` raises a VitreousError with a message."""
    try:
        call()
    except VitreousError as error:
        expect(
            str(error).strip(),
            f"{what} is refused without a message; state what was given and what was expected",
        )
    except Exception as error:
        raise CheckFailed(
            f"{what} ends in {type(error).__name__}: {error}; expected a VitreousError with a "
            "message"
        ) from error
    else:
        raise CheckFailed(f"{what} was accepted; expected a VitreousError")


def expect_member(value: Any, allowed: Any, what: str) -> None:
    """Raise CheckFailed unless ``value`` is one of ``allowed``."""
    expect(
        value in allowed,
        f"{what} is {value!r}; expected one of {', '.join(map(str, sorted(allowed)))}",
    )


def expect_subset(values: Any, allowed: Any, what: str) -> None:
    """Raise CheckFailed unless ``values`` is a non-empty frozenset of ``allowed`` values."""
    fits = isinstance(values, frozenset) and bool(values) and values <= set(allowed)
    expect(
        fits,
        f"{what} is {values!r}; expected a frozenset of {', '.join(map(str, sorted(allowed)))}",
    )
