"""Arrays checked and made read-only once, when a data class is made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vitreous.core.errors import VitreousError


def _array(value: Any, dtype: type, name: str, shape: tuple[int | None, ...]) -> NDArray[Any]:
    """A read-only C-ordered copy of ``value``; refused unless it has ``shape`` (None:
    any length).
    """
    array = np.array(value, dtype=dtype, order="C")
    if array.ndim != len(shape) or any(
        want is not None and have != want for have, want in zip(array.shape, shape, strict=True)
    ):
        wanted = "(" + ", ".join("any" if n is None else str(n) for n in shape) + ")"
        raise VitreousError(f"{name} has shape {array.shape}; expected {wanted}")
    array.setflags(write=False)
    return array


def finite(array: NDArray[Any], name: str) -> NDArray[Any]:
    """The array itself; raises VitreousError, naming it and the first bad row, if a value is NaN or
    infinite.
    """
    known = np.isfinite(array)
    if not known.all():
        bad = np.argwhere(~known)
        raise VitreousError(
            f"{name} has {len(bad)} values that are not finite, the first in row "
            f"{int(bad[0][0])}; mend the input"
        )
    return array


class Data:
    """Shared by the data classes: setting checked arrays on a frozen instance."""

    def _set(
        self, name: str, dtype: type, *shape: int | None, must_be_finite: bool = True
    ) -> NDArray[Any]:
        array = _array(getattr(self, name), dtype, name, shape)
        if must_be_finite and array.dtype.kind == "f":
            finite(array, name)
        object.__setattr__(self, name, array)
        return array

    def __eq__(self, other: object) -> bool:
        if type(self) is not type(other):
            return NotImplemented
        names = [f.name for f in fields(self)]  # type: ignore[arg-type]
        return all(_same(getattr(self, name), getattr(other, name)) for name in names)

    __hash__ = None  # type: ignore[assignment]


def _same(a: Any, b: Any) -> bool:
    if isinstance(a, np.ndarray):
        return (
            isinstance(b, np.ndarray)
            and a.dtype == b.dtype
            and np.array_equal(a, b, equal_nan=a.dtype.kind == "f")
        )
    if isinstance(a, Mapping) and isinstance(b, Mapping):
        return a.keys() == b.keys() and all(_same(a[key], b[key]) for key in a)
    return bool(a == b)
