"""``vitreous probe``: map the local stress thresholds of a glass."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from vitreous.app.direct_options import (
    common_options,
    describe,
    file_option,
    loading_options,
    potential_options,
)
from vitreous.app.results import Answers, print_results
from vitreous.core.errors import NotConverged, VitreousError

if TYPE_CHECKING:
    from vitreous.core.data import Configuration, Labels

SUMMARY = "map the local stress thresholds of a glass"
ABOUT = (
    "At each site of a grid, strain a small disc (in three dimensions a ball) with a frozen "
    "rim until its stress first drops. Writes\n"
    "x, y(, z), tau_initial, tau_critical, delta_tau, strain_critical, converged (1 or 0), "
    "the largest force left and, with\n"
    "--angle-step, the weakest direction's angle off the loading. The glass must be at rest, "
    "or brought there by --relax.\n"
    "Sites whose disc leaves a glass with a free boundary have no threshold."
)
EXAMPLE = (
    "vitreous probe relaxed.extxyz --potential yukawa_silica --loading pure_shear --grid 50 "
    "--out map.csv"
)


def add_options(parser: argparse.ArgumentParser) -> None:
    """What the command understands."""
    describe(parser, ABOUT, EXAMPLE)
    file_option(parser)
    potential_options(parser)
    loading_options(parser)
    parser.add_argument(
        "--grid",
        type=_counts,
        default=50,
        metavar="N",
        help="N x N (x N) sites, or as in 50,50,1 (default: 50)",
    )
    parser.add_argument(
        "--angle-step",
        type=float,
        metavar="D",
        help="probe every D degrees within 45 of the loading; the weakest projection counts",
    )
    parser.add_argument(
        "--out",
        required=True,
        action="append",
        metavar="MAP",
        help="the map: a table (.csv), a picture of a plane glass (.png), or the atoms with the "
        "columns of the nearest site (.extxyz, .dump); may be repeated",
    )
    parser.add_argument("--workers", type=int, metavar="N", help="threads (default: all cores)")
    parser.add_argument(
        "--probe-set",
        action="append",
        default=[],
        metavar="FIELD=VALUE",
        help="free_radius, frozen_ring, strain_step, ...; may be repeated",
    )
    common_options(parser)


def carry_out(options: argparse.Namespace) -> int:
    """Print the results; returns the exit status."""
    return print_results(options, _probe)


def _probe(options: argparse.Namespace) -> Answers:
    from vitreous.app.direct_input import (
        about,
        at_rest,
        brought_to_rest,
        described_loading,
        fields,
        model_and_glass,
        outputs,
    )
    from vitreous.app.progress import measured
    from vitreous.core.watching import watched
    from vitreous.direct import probe
    from vitreous.direct.probing import labeler_for, write_map
    from vitreous.io.write import WITH_COLUMNS

    outs = outputs(options, options.out, (".csv", ".png", *WITH_COLUMNS))
    model, glass = model_and_glass(options)
    if glass.dimension != 2 and (pictures := [out for out in outs if out.suffix == ".png"]):
        raise VitreousError(
            f"{pictures[0]} would be a picture of a map in three dimensions; write .csv or .extxyz"
        )
    loading = described_loading(options, glass)
    how = {
        "grid": options.grid,
        "angle_step": options.angle_step,
        "workers": options.workers,
        **fields(options.probe_set, "--probe-set", probe),
    }
    labeler = labeler_for(glass, **how)  # refuses a wrong field before the work
    glass, relaxed = brought_to_rest(options, model, glass, hold_rim=True)
    title = f"probing {_count(options.grid, glass.dimension)} sites"
    with measured(title) as shown, watched(shown):
        labels = probe(glass, model, loading, at_rest=at_rest(options), **how)
    if not labels.mask.any():
        raise NotConverged(
            f"none of the {len(labels.mask)} probes met a drop of stress; "
            "raise --probe-set strain_max=X or free_radius=X, or relax the glass"
        )
    for out in outs:
        write_map(labels, out, glass, reach=labeler.free_radius + labeler.frozen_ring)
    return {
        **about(glass),
        **relaxed,
        **_found(labels, glass),
        "written": [str(out) for out in outs],
    }


def _found(labels: Labels, glass: Configuration) -> Answers:
    """How many probes converged, their thresholds, and the weakest site."""
    import numpy as np

    values, weakest = labels.values[labels.mask], int(np.nanargmin(labels.values))
    angle = labels.columns.get("angle")
    return {
        "sites": len(labels.mask),
        "converged": int(labels.mask.sum()),
        "delta_tau": {
            "least": float(values.min()),
            "median": float(np.median(values)),
            "largest": float(values.max()),
        },
        "weakest_at": glass.in_file(labels.positions[weakest]).tolist(),
        **({} if angle is None else {"weakest_angle": float(angle[weakest])}),
    }


def _count(grid: int | tuple[int, ...], dimension: int) -> str:
    return " x ".join(str(n) for n in ((grid,) * dimension if isinstance(grid, int) else grid))


def _counts(text: str) -> int | tuple[int, ...]:
    """``50`` as a number, ``50,50,1`` as one for each lattice vector."""
    try:
        numbers = tuple(int(word) for word in text.split(","))
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"'{text}' is not a number of sites such as 50, or one for each lattice vector such "
            "as 50,50,1"
        ) from None
    return numbers[0] if len(numbers) == 1 else numbers
