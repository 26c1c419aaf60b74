"""A deformation beside its stress-strain curve: computed on demand, or the folder that ``vitreous
deform`` wrote.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from vitreous.analysis.axes import short_unit
from vitreous.app.view.opened import CURVE, FRAMES, Opened, placed
from vitreous.app.view.structure import drawn, listed, of_file
from vitreous.core.data import Configuration, Loading, Trajectory
from vitreous.core.errors import VitreousError
from vitreous.core.vocabulary import in_units
from vitreous.direct.underway import MADE_WITH
from vitreous.io.tables import VOIGT_NAMES

EVENTS = "events.csv"
_FRAMES = 40  # that are kept of a deformation besides those at events
_POINTS = 4000  # of a curve
_TEXT = ("kind",)  # columns of a table that hold words
Answer = dict[str, Any]


def shown(run: Trajectory) -> Answer:
    """Curve, events and strains of the frames of a deformation."""
    keep = np.unique(np.linspace(0, len(run.strain) - 1, _POINTS).astype(int))
    events, glass = run.events, run.initial
    return {
        "loading": run.loading.title,
        "strain": listed(run.strain[keep]),
        "stress": listed(run.scalar_stress[keep]),
        "stress_unit": _stress_unit(glass),
        "frames": listed(run.frame_strain),
        "events": [
            {
                "strain": float(events.strain[k]),
                "kind": events.kind[k].replace("_", " "),
                "atom": int(glass.ids[events.atom[k]]),
                "at": listed(events.position[k]),
                "move": listed(events.move)[k],
                "energy_drop": float(events.energy_drop[k]),
            }
            for k in range(len(events))
        ],
    }


def _stress_unit(glass: Configuration) -> str:
    unit = "energy/area" if glass.dimension == 2 else "energy/volume"
    return short_unit(in_units(unit, glass.units))


def carried_out(
    opened: Any,
    *,
    potential: str,
    mode: str,
    sign: int,
    angle: float,
    strain_max: float,
    strain_step: float,
    stop_after_events: int | None,
    relax: bool,
) -> Trajectory:
    """The open glass deformed, with frames for a slider; arguments and errors are those of
    ``vitreous.direct.deform``.
    """
    from vitreous.direct import deform
    from vitreous.direct import potential as potential_named

    if not (0.0 < strain_max <= 2.0 and 0.0 < strain_step <= strain_max):
        raise VitreousError(
            f"strain_max is {strain_max:g} and strain_step {strain_step:g}; expected a strain up "
            "to 2, and steps no longer than that"
        )
    model = potential_named(potential)
    glass = opened.glass_under(model)
    return deform(
        glass,
        model,
        Loading(mode=mode, sign=sign, angle=angle, dimension=glass.dimension),
        strain_max=strain_max,
        strain_step=strain_step,
        stop_after_events=stop_after_events,
        relax=relax,
        frame_every=strain_max / _FRAMES,
    )


def frame_of(run: Trajectory, number: int) -> Answer:
    """Positions and cell of a saved frame. Raises VitreousError for one that is not there."""
    if not 0 <= number < len(run.frames):
        raise VitreousError(f"there is no frame {number}; there are {len(run.frames)}")
    return placed(run.initial.with_(positions=run.frames[number], cell=run.cells[number]))


@dataclass(kw_only=True)
class Walked(Opened):
    """A folder of ``vitreous deform``: curve, events and frames."""

    kind = "deformation"

    def page(self) -> Answer:
        """Raises VitreousError for files that are damaged or do not belong together."""
        from vitreous.io.read import read_columns, read_configurations

        folder = self.path
        curve, events = _table(folder / CURVE), _table(folder / EVENTS)
        self.path = folder / FRAMES
        self.frames = read_configurations(self.path, units="metal", minimum_distance=0.3)
        glass = self.frames[0]
        if set(glass.names) == {"Si", "O"} and glass.dimension == 2:
            glass = glass.with_(units="silica2d")
        self.current = glass
        stresses = {
            name.replace("_", " "): listed(values)
            for name, values in curve.items()
            if name.startswith("stress_")
        }
        if not {"strain", "energy"} <= set(curve) or not stresses or "strain" not in events:
            raise VitreousError(
                f"{folder} holds no deformation: {CURVE} or {EVENTS} lacks columns; run vitreous "
                "deform again"
            )
        loading = _loading(folder, glass)
        if loading is not None:
            stresses = {"stress": listed(_scalar(curve, loading)), **stresses}
        first = next(iter(stresses))
        return {
            "structure": drawn(glass, of_file(read_columns(self.path, 0))),
            "frames": [],
            "trajectory": {
                "loading": "" if loading is None else loading.title,
                "strain": listed(curve["strain"]),
                "stress": stresses[first],
                "stress_name": first,
                "others": stresses,
                "stress_unit": _stress_unit(glass),
                "frames": listed([frame.info.get("strain", np.nan) for frame in self.frames]),
                "events": [_event(events, k) for k in range(len(events["strain"]))],
            },
        }


def _loading(folder: Path, glass: Configuration) -> Loading | None:
    """What ``vitreous deform`` says it did; None where it does not."""
    from vitreous.core.archive import read_json

    try:
        said = read_json(folder / MADE_WITH)
        given = {name: said[f"--{name}"] for name in ("angle", "plane", "sign", "contraction")}
        return Loading(mode=said["--loading"], dimension=glass.dimension, **given)
    except (OSError, ValueError, KeyError, TypeError, VitreousError):
        return None


def _scalar(curve: dict[str, Any], loading: Loading) -> np.ndarray:
    """(S,) the loading's stress component from the columns of a curve."""
    d = loading.dimension
    stress = np.zeros((len(curve["strain"]), d, d))
    for name in VOIGT_NAMES[d]:
        i, j = ("xyz".index(axis) for axis in name)
        stress[:, i, j] = stress[:, j, i] = curve[f"stress_{name}"]
    return loading.scalar_stress(stress)


def _event(events: dict[str, Any], k: int) -> Answer:
    axes = [axis for axis in "xyz" if axis in events]
    return {
        "strain": float(events["strain"][k]),
        "kind": str(events["kind"][k]).replace("_", " ") if "kind" in events else "event",
        "atom": int(events["atom"][k]) if "atom" in events else None,
        "at_in_file": [float(events[axis][k]) for axis in axes],
        "move": listed(events["move"])[k] if "move" in events else None,
        "energy_drop": listed(events["energy_drop"])[k] if "energy_drop" in events else None,
    }


def _table(path: Any) -> dict[str, Any]:
    """Columns of a CSV file. Raises VitreousError for one that is damaged."""
    from vitreous.io.text import read_text

    try:
        rows = list(csv.reader(read_text(path).splitlines()))
        heads, body = rows[0], [row for row in rows[1:] if row]
        columns = list(zip(*body, strict=True)) or [() for _ in heads]
        return {
            head: np.array(words) if head in _TEXT else np.array(words, dtype=np.float64)
            for head, words in zip(heads, columns, strict=True)
        }
    except (ValueError, IndexError) as error:
        raise VitreousError(f"{path} is damaged ({error}); run vitreous deform again") from error
