"""One part of a campaign, for a process of its own."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Self

from vitreous.core.errors import VitreousError


@dataclass(frozen=True, kw_only=True)
class Shard:
    """Every ``of``-th glass, from glass ``number`` - 1 on.

    Fields:
        number: 1 to ``of``. of: into how many parts the glasses are divided.
    """

    number: int = 1
    of: int = 1

    @classmethod
    def read(cls, text: str, offset: int = 0) -> Self:
        """From ``i/n``; ``offset`` is added to i, for arrays of jobs whose index cannot be as large
        as n.

        Raises:
            VitreousError: anything but two whole numbers, or a number that is not 1 to n.
        """
        found = re.fullmatch(r"(\d{1,9})/(\d{1,9})", text, re.ASCII)
        if found is None:
            raise VitreousError(
                f"--shard is '{text}'; expected i/n, two whole numbers, such as 3/100 for the "
                "third of 100 parts"
            )
        number, of = int(found[1]) + offset, int(found[2])
        if offset < 0 or not 1 <= number <= of:
            more = f" with --offset {offset}" if offset else ""
            raise VitreousError(
                f"--shard is {text}{more}; expected a part from 1 to n of n parts, such as 3/100"
            )
        return cls(number=number, of=of)

    def takes(self, glass: int) -> bool:
        """Whether this part computes the glass of this number."""
        return glass % self.of == self.number - 1
