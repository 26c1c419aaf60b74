"""Who trains, who validates, who is tested: by sample, never by atom."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from vitreous.core.cases import ROLES
from vitreous.core.errors import VitreousError

STREAM = 100  #: spawn key of the permutation's random stream, apart from those of the stages
Share = int | float | tuple[int, ...] | None


@dataclass(frozen=True, kw_only=True)
class Split:
    """How samples are divided.

    Fields:
        train, validation, test: a count (integer), a fraction of the samples (number between 0 and
            1; at least one sample when above 0), a list of sample indices, or null for those left
            over (train alone).
        seed: of the permutation; null takes the run's.
    """

    train: Share = None
    validation: int | float | tuple[int, ...] = 0.2
    test: int | float | tuple[int, ...] = 0.2
    seed: int | None = None

    def assign(self, samples: int, seed: int) -> dict[int, str]:
        """The role of each of ``samples`` samples.

        Raises:
            VitreousError: indices that do not exist or are given twice, shares that do not add up,
            nothing left to train on.
        """
        if self.seed is not None and self.seed < 0:
            raise VitreousError(f"split.seed is {self.seed}; expected zero or more, or null")
        shares: Mapping[str, Share] = {
            "test": self.test,
            "validation": self.validation,
            "train": self.train,
        }
        roles: dict[int, str] = {}
        for role, share in shares.items():
            for index in share if isinstance(share, tuple) else ():
                self._check_index(index, samples, role, roles)
                roles[index] = role
        stream = np.random.SeedSequence(
            seed if self.seed is None else self.seed, spawn_key=(STREAM,)
        )
        order = [
            int(i)
            for i in np.random.default_rng(stream).permutation(samples)
            if int(i) not in roles
        ]
        for role, share in shares.items():
            count = (
                0
                if isinstance(share, tuple)
                else len(order)
                if share is None
                else _count(share, samples, role)
            )
            if count > len(order):
                raise VitreousError(
                    f"split.{role} asks for {count} samples, but only {len(order)} of {samples} "
                    "are left for it"
                )
            roles.update(dict.fromkeys(order[:count], role))
            order = order[count:]
        if order:
            raise VitreousError(
                f"the split leaves {len(order)} of {samples} samples without a role; set "
                "split.train=null for the rest"
            )
        if "train" not in roles.values():
            raise VitreousError(
                f"the split of {samples} samples leaves none to train on; raise samples, lower "
                "split.test and split.validation, or learn nothing: model=none"
            )
        return dict(sorted(roles.items()))

    @staticmethod
    def _check_index(index: int, samples: int, role: str, roles: Mapping[int, str]) -> None:
        if not 0 <= index < samples:
            raise VitreousError(
                f"split.{role} names sample {index}, but samples run from 0 to {samples - 1}"
            )
        if index in roles:
            raise VitreousError(
                f"split names sample {index} twice, for {roles[index]} and {role}; a sample has "
                "one role"
            )


def _count(share: int | float | tuple[int, ...], samples: int, role: str) -> int:
    if isinstance(share, int) and share >= 0:
        return share
    if isinstance(share, float) and 0.0 <= share < 1.0:
        return max(1, round(share * samples)) if share > 0.0 else 0
    raise VitreousError(
        f"split.{role} is {share!r}; expected a count, a fraction below 1, or a list of sample "
        "indices"
    )


def lost_roles(before: Mapping[int, str], left: Mapping[int, str]) -> list[str]:
    """The roles that had samples before some were excluded, and have none now."""
    return [role for role in ROLES if role in before.values() and role not in left.values()]
