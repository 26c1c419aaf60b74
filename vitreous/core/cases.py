"""The table of a run: which glass is taken along which loading, and in which role."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Self

import numpy as np

from vitreous.core.build import checked_value, construct
from vitreous.core.errors import VitreousError
from vitreous.core.loading import Loading
from vitreous.core.registry import suggest

ROLES = ("train", "validation", "test")
_SMALL = 0.01  # strain at which two loadings are compared


@dataclass(frozen=True, kw_only=True)
class Case:
    """One row of the table.

    Fields:
        glass: the generator's number of the glass. loading: position in the run's loadings. role:
        one of ROLES.
    """

    glass: int
    loading: int = 0
    role: str = "test"


@dataclass(frozen=True, kw_only=True)
class LoadCase:
    """A loading, and the roles whose glasses take it.

    Along a loading that no test glass takes nothing is scored: its cases have a label and features,
    but neither events nor indicators.
    """

    loading: Loading
    roles: tuple[str, ...] = ROLES

    @classmethod
    def read(cls, base: Loading, changes: Mapping[str, Any], where: str) -> Self:
        """From a configuration: the fields that differ from ``base``, ``rotation`` (degrees beyond
        its angle), and ``roles``.

        Raises:
            VitreousError: an unknown field or role, or a loading that does not exist.
        """
        fields, valid = dict(changes), (*asdict(base), "rotation", "roles")
        for name in fields:
            if name not in valid:
                raise VitreousError(
                    f"unknown field {where}.{name}{suggest(str(name), valid)}; valid fields: "
                    f"{', '.join(valid)}"
                )
        roles = checked_value(f"{where}.roles", fields.pop("roles", ROLES), tuple[str, ...])
        rotation = checked_value(f"{where}.rotation", fields.pop("rotation", 0.0), float)
        if not roles or not set(roles) <= set(ROLES):
            raise VitreousError(
                f"{where}.roles is {list(roles)}; expected some of {', '.join(ROLES)}"
            )
        loading = construct(Loading, where, {**asdict(base), **fields})
        return cls(loading=replace(loading, angle=loading.angle + rotation), roles=roles)

    @property
    def scored(self) -> bool:
        """Whether test glasses take it."""
        return "test" in self.roles


def table(roles: Mapping[int, str], load_cases: Sequence[LoadCase]) -> tuple[Case, ...]:
    """The cases of glasses with these roles, glass by glass."""
    return tuple(
        Case(glass=glass, loading=k, role=role)
        for glass, role in roles.items()
        for k, case in enumerate(load_cases)
        if role in case.roles
    )  # fmt: skip


def refuse_loadings(
    load_cases: Sequence[LoadCase], bound_to_axes: str = "", roles: Collection[str] = ROLES
) -> None:
    """Check the loadings of one run against each other.

    Raises:
        VitreousError: mixed dimensions, the same loading twice, a loading that no glass takes, one
            of the ``roles`` that glasses have without a loading, or several directions for a
            descriptor that is ``bound_to_axes`` (which says why).
    """
    loadings = [case.loading for case in load_cases]
    if len({loading.dimension for loading in loadings}) > 1:
        raise VitreousError(
            f"loadings have dimensions {[loading.dimension for loading in loadings]}; one run has "
            "glasses of one dimension"
        )
    gradients = [loading.deformation_gradient(_SMALL) for loading in loadings]
    for k, gradient in enumerate(gradients):
        same = next(
            (j for j in range(k) if np.allclose(gradients[j], gradient, rtol=0.0, atol=1e-12)), None
        )
        if same is not None:
            raise VitreousError(
                f"loadings {same} and {k} deform a glass alike ({loadings[k].title}); leave one "
                "of them out"
            )
    for role in roles:
        if not any(role in case.roles for case in load_cases):
            raise VitreousError(
                f"no loading is for {role} glasses; add {role} to the roles of one of the loadings"
            )
    for k, case in enumerate(load_cases):
        if not set(case.roles) & set(roles):
            raise VitreousError(
                f"loading {k} is for {', '.join(case.roles)} glasses, of which this run has none; "
                "leave it out"
            )
    if bound_to_axes and len(loadings) > 1:
        raise VitreousError(
            f"there are {len(loadings)} loadings, but {bound_to_axes}; give one loading, or "
            "change the descriptor"
        )
