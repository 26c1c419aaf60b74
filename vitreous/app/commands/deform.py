"""``vitreous deform``: deform a glass in quasistatic steps."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from vitreous.app.direct_options import (
    common_options,
    describe,
    file_option,
    loading_options,
    potential_options,
)
from vitreous.app.results import Answers, print_results

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from vitreous.core.data import Configuration, Trajectory

SUMMARY = "deform a glass in quasistatic steps"
ABOUT = (
    "Take a relaxed glass (or any with --relax) along a loading in athermal quasistatic "
    "steps. Writes curve.csv (strain, energy,\n"
    "stress, largest force, lowest eigenvalue of the Hessian), events.csv (strain, kind, atom "
    "id as in the file, its position in the\n"
    "undeformed glass, how far it moved, energy and stress drop) and frames.extxyz (states "
    "before and after each event, first\n"
    "and last). Where the glass responds smoothly, states are up to 50 strain steps apart "
    "(--engine-set stride=1: the fixed-step\n"
    "protocol itself, every step, some ten times slower); events that move no atom by more "
    "than smallest_event are left out;\n"
    "uniaxial loading keeps the transverse lengths fixed by default "
    "(--contraction)."
)
EXAMPLE = (
    "vitreous deform relaxed.extxyz --potential yukawa_silica --loading pure_shear "
    "--strain-max 0.2 --strain-step 1e-4 \\\n"
    "      --stop-after-events 6 --out run"
)


def add_options(parser: argparse.ArgumentParser) -> None:
    """What the command understands."""
    describe(parser, ABOUT, EXAMPLE)
    file_option(parser)
    potential_options(parser)
    loading_options(parser)
    parser.add_argument(
        "--strain-max", type=float, required=True, metavar="X", help="where the run ends"
    )
    parser.add_argument(
        "--strain-step",
        type=float,
        required=True,
        metavar="Y",
        help="the grid on which events are found",
    )
    parser.add_argument(
        "--engine",
        default="aqs",
        metavar="NAME",
        help="an installed simulator: vitreous list simulator (default: aqs)",
    )
    ends = parser.add_mutually_exclusive_group()
    ends.add_argument(
        "--stop-after-events", type=int, metavar="N", help="end after N instabilities"
    )
    ends.add_argument(
        "--stop-at-first-break", action="store_true", help="end when an oxygen loses a silicon"
    )
    parser.add_argument("--out", required=True, metavar="DIR", help="the folder for the results")
    parser.add_argument(
        "--engine-set",
        action="append",
        default=[],
        metavar="FIELD=VALUE",
        help="set a field of the engine; may be repeated",
    )
    common_options(parser)


def carry_out(options: argparse.Namespace) -> int:
    """Print the results; returns the exit status."""
    return print_results(options, _deform)


def _deform(options: argparse.Namespace) -> Answers:
    from vitreous.app.direct_input import (
        about,
        at_rest,
        brought_to_rest,
        described_loading,
        fields,
        made_folder,
        model_and_glass,
    )
    from vitreous.app.progress import bar
    from vitreous.direct import deform
    from vitreous.direct.deformation import engine_for, write_deformation

    model, glass = model_and_glass(options)
    loading = described_loading(options, glass)
    how = {
        "strain_max": options.strain_max,
        "strain_step": options.strain_step,
        "engine": options.engine,
        "stop_after_events": options.stop_after_events,
        "stop_at_first_break": options.stop_at_first_break,
        "at_rest": at_rest(options),
        **fields(options.engine_set, "--engine-set", deform),
    }
    engine_for(glass, model, loading, relax=options.relax, **how)
    folder = made_folder(Path(options.out))
    glass, relaxed = brought_to_rest(options, model, glass, hold_rim=False)
    with bar(f"deforming to {options.strain_max:g}", None):
        run = deform(glass, model, loading, **how)
    files = write_deformation(run, folder)
    return {
        **about(glass),
        **relaxed,
        "states": len(run.strain),
        "last_strain": float(run.strain[-1]),
        "largest_stress": float(run.scalar_stress.max()),
        "events": len(run.events),
        "first_event": _first_event(run, glass),
        "lowest_eigenvalue": _known(run.lowest_eigenvalue),
        "largest_force": float(run.residual.max()),
        "written": [str(path) for path in files],
    }


def _first_event(run: Trajectory, glass: Configuration) -> Answers | None:
    events = run.events
    return (
        {
            "strain": float(events.strain[0]),
            "kind": events.kind[0],
            "atom": int(glass.ids[events.atom[0]]),
        }
        if len(events)
        else None
    )


def _known(values: NDArray[np.float64]) -> float | None:
    """The least of the numbers that are known."""
    import numpy as np

    finite = values[np.isfinite(values)]
    return float(finite.min()) if len(finite) else None
