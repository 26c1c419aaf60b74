"""What the commands on runs that are done share."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

STORE = "where its artifacts lie now (default: where they were, or moved along)"


def run_option(parser: argparse.ArgumentParser) -> None:
    """The run, by its folder."""
    parser.add_argument("run", help="the folder of the run")


def store_option(parser: argparse.ArgumentParser) -> None:
    """The store, if it was moved."""
    parser.add_argument("--store", metavar="FOLDER", help=STORE)


class Used(NamedTuple):
    """A component that a run was made with. ``version``, ``provider``: empty of those that leave no
    artifact, which only the configuration names.
    """

    kind: str
    target: str
    version: str = ""
    provider: str = ""

    @property
    def named(self) -> tuple[str, str, str]:
        """What ``Registry.used`` finds it by."""
        return self.kind, self.target, self.provider


def parts_of(about: Mapping[str, Any]) -> dict[str, Used]:
    """The components behind the artifacts of a run, by role, from what ``run.json`` says."""
    from vitreous.core.compose import ROLES

    return {
        role: Used(
            ROLES.get(role, "labeler"),  # of a further target
            made["target"],
            str(made["version"]),
            made.get("provider", ""),
        )
        for role, made in about["components"].items()
    }


def evaluations_of(about: Mapping[str, Any]) -> list[Used]:
    """The evaluations that the configuration of a run names."""
    named = about["config"].get("evaluations") or {}
    return [Used("evaluation", str(each["_target_"])) for each in named.values()]


def scores_of(folder: Path) -> dict[str, float]:
    """The numbers that a run reported on glasses never seen: ``{"a": {"b": 1.0}}`` as
    ``{"a.b": 1.0}``.

    Raises:
        VitreousError: there is no run in ``folder``, or it has no scores.
    """
    from vitreous.core.archive import read_json
    from vitreous.core.errors import VitreousError
    from vitreous.core.run import Run

    Run.about_of(folder)  # says what is wrong with a folder that holds no run
    try:
        return _flat(read_json(folder / "scores.json"))
    except (OSError, ValueError) as error:
        raise VitreousError(
            f"{folder} has no scores to compare ({type(error).__name__}); run its command again"
        ) from error


def _flat(tree: Mapping[str, Any], prefix: str = "") -> dict[str, float]:
    found: dict[str, float] = {}
    for key, value in tree.items():
        if isinstance(value, Mapping):
            found |= _flat(value, f"{prefix}{key}.")
        elif isinstance(value, int | float) and not isinstance(value, bool):
            found[f"{prefix}{key}"] = float(value)
    return found


def folder_of(run: str) -> Path:
    """The folder of a run, which its file may stand for."""
    from vitreous.core.run import FILE

    return Path(run).parent if Path(run).name == FILE else Path(run)
