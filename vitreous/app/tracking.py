"""What a run tells its tracker, and the parent record that the jobs of a sweep join."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from vitreous.core.build import build
from vitreous.core.errors import VitreousError
from vitreous.core.interfaces import Tracked
from vitreous.core.registry import discover
from vitreous.core.run import Run
from vitreous.core.tracking import Beginning, Outcome

PARENT = "VITREOUS_PARENT_RUN"


def beginning(config: Mapping[str, Any], command: str, folder: Path) -> Beginning:
    """How a job begins; its parent's id, if it has one, comes through the environment."""
    recorded = {key: value for key, value in config.items() if key not in ("home", "store", "runs")}
    return Beginning(
        name=str(config["name"]),
        title=folder.name,
        config=recorded,
        command=command,
        folder=folder,
        runs=Path(config["runs"]),
        parent=os.environ.get(PARENT, ""),
    )


def outcome(
    result: Run, scores: Mapping[str, Any], files: Sequence[Path], model: Path | None
) -> Outcome:
    """What came of a job."""
    counts = {"used": len({s.index for s in result.samples}), "excluded": len(result.excluded)}
    tags = {
        f"artifacts.sample_{s.name}": " ".join(f"{stage}={key}" for stage, key in s.keys.items())
        for s in result.samples
    }
    return Outcome(
        history=tuple(result.history),
        scores={**scores, "seconds": result.seconds, "samples": counts},
        tags={**tags, "artifacts.fit": result.model_key} if result.model_key else tags,
        files=tuple(files),
        model=model,
    )


_sweep: list[Tracked] = []  # the parent record that this process opened


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
        parent.finish(Outcome())
