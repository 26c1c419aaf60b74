"""Glasses that cannot be used are found once: a minimisation that did not converge, or bonds that a
relaxation broke, would come out the same another time, after the same computing.

``store/<stage>/<hh>/<key>.refused`` says why there is no ``<key>.npz`` beside it. The key holds
everything that decides the outcome, so other settings, or another version of a component, are
tried.
"""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

from vitreous.core.archive import read_json
from vitreous.core.errors import NotConverged, Unusable

STAGES = ("generate", "relax", "deform")  #: which take long
AGAIN = " (as found before; `vitreous work`, with the same overrides and --again, tries once more)"
_LONGEST = 1000  #: letters of a reason that are shown
_KINDS = {kind.__name__: kind for kind in (NotConverged, Unusable)}


def refusal(artifact: Path) -> NotConverged | Unusable | None:
    """Why the artifact of this path was not made before; None if it was not tried, or if what was
    kept of it cannot be read.
    """
    try:
        found = read_json(artifact.with_suffix(".refused"))
        return _KINDS[found["kind"]](shown(found["reason"]) + AGAIN)
    except (OSError, ValueError, KeyError, TypeError):
        return None


def shown(reason: Any) -> str:
    """One line of a note; those of a stranger move no cursor and fill no terminal."""
    line = " ".join(str(reason)[:_LONGEST].split())
    return "".join(each if each.isprintable() else "?" for each in line)


def keep_refusal(artifact: Path, error: NotConverged | Unusable) -> None:
    """Keep why the artifact of this path cannot be made. Nothing is lost where that fails: it is
    tried once more.
    """
    if str(error).endswith(AGAIN):  # of the artifact that this one is made from
        return
    kind = next(name for name, kind in _KINDS.items() if isinstance(error, kind))
    new = artifact.with_name(f".{artifact.stem}.refused.tmp")
    with suppress(OSError):
        artifact.parent.mkdir(parents=True, exist_ok=True)
        new.write_text(json.dumps({"kind": kind, "reason": str(error)}))
        new.replace(artifact.with_suffix(".refused"))


def forget_refusal(artifact: Path) -> None:
    """Have the artifact of this path tried once more."""
    artifact.with_suffix(".refused").unlink(missing_ok=True)
