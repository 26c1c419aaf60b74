"""What a run tells its tracker, and the parent record that the jobs of a sweep join."""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from vitreous.app.headline import five, flat_numbers
from vitreous.core.build import build
from vitreous.core.errors import VitreousError
from vitreous.core.interfaces import Tracked
from vitreous.core.registry import discover
from vitreous.core.run import Run
from vitreous.core.tracking import Beginning, Outcome

PARENT = "VITREOUS_PARENT_RUN"
VARIED = "VITREOUS_VARIED_KEYS"  #: what the jobs of a sweep vary, one key a line


def beginning(config: Mapping[str, Any], command: str, folder: Path) -> Beginning:
    """How a job begins; its parent's id, if it has one, comes through the environment."""
    recorded = {key: value for key, value in config.items() if key not in ("home", "store", "runs")}
    return Beginning(
        name=str(config["name"]),
        title=title_of(folder, command),
        config=recorded,
        command=command,
        folder=folder,
        runs=Path(config["runs"]),
        parent=os.environ.get(PARENT, ""),
    )


def title_of(folder: Path, command: str) -> str:
    """The name of a run's folder; of a sweep's job also what it varies: ``3 model=svm seed=1``."""
    keys = os.environ.get(VARIED, "").splitlines()
    words = [word for word in shlex.split(command) if word.partition("=")[0] in keys]
    return " ".join([folder.name, *words])


def outcome(
    result: Run,
    scores: Mapping[str, Any],
    files: Sequence[Path],
    model: Path | None,
    objective: str | None = None,
) -> Outcome:
    """What came of a job. Five numbers that matter are recorded once more under names that begin
    with their place, since MLflow shows the first ones in the order of the alphabet.
    """
    counts = {"used": len({s.index for s in result.samples}), "excluded": len(result.excluded)}
    tags = {
        f"artifacts.sample_{s.name}": " ".join(f"{stage}={key}" for stage, key in s.keys.items())
        for s in result.samples
    }
    first = {
        f"{place} {name}": value
        for place, (name, value) in enumerate(five(flat_numbers(scores), objective).items(), 1)
    }
    return Outcome(
        history=tuple(result.history),
        scores={**first, **scores, "seconds": result.seconds, "samples": counts},
        tags={**tags, "artifacts.fit": result.model_key} if result.model_key else tags,
        files=tuple(files),
        model=model,
    )


_sweep: list[Tracked] = []  # the parent record that this process opened
_found: list[Outcome] = []  # what came of its jobs


def sweep_found(found: Outcome) -> None:
    """What the parent record is to say."""
    _found[:] = [found]


class SweepRefused(BaseException):
    """The sweep's parent record cannot be opened.

    Hydra turns a callback's ordinary exceptions into warnings and continues; not this one.
    """


class SweepCallback:
    """Called by Hydra around a sweep: opens the parent record, hands its id to the jobs through the
    environment, and closes it.
    """

    def on_multirun_start(self, config: Any, **_: Any) -> None:
        from omegaconf import OmegaConf

        folder = Path(config.hydra.sweep.dir)
        try:
            chosen: Any = OmegaConf.to_container(config.tracker, resolve=True)
            tracker = build(discover(), "tracker", chosen)
            parent = tracker.start(
                Beginning(
                    name=str(config.name),
                    title=f"sweep {folder.name}",
                    folder=folder,
                    runs=Path(config.runs),
                )
            )
        except VitreousError as error:
            raise SweepRefused(str(error)) from error
        os.environ[PARENT] = parent.id
        _sweep.append(parent)

    def on_multirun_end(self, config: Any, **_: Any) -> None:
        close_sweep()

    def on_run_start(self, config: Any, **_: Any) -> None: ...
    def on_run_end(self, config: Any, **_: Any) -> None: ...
    def on_job_start(self, config: Any, **_: Any) -> None: ...
    def on_job_end(self, config: Any, job_return: Any, **_: Any) -> None: ...
    def on_compose_config(self, config: Any, **_: Any) -> None: ...


def close_sweep(failed: str = "") -> None:
    """End the sweep's parent record, if this process opened one and it is still open; ``failed``
    says why it did not end well.
    """
    if not _sweep:
        return
    os.environ.pop(PARENT)
    parent = _sweep.pop()
    if failed:
        parent.fail(failed)
    else:
        parent.finish(_found.pop() if _found else Outcome())
