"""Finished runs: scores, learning curves, and maps of every glass."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from vitreous.app.run_columns import ERROR, PREDICTED, columns_of
from vitreous.app.run_options import scores_of
from vitreous.app.view.deformations import frame_of, shown
from vitreous.app.view.opened import Opened
from vitreous.app.view.structure import column, drawn, listed, sites
from vitreous.core.data import Configuration
from vitreous.core.errors import VitreousError
from vitreous.core.sample import Sample

_MOST = 3000  # samples that are listed
Answer = dict[str, Any]


@dataclass(kw_only=True)
class Finished(Opened):
    """The folder of a run.

    Fields:
        run: what it left. sample: the one that is shown.
    """

    run: Any = None
    sample: Sample | None = None

    kind = "run"

    def page(self) -> Answer:
        from vitreous.core.run import Run

        self.run = Run.open(self.path)
        listed_samples = [
            {"number": k, "title": s.title, "role": s.role}
            for k, s in enumerate(self.run.samples[:_MOST])
        ]
        return {
            "command": self.run.about.get("command", ""),
            "scores": scores(self.path),
            "curves": _curves(self.run.history),
            "samples": listed_samples,
            "excluded": {str(k): reason for k, reason in self.run.excluded.items()},
            "model": bool(self.run.model_key),
        }

    def show(self, number: int) -> Answer:
        """A glass with all its maps. Raises VitreousError for a number that no sample has."""
        if not 0 <= number < len(self.run.samples):
            raise VitreousError(f"there is no sample {number}; the run has {len(self.run.samples)}")
        sample = self.sample = self.run.samples[number]
        self.current = sample.configuration
        of_atoms, maps = maps_of(sample, self.run.weak_is)
        track = sample.trajectory
        return {
            "structure": drawn(sample.configuration, of_atoms),
            "maps": maps,
            "events": _events(sample),
            "trajectory": None if track is None else shown(track),
            "title": sample.title,
            "role": sample.role,
        }

    def glass_for(self, bundle: Any) -> Configuration:
        return self.glass()

    def glass_under(self, model: Any) -> Configuration:
        return self.glass()

    def frame(self, number: int) -> Answer:
        if self.sample is None or self.sample.trajectory is None:
            raise VitreousError("this glass has no deformation in the run")
        return frame_of(self.sample.trajectory, number)

    def beside(self, other: Any, name: str) -> list[Answer]:
        """The predicted maps of another run, of the glass that is shown under the same loading.

        Raises:
            VitreousError: the other run has no prediction of it.
        """
        here = self.sample
        if here is None:
            raise VitreousError("choose a glass of this run first")
        same = [
            s
            for s in other.samples
            if s.keys.get("relax") == here.keys.get("relax") and s.loading == here.loading
        ]
        if not same or same[0].prediction is None:
            raise VitreousError(
                f"{name} has no prediction for {here.title}; compare runs that share their glasses"
            )
        return [
            {**of, "name": f"{of['name']} ({name})"}
            for of in maps_of(same[0], other.weak_is)[1]
            if of["name"].startswith(PREDICTED)
        ]


def scores(folder: Path) -> dict[str, float]:
    """The numbers that a run reported; a warning where it has none."""
    try:
        return scores_of(folder)
    except VitreousError as error:
        warnings.warn(str(error), stacklevel=2)
        return {}


def maps_of(sample: Sample, weak_is: Mapping[str, str]) -> tuple[dict[str, Answer], list[Answer]]:
    """What is known of every atom, as columns, and the maps at sites, each with a name."""
    labels = sample.labels
    if labels.level == "sample":
        return {}, []
    known = columns_of(sample, weak_is)
    columns = {
        name: {**column(of.values, of.unit, of.weak_is, name.startswith(ERROR)), "like": of.like}
        for name, of in known.items()
    }
    if labels.level == "atom":
        return columns, []
    where = sites(labels.positions, labels.grid, sample.configuration)
    return {}, [{"name": name, "sites": where, **of} for name, of in columns.items()]


def _events(sample: Sample) -> list[Answer]:
    """Place and strain of the events in the undeformed glass, in order."""
    from vitreous.analysis.run_maps import event_sites

    if sample.events is None:
        return []
    strain = np.sort(np.asarray(sample.events.columns.get("strain", sample.events.values)))
    places = event_sites(sample)
    return [
        {"at": listed(place), "strain": float(at)}
        for place, at in zip(places, strain, strict=False)
    ]


def _curves(history: Any) -> dict[str, Answer]:
    """What was logged while the model was fitted: steps and values by name."""
    curves: dict[str, Answer] = {}
    for name, value, step in history:
        curve = curves.setdefault(name, {"step": [], "value": []})
        curve["step"].append(step)
        curve["value"].append(listed([value])[0])
    return curves
