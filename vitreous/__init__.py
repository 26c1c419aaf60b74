"""Vitreous predicts where and when a glass fails, from its undeformed structure.

For ASE users: ``Model``, ``calculator``, ``from_ase`` and ``to_ase``; in notebooks: ``view``.
"""

from typing import Any

__version__ = "0.1.0"

_FOUND_IN = {  # imported when asked for, so that the command answers at once
    "Model": "vitreous.direct.model",
    "calculator": "vitreous.direct.ase_calculator",
    "from_ase": "vitreous.io.atoms",
    "to_ase": "vitreous.io.atoms",
    "view": "vitreous.app.notebook",
}


def __getattr__(name: str) -> Any:
    if name not in _FOUND_IN:
        raise AttributeError(f"module 'vitreous' has no attribute '{name}'")
    from importlib import import_module

    return getattr(import_module(_FOUND_IN[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *_FOUND_IN})
