"""Silicons, bonds and rings found in synthetic micrographs, against noise and other faults, by both
detectors: ``python -m benchmarks micrographs``, or ``python -m benchmarks.micrographs FIGURE.png``
to draw them.
"""

import sys
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from benchmarks.clock import once, table
from vitreous.analysis.detection import Detection, detection, matched
from vitreous.analysis.imaged_network import imaged_network
from vitreous.analysis.rings import bridged, trace_rings
from vitreous.analysis.spots import DETECTORS, find_spots
from vitreous.analysis.synthetic_micrograph import Exposure, Micrograph, take_micrograph
from vitreous.analysis.voronoi_network import voronoi_network
from vitreous.core.data import Configuration
from vitreous.core.errors import VitreousError
from vitreous.plugins.generators.dual_switch import DualSwitch

DIAMETER, SI_SI = 11, 3.05
DOSES = (4.0, 2.0, 1.0, 0.5, 0.25, 0.125, 0.0625, 0.03125)
GLASSES = ((0.3, 0), (0.92, 1), (0.92, 2), (1.4, 3))  #: ring variance, seed
PUBLISHED = Exposure(pixels=(400, 400))  #: photons per atom and background of the published code
FAULTS = {
    "none": PUBLISHED,
    "tilt 10 degrees": replace(PUBLISHED, tilt=10.0),
    "tilt 25 degrees": replace(PUBLISHED, tilt=25.0),
    "drift 1 angstrom": replace(PUBLISHED, drift=1.0),
    "drift 2 angstrom": replace(PUBLISHED, drift=2.0),
    "1 % missing": replace(PUBLISHED, missing=0.01),
    "4 % missing": replace(PUBLISHED, missing=0.04),
    "background 1.8 to 0.2": replace(PUBLISHED, unevenness=0.8),
    "background 10 times": replace(PUBLISHED, background=575.0),
    "blur 0.3 angstrom": replace(PUBLISHED, blur=0.3),
    "blur 0.6 angstrom": replace(PUBLISHED, blur=0.6),
    "pixels of 0.15 angstrom": replace(PUBLISHED, pixel_size=0.15),
    "pixels of 0.3 angstrom": replace(PUBLISHED, pixel_size=0.3, pixels=(270, 270)),
    "oxygen 400 photons": replace(PUBLISHED, photons=(800.0, 400.0)),
    "all at half the dose": replace(
        PUBLISHED, dose=0.5, tilt=10.0, drift=1.0, missing=0.01, unevenness=0.8, blur=0.3
    ),
}


class Tried(NamedTuple):
    """What one image gave: None where it was refused; flags inside; seconds."""

    found: Detection | None
    flagged: int
    seconds: float


@cache
def glass_of(variance: float, seed: int) -> Configuration:
    """About 105 angstrom across."""
    maker = DualSwitch(rings_x=32, rings_y=36, variance=variance, steps=30_000)
    return maker.generate(0, np.random.default_rng(seed))


def images(exposure: Exposure) -> Iterator[Micrograph]:
    """One image of each glass."""
    for variance, seed in GLASSES:
        glass = glass_of(variance, seed)
        yield take_micrograph(
            glass.positions,
            glass.species,
            np.sort(bridged(glass.bonds, glass.species), axis=1),
            glass.cell,
            exposure,
            np.random.default_rng([seed, 17]),
        )


def tried(image: Micrograph, exposure: Exposure, detector: str) -> Tried:
    """Detect and compare."""

    def work() -> Any:
        places = find_spots(image.counts, DIAMETER, detector).places
        return imaged_network(places, np.zeros(len(places), bool), None, SI_SI)

    try:
        seconds, network = once(work)
    except VitreousError:
        return Tried(None, 0, 0.0)
    margin = 2.0 * DIAMETER
    found = detection(image, network, exposure.pixel_size, margin)
    return Tried(found, int(network.flagged.sum()), seconds)


def means(exposure: Exposure, detector: str) -> list[Any]:
    """Recall, precision, error, bias, bonds and rings, flagged spots per image: mean over glasses;
    and images refused.
    """
    each = [tried(image, exposure, detector) for image in images(exposure)]
    known = [one for one in each if one.found is not None]
    rows = [
        [f.recall, f.precision, f.error, *f.bias, f.bonds, f.rings]
        for f in (one.found for one in known)
        if f is not None
    ]
    if not rows:
        return ["-"] * 8 + [len(each)]
    flagged = float(np.mean([one.flagged for one in known]))
    return [*map(float, np.mean(rows, axis=0)), flagged, len(each) - len(known)]


def bias_within_a_pixel(
    detector: str, exposure: Exposure, diameter: int
) -> tuple[float, float, float]:
    """Share of spots whose place lies in the left half of its pixel; and the error along x of
    silicons in the left and in the right half of theirs, mean, pixels.
    """
    spots, away, offset = [], [], []
    for image in images(exposure):
        places = find_spots(image.counts, diameter, detector).places
        name = matched(image.silicon, places, 1.0 / exposure.pixel_size)
        known = name >= 0
        true = image.silicon[name[known]]
        spots.append(places[known, 0] % 1.0)
        offset.append((true[:, 0] + 0.5) % 1.0)
        away.append(places[known, 0] - true[:, 0])
    spot, place, error = (np.concatenate(of) for of in (spots, offset, away))
    left = place < 0.5
    return float(np.mean(spot >= 0.5)), float(error[left].mean()), float(error[~left].mean())


def ring_finder(variance: float) -> list[Any]:
    """What is lost of bonds and rings without any error of places."""
    rings = lost = bonds = missed = false = 0
    for seed in range(6):
        maker = DualSwitch(rings_x=16, rings_y=18, variance=variance, steps=20_000)
        glass = maker.generate(0, np.random.default_rng(seed))
        true = np.sort(bridged(glass.bonds, glass.species), axis=1)
        silicon = glass.positions[glass.species == 0]
        found = voronoi_network(silicon, glass.cell)
        traced = {
            frozenset(ring.tolist()) for ring in trace_rings(silicon, true, glass.cell).members
        }
        rings += len(traced)
        lost += len(traced - {frozenset(ring.tolist()) for ring in found.rings.members})
        there, seen = (set(map(tuple, of.tolist())) for of in (true, found.bonds))
        bonds, missed, false = (
            bonds + len(there),
            missed + len(there - seen),
            false + len(seen - there),
        )
    return [variance, rings, lost, bonds, missed, false]


HEADINGS = [
    "detector",
    "recall",
    "precision",
    "error, angstrom",
    "bias x",
    "bias y",
    "bonds",
    "rings",
    "flagged",
    "refused",
]


def run() -> None:
    """Prints the tables."""
    results()


def results() -> dict[str, list[list[Any]]]:
    """The same; the rows of the first, by detector."""
    by_dose: dict[str, list[list[Any]]] = {name: [] for name in DETECTORS}
    rows = []
    for dose in DOSES:
        for name in DETECTORS:
            row = means(replace(PUBLISHED, dose=dose), name)
            by_dose[name].append([dose, *row])
            rows.append([dose, name, *row])
    sides = " x ".join(map(str, PUBLISHED.pixels))
    table(
        f"Noise: {sides} pixels of 0.2 angstrom, {len(GLASSES)} glasses", ["dose", *HEADINGS], rows
    )
    table(
        "Faults, at the published dose",
        ["fault", *HEADINGS],
        [[fault, name, *means(of, name)] for fault, of in FAULTS.items() for name in DETECTORS],
    )
    table(
        "Places within a pixel",
        [
            "detector",
            "diameter",
            "in the left half",
            "error of those on the left, pixels",
            "on the right",
        ],
        [
            [name, diameter, *bias_within_a_pixel(name, PUBLISHED, diameter)]
            for name in DETECTORS
            for diameter in (7, 9, 11)
        ],
    )
    table(
        "Bonds and rings from true places: 6 glasses of 576 silicons each",
        ["ring variance", "rings", "rings not found", "bonds", "bonds not found", "false bonds"],
        [ring_finder(variance) for variance in (0.2, 0.5, 0.92, 1.4, 2.0, 2.5)],
    )
    return by_dose


def draw(by_dose: dict[str, list[list[Any]]], path: Path) -> None:
    """Recall, precision, error, bonds and rings against dose."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    from vitreous.analysis.axes import COLOURS, plain

    figure = Figure(figsize=(9.6, 3.2), layout="constrained")
    FigureCanvasAgg(figure)
    panels = figure.subplots(1, 3)
    columns = (
        ((1, "recall", "-"), (2, "precision", "--")),
        ((3, "position error", "-"),),
        ((6, "bonds", "-"), (7, "rings", "--")),
    )
    for axes, shown in zip(panels, columns, strict=True):
        for colour, mark, (name, rows) in zip(COLOURS, "os", by_dose.items(), strict=False):
            kept = [row for row in rows if row[1] != "-"]
            for column, label, line in shown:
                axes.plot(
                    [row[0] for row in kept],
                    [row[column] for row in kept],
                    line,
                    marker=mark,
                    markersize=4,
                    fillstyle="full" if mark == "o" else "none",
                    color=colour,
                    label=f"{label}, {name}",
                )
        axes.set_xscale("log", base=2)
        axes.set_xlabel("dose (1: published)")
        axes.axvline(1.0, color="0.8", linewidth=1.0, zorder=0)
        axes.legend(fontsize=7)
        plain(axes)
    panels[0].set_ylabel("share")
    panels[1].set_ylabel("rms error (Å)")
    panels[1].axhline(0.1, color="0.8", linewidth=1.0, zorder=0)
    panels[2].set_ylabel("found over all (Jaccard)")
    figure.savefig(path, dpi=150)


if __name__ == "__main__":
    draw(results(), Path(sys.argv[1]))
