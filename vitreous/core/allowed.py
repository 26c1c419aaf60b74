"""What is refused unless the user allows it by name, in the environment variable VITREOUS_ALLOW."""

from __future__ import annotations

import os

VARIABLE = "VITREOUS_ALLOW"
HYDRA, LAMMPS = "hydra", "lammps"  #: what can be allowed


def allowed(name: str) -> bool:
    """Whether ``VITREOUS_ALLOW=name`` is set; several are separated by commas."""
    return name in (word.strip() for word in os.environ.get(VARIABLE, "").split(","))


def how_to_allow(name: str) -> str:
    """What to type, for the end of a sentence."""
    return f"if you trust who wrote it, allow it with {VARIABLE}={name}"
