"""What a configuration may not do unless the user allows it: run code, write outside the folder of
runs, or lead a run to other machines.

Components are safe by construction (``core.build`` makes registered ones alone). What is left is
what Hydra itself makes of a configuration, which imports and calls whatever it names.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from vitreous.core.allowed import HYDRA, allowed, how_to_allow
from vitreous.core.archive import stays_inside
from vitreous.core.errors import VitreousError

CALLBACK = "vitreous.app.tracking.SweepCallback"
#: what files from elsewhere may not set: code that Hydra calls, environment, places, other machines
GUARDED = (
    *("hydra.launcher", "hydra.sweeper", "hydra.job_logging", "hydra.hydra_logging"),
    *("hydra.job.env_set", "hydra.job.name", "hydra.job.chdir"),
    *("hydra.run", "hydra.sweep", "hydra.output_subdir"),
    *("home", "store", "runs", "tracker.uri", "executor.scheduler", "executor.jobs"),
)
#: sources of configurations that are installed: of Hydra, of its plugins, and ours
_INSTALLED = ("pkg", "structured")


def refuse_code(config: Mapping[str, Any]) -> None:
    """Raises VitreousError for callbacks, wherever they come from."""
    callbacks = config["hydra"]["callbacks"]
    if callbacks != {"sweep": {"_target_": CALLBACK}} and not allowed(HYDRA):
        strange = sorted(set(callbacks or {}) - {"sweep"}) or ["sweep"]
        raise VitreousError(
            f"the configuration sets hydra.callbacks.{strange[0]}, code that is run before and "
            f"after a job; leave it out, or, {how_to_allow(HYDRA)}"
        )


def refuse_name(name: Any) -> None:
    """Raises VitreousError for a name that leads out of the folder of runs."""
    if not stays_inside(str(name)):
        raise VitreousError(
            f"name is '{name}'; expected a name, or several joined by /, for a folder inside "
            "that of all runs"
        )


def from_elsewhere(sources: Iterable[tuple[str, str]], plugins: Iterable[str]) -> list[str]:
    """The paths of configuration sources (schema, path) that no installed package brings."""
    known = set(plugins)
    return [
        path for schema, path in sources if schema not in _INSTALLED and path and path not in known
    ]


def own_overrides(overrides: Iterable[str]) -> list[str]:
    """What of the command line decides the guarded keys."""
    first = {key.partition(".")[0] for key in GUARDED}
    return [o for o in overrides if re.split(r"[=@/.]", o.lstrip("+~"))[0] in first]


def refuse_strange(config: Mapping[str, Any], own: Mapping[str, Any], folder: str) -> None:
    """Raises VitreousError if ``config`` sets a guarded key otherwise than ``own``, which Vitreous
    and the command line make without ``folder``.
    """
    for key in GUARDED:
        if (value := _at(config, key)) != _at(own, key):
            raise VitreousError(
                f"a configuration in {folder} sets {key} to {value!r:.80}, which could run code "
                f"or write elsewhere; give {key} on the command line, or, {how_to_allow(HYDRA)}"
            )


def _at(config: Any, key: str) -> Any:
    for part in key.split("."):
        config = config.get(part) if isinstance(config, Mapping) else None
    return config
